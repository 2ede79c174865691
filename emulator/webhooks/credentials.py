"""How a webhook proves who it is: the three auth types of a service endpoint (dataverse.md 3.1)."""

from dataclasses import dataclass, field
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from emulator.web_api import Endpoint
from emulator.webhooks.errors import CredentialsError


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to post and with which headers of the endpoint's own; neither is shown, both hold the secret."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def destination(endpoint: Endpoint) -> Destination:
    """The endpoint's address with its credentials applied."""
    match endpoint.authtype:
        case 4:  # WebhookKey
            return Destination(_with_query(endpoint.url, {"code": endpoint.authvalue}), {})
        case 5:  # HttpHeader
            return Destination(endpoint.url, settings(endpoint))
        case 6:  # HttpQueryString
            return Destination(_with_query(endpoint.url, settings(endpoint)), {})
        case _:
            raise CredentialsError(endpoint.authtype, "not a webhook's (4 WebhookKey, 5 HttpHeader, 6 HttpQueryString)")


def settings(endpoint: Endpoint) -> dict[str, str]:
    """The pairs of `<settings><setting name="…" value="…"/></settings>`."""
    try:
        root = ET.fromstring(endpoint.authvalue)  # noqa: S314 - written by whoever owns this emulator
    except ET.ParseError as error:
        raise CredentialsError(endpoint.authtype, f"not XML ({error.msg})") from None
    if root.tag != "settings" or any(set(child.attrib) != {"name", "value"} for child in root):
        raise CredentialsError(endpoint.authtype, "not a <settings> of <setting name value>")
    return {child.attrib["name"]: child.attrib["value"] for child in root}


def _with_query(url: str, parameters: dict[str, str]) -> str:
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"
