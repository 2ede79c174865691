"""The tokens of change tracking: what a delta link remembers, and when it is too old. Pure.

A delta token decodes to `<version>!<MM/dd/yyyy HH:mm:ss>`, as Dataverse's do. A page token is a paging cookie with
`istracking="True"`: between which versions the pages go, where the last one ended, and when the first was asked for.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from emulator.web_api.errors import BadRequestError

_FORMAT = "%m/%d/%Y %H:%M:%S"
_COOKIE = re.compile(r'<cookie pagenumber="(\d+)" pagingcookie="([^"]*)" istracking="True" />')
_TOKEN = re.compile(r"(\d{1,18})!(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Progress:
    """A series of pages: changes after version `since` up to `until`, of which all up to `after` were shown.

    `since` is None in an initial sync, which shows every row and no deletes. Deletes follow once `deletes` is set.
    """

    since: int | None
    until: int
    after: int
    deletes: bool
    begun: datetime
    page_number: int = 1


def delta_token(version: int, at: datetime) -> str:
    """The token of a delta link, percent-encoded."""
    return quote(f"{version}!{at.astimezone(UTC).strftime(_FORMAT)}", safe="")


def read_delta_token(token: str, now: datetime, kept_days: int) -> tuple[int, datetime]:
    """The version of a delta token and when it was given; 0x80044352 when that is more than `kept_days` ago."""
    found = _TOKEN.fullmatch(token)
    try:
        at = datetime.strptime(found[2], _FORMAT).replace(tzinfo=UTC) if found else None
    except ValueError:
        at = None
    if found is None or at is None:
        raise BadRequestError("The delta token is not valid.", "0x80060888")
    require_fresh(at, now, kept_days)
    return int(found[1]), at


def require_fresh(at: datetime, now: datetime, kept_days: int) -> None:
    """Raise what an expired token is answered with. The documentation names no HTTP status: 400 is an assumption."""
    if now - at > timedelta(days=kept_days):
        message = "Version stamp associated with the client has expired. Please perform a full sync."
        raise BadRequestError(message, "0x80044352")


def page_token(progress: Progress) -> str:
    """The `$skiptoken` of the next page, percent-encoded."""
    values = [progress.since, progress.until, progress.after, progress.deletes, progress.begun.isoformat()]
    position = quote(urlsafe_b64encode(json.dumps(values).encode()).decode())
    cookie = f'<cookie pagenumber="{progress.page_number}" pagingcookie="{position}" istracking="True" />'
    return quote(cookie, safe="")


def read_page_token(token: str) -> Progress | None:
    """Where the pages of a `$skiptoken` go on; None if it is not one of change tracking."""
    found = _COOKIE.fullmatch(token)
    if found is None:
        return None
    try:
        since, until, after, deletes, begun = json.loads(urlsafe_b64decode(unquote(found[2])))
        at = datetime.fromisoformat(begun)
        return Progress(since, int(until), int(after), bool(deletes), at, int(found[1]))
    except (ValueError, TypeError):
        raise BadRequestError("Invalid paging token.", "0x80060888") from None
