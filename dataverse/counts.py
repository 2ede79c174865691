"""How many rows there are: exactly or not at all (`count`), or about how many of any number (`table_size`).

`$count=true` is never used: it stops at 5,000 without an error. An aggregate stops at 50,000 rows with one, which is
TooManyRowsError: a reason to count in parts. Source: the Web API pages "Count rows" and "Aggregate data".
"""

from dataverse.client import DataverseClient
from dataverse.errors import UnavailableError
from dataverse.messages import function
from dataverse.odata import Filter, encode, set_name
from dataverse.request import Request, Response

_ALIAS = "total"


def count(client: DataverseClient, entity_set: str, filter: Filter | None = None) -> int:  # noqa: A002  the option's name
    """The number of rows that meet the condition, at most 50,000; TooManyRowsError when there are more."""
    response = client.send(count_request(entity_set, filter))
    rows = response.rows
    total = rows[0].get(_ALIAS) if len(rows) == 1 else None
    return _whole(total, response, f"GET {entity_set}")


def count_request(entity_set: str, filter: Filter | None = None) -> Request:  # noqa: A002  the option's name
    """The request behind `count`, to be sent in a batch with others."""
    steps = [f"filter({filter.expression})"] if filter is not None else []
    steps.append(f"aggregate($count as {_ALIAS})")
    return Request("GET", f"{set_name(entity_set)}?$apply={encode('/'.join(steps))}")


def table_size(client: DataverseClient, table: str) -> int:
    """About how many rows a table has, of any number: a snapshot that is up to a day old (RetrieveTotalRecordCount)."""
    response = client.send(function("RetrieveTotalRecordCount", {"EntityNames": [table]}))
    found = response.row.get("EntityRecordCountCollection")
    names, values = (found.get(member) if isinstance(found, dict) else None for member in ("Keys", "Values"))
    if not isinstance(names, list) or not isinstance(values, list) or names != [table] or len(values) != 1:
        raise _not_a_count(response, "GET RetrieveTotalRecordCount")
    return _whole(values[0], response, "GET RetrieveTotalRecordCount")


def _whole(value: object, response: Response, about: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _not_a_count(response, about)
    return value


def _not_a_count(response: Response, about: str) -> UnavailableError:
    return UnavailableError(request_id=response.request_id or "", about=about, explanation="the answer is not a count")
