"""Rules of single tables that no column definition can express: webhooks, steps, images, publishers, solutions."""

import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from emulator.web_api.database import SqlValue
from emulator.web_api.environment import Environment
from emulator.web_api.errors import BadRequestError, NotByCallersError, UnsupportedError
from emulator.web_api.metadata import Table
from emulator.web_api.rows import Row

_WEBHOOK = 8
_WEBHOOK_AUTH_TYPES = frozenset({4, 5, 6})
_WRITTEN_BY_THE_PLATFORM = frozenset({"sdkmessage", "sdkmessagefilter"})
_STAGES = frozenset({10, 20, 40})
_MESSAGES = frozenset({"Create", "Update", "Delete", "Merge"})
_PRE, _POST = 0, 1


def require_writable(table: Table, message: str) -> None:
    """Raise for rows that only the platform writes: messages and their filters; the organisation can be updated."""
    is_the_organization = table.logical_name == "organization" and message != "Update"
    if is_the_organization or table.logical_name in _WRITTEN_BY_THE_PLATFORM:
        raise NotByCallersError(message, table.logical_name)


def check_row(environment: Environment, table: Table, row: Row, before: Row | None) -> None:
    """Raise if the table's own rules refuse the row as it would be stored; `before` is None on create."""
    rule = _RULES.get(table.logical_name)
    if rule is not None:
        rule(environment, row)
    if before is None:
        _require_unique_name(environment, table, row)


def _endpoint(_environment: Environment, row: Row) -> None:
    if row.get("contract") != _WEBHOOK:
        raise UnsupportedError("service endpoints other than webhooks (contract 8)")
    if row.get("authtype") not in _WEBHOOK_AUTH_TYPES:
        raise BadRequestError("A webhook takes the authentication types WebhookKey, HttpHeader and HttpQueryString.")
    try:
        url = urlsplit(str(row.get("url") or ""))
        takes_webhooks = _is_registrable(url) or _is_loopback(url)
    except ValueError:
        takes_webhooks = False
    if not takes_webhooks:
        raise BadRequestError("Registered WebHooks support only port 80 for HTTP and port 443 for HTTPS.")


def _is_registrable(url: SplitResult) -> bool:
    port = {"http": 80, "https": 443}.get(url.scheme)
    return bool(url.hostname) and port is not None and url.port in {None, port}


def _is_loopback(url: SplitResult) -> bool:
    """The one thing that Dataverse refuses and the emulator is for: a listener on this machine, on any port."""
    if url.scheme not in {"http", "https"} or url.port == 0:
        return False
    return url.hostname == "localhost" or ipaddress.ip_address(url.hostname or "").is_loopback


def _step(environment: Environment, row: Row) -> None:
    for name in ("sdkmessageid", "eventhandler", "stage", "mode"):
        if row.get(name) is None:
            message = f"The property '{name}' of a step is missing."
            raise BadRequestError(message)
    message = _message(environment, row)
    if message not in _MESSAGES:
        message = f"steps on the message {message}"
        raise UnsupportedError(message)
    if row["stage"] not in _STAGES:
        text = "Steps can be modified only in the predefined stages 10, 20 and 40."
        raise BadRequestError(text, "0x80044184")
    if row["mode"] == 0:
        raise UnsupportedError("synchronous steps (mode 0)")
    if row["stage"] != 40:
        raise BadRequestError("An asynchronous step runs in stage 40 only.")
    if row.get("configuration") is not None:
        raise BadRequestError("A webhook step takes no configuration.")
    table = _filtered_table(environment, row)
    _filtering_attributes(message, table, row)


def _message(environment: Environment, row: Mapping[str, SqlValue]) -> str:
    found = environment.rows.find(environment.metadata.table("sdkmessage"), str(row["sdkmessageid"]))
    return str(found["name"]) if found else ""


def _filtered_table(environment: Environment, row: Row) -> Table | None:
    if row.get("sdkmessagefilterid") is None:
        return None
    found = environment.rows.find(environment.metadata.table("sdkmessagefilter"), str(row["sdkmessagefilterid"])) or {}
    if found.get("sdkmessageid") != row["sdkmessageid"]:
        raise BadRequestError("The SdkMessageFilter of the step is not one of its SdkMessage.")
    return environment.metadata.find(str(found["primaryobjecttypecode"]))


def _filtering_attributes(message: str, table: Table | None, row: Row) -> None:
    names = listed(row.get("filteringattributes"))
    if names and message != "Update":
        raise BadRequestError("Filtering attributes are for steps on Update only.")
    unknown = [name for name in names if table is None or name not in table.columns]
    if unknown:
        message = f"The filtering attributes {', '.join(unknown)} are not columns of the step's table."
        raise BadRequestError(message)


def _image(environment: Environment, row: Row) -> None:
    for name in ("sdkmessageprocessingstepid", "imagetype", "entityalias", "messagepropertyname"):
        if row.get(name) is None:
            message = f"The property '{name}' of an image is missing."
            raise BadRequestError(message)
    steps = environment.metadata.table("sdkmessageprocessingstep")
    message = _message(environment, environment.rows.find(steps, str(row["sdkmessageprocessingstepid"])) or {})
    expected = "Id" if message == "Create" else "Target"
    if row["messagepropertyname"] != expected:
        message = f"The messagepropertyname of an image of {message} is '{expected}'."
        raise BadRequestError(message)
    possible = {"Create": {_POST}, "Delete": {_PRE}}.get(message)
    if possible is not None and row["imagetype"] not in possible:
        message = f"Image type {row['imagetype']} is not possible on {message}."
        raise BadRequestError(message)


def _publisher(environment: Environment, row: Row) -> None:
    prefix, number = str(row.get("customizationprefix") or ""), row.get("customizationoptionvalueprefix")
    if not (2 <= len(prefix) <= 8 and prefix.isalnum() and prefix[0].isalpha()) or prefix.lower().startswith("mscrm"):
        raise BadRequestError(
            "The customization prefix is 2 to 8 letters and digits, begins with a letter, and not with mscrm."
        )
    if number is None:
        raise BadRequestError("The property 'customizationoptionvalueprefix' of a publisher is missing.")
    publishers = environment.metadata.table("publisher")
    where = '"publisherid" <> ? AND ("customizationprefix" = ? OR "customizationoptionvalueprefix" = ?)'
    if environment.rows.select(publishers, ["publisherid"], where, (row["publisherid"], prefix, number)):
        message = f"The customization prefix {prefix} or {number} belongs to another publisher."
        raise BadRequestError(message)


def _solution(_environment: Environment, row: Row) -> None:
    if row.get("uniquename") is None or row.get("publisherid") is None or row.get("version") is None:
        raise BadRequestError("A solution needs uniquename, publisherid and version.")


def _require_unique_name(environment: Environment, table: Table, row: Row) -> None:
    if "uniquename" not in table.columns:
        return
    if environment.rows.select(table, [table.primary_id], '"uniquename" = ?', (row.get("uniquename"),)):
        message = f"The {table.logical_name} unique name '{row.get('uniquename')}' is already in use."
        raise BadRequestError(message, "0x80040237")


def listed(names: SqlValue) -> tuple[str, ...]:
    """The columns of a comma-separated list."""
    return tuple(name.strip() for name in str(names or "").split(",") if name.strip())


_RULES: Mapping[str, Callable[[Environment, Row], None]] = {
    "serviceendpoint": _endpoint,
    "sdkmessageprocessingstep": _step,
    "sdkmessageprocessingstepimage": _image,
    "publisher": _publisher,
    "solution": _solution,
}
