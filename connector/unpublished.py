"""Whether a draft says something else than the version in force. Pure.

A version holds what the publication filled in (the time zone, the organisation's collation, ids of business units,
types of columns): compared is what the draft says.
"""

import json

from connector.drafts import Draft
from connector.rules import parse_rule, rule_json
from connector.versions import MODEL, Kind
from scoring import DefinitionError, canonical_json, parse_model


def has_unpublished_changes(draft: Draft, kind: Kind, published: str) -> bool:
    """Whether publishing would change something; a draft that is not valid says something else."""
    try:
        return _model_differs(draft, published) if kind == MODEL else _rule_differs(draft, published)
    except (DefinitionError, ValueError, RecursionError):
        return True


def _model_differs(draft: Draft, published: str) -> bool:
    wanted, version = parse_model(draft.definition), parse_model(json.loads(published))
    filled_in = {"columns": None, "business_units": (), "text_accent_sensitive": False}
    if wanted.time_zone is None:
        filled_in["time_zone"] = None
    return canonical_json(wanted) != canonical_json(version.model_copy(update=filled_in))


def _rule_differs(draft: Draft, published: str) -> bool:
    return rule_json(parse_rule(draft.definition)) != rule_json(parse_rule(json.loads(published)))
