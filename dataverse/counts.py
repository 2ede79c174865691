"""How many rows there are, exactly or not at all.

`$count=true` is never used: it stops at 5,000 without an error. An aggregate stops at 50,000 rows with one, which is
TooManyRowsError: a reason to count in parts. Source: the Web API pages "Count rows" and "Aggregate data".
"""

from dataverse.client import DataverseClient
from dataverse.errors import UnavailableError
from dataverse.odata import Filter, encode, set_name
from dataverse.request import Request

_ALIAS = "total"


def count(client: DataverseClient, entity_set: str, filter: Filter | None = None) -> int:  # noqa: A002  the option's name
    """The number of rows that meet the condition, at most 50,000; TooManyRowsError when there are more."""
    response = client.send(count_request(entity_set, filter))
    rows = response.rows
    total = rows[0].get(_ALIAS) if len(rows) == 1 else None
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise UnavailableError(
            request_id=response.request_id or "", about=f"GET {entity_set}", explanation="the answer is not a count"
        )
    return total


def count_request(entity_set: str, filter: Filter | None = None) -> Request:  # noqa: A002  the option's name
    """The request behind `count`, to be sent in a batch with others."""
    steps = [f"filter({filter.expression})"] if filter is not None else []
    steps.append(f"aggregate($count as {_ALIAS})")
    return Request("GET", f"{set_name(entity_set)}?$apply={encode('/'.join(steps))}")
