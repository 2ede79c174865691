"""Texts in several languages, as definitions want them."""

from collections.abc import Mapping
from typing import TypeAlias

from dataverse.errors import InvalidRequestError
from dataverse.odata import unicode_text

Labels: TypeAlias = Mapping[int, str]  # by language code: {1033: "Score", 1036: "Score"}

_CRM = "Microsoft.Dynamics.CRM."


def label(labels: Labels) -> dict[str, object]:
    """A Label; the organisation's base language must be among the languages."""
    if not labels:
        raise InvalidRequestError("a label has no language")
    return {
        "@odata.type": f"{_CRM}Label",
        "LocalizedLabels": [
            {"@odata.type": f"{_CRM}LocalizedLabel", "Label": unicode_text(text), "LanguageCode": language}
            for language, text in labels.items()
        ],
    }
