"""Names and labels of what is customised: prefixes of publishers, entity set names, the base language."""

import re
from collections.abc import Mapping
from typing import Any

from emulator.web_api.definitions import Definition, shown_label
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError
from emulator.web_api.posted import object_in

_SCHEMA_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]{1,100}")


def check_schema_name(environment: Environment, schema_name: object, kind: str) -> str:
    """The name, if it begins with a publisher's prefix and an underscore; 0x80044366 otherwise."""
    text = schema_name if isinstance(schema_name, str) else ""
    publishers = environment.metadata.table("publisher")
    rows = environment.rows.select(publishers, ["customizationprefix"], "TRUE", ())
    prefixes = {str(row["customizationprefix"]).lower() for row in rows}
    if not _SCHEMA_NAME.fullmatch(text) or text.partition("_")[0].lower() not in prefixes:
        message = (
            f"The schema name {text} for type {kind} is invalid or missing. Custom attribute, entity, entitykey, "
            "option set and relationship names must start with a valid customization prefix. The prefix for a solution "
            "component should match the prefix that is specified for the publisher of the solution."
        )
        raise BadRequestError(message, "0x80044366")
    return text


def entity_set_name(schema_name: str) -> str:
    """The entity set name Dataverse derives from a logical name: its English plural."""
    name = schema_name.lower()
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in set("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}s"


def require_label(environment: Environment, body: Mapping[str, Any], member: str) -> Definition:
    """The posted Label, completed; refused when the organisation's base language is not among its texts."""
    label = shown_label(object_in(body, member), environment.language)
    if not any(text["LanguageCode"] == environment.language for text in label["LocalizedLabels"]):
        message = f"{member} must have a label for the base language {environment.language}."
        raise BadRequestError(message)
    return label


def require_solution(environment: Environment, unique_name: str | None) -> None:
    """Raise unless the solution that MSCRM.SolutionUniqueName or a parameter names exists; None names none."""
    if unique_name is None:
        return
    solutions = environment.metadata.table("solution")
    if not environment.rows.select(solutions, ["solutionid"], '"uniquename" = ?', (unique_name,)):
        message = f"The solution with unique name '{unique_name}' does not exist."
        raise BadRequestError(message, "0x80048539")
