"""Where requests may go: one service root on a known host, and links of the service that stay under it."""

import re
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from dataverse.errors import ConfigurationError, PagingError

API_PATH = "/api/data/v9.2/"
STORAGE_RESOURCE = "https://storage.azure.com"
"""What a token for Azure Storage is asked for, in every cloud."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

_CLOUDS = r"(?:dynamics\.com|microsoftdynamics\.us|appsplatform\.us|dynamics\.cn)"
_ENVIRONMENT = re.compile(rf"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+{_CLOUDS}")
_PRINTABLE = re.compile(r"[!-~]+")  # no space, no control character, nothing outside ASCII


def service_origin(url: str) -> str:
    """`https://org.crm12.dynamics.com` for an environment's address; ConfigurationError for any other host or form."""
    parts = _split(url)
    if parts is None:
        raise ConfigurationError("the environment's address is not a URL")
    if parts.username is not None or parts.query or parts.fragment or parts.path not in ("", "/") or url[-1] in "?#":
        raise ConfigurationError("the environment's address has more than a scheme and a host")
    host, port = (parts.hostname or ""), parts.port
    if host in LOOPBACK and parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port is not None else ''}"
    if parts.scheme != "https":
        raise ConfigurationError("the environment's address must begin with https://")
    if not _ENVIRONMENT.fullmatch(host) or port not in (None, 443):
        raise ConfigurationError("the environment's address is not one of a Dataverse environment")
    return f"https://{host}"


def path_of_link(link: object, origin: str, request_path: str = "", *, request_id: str = "", about: str = "") -> str:
    """What follows the service root in a link of an answer, verbatim; PagingError when it leads anywhere else.

    A relative link is resolved against the request, whose path follows the service root.
    """
    parts = _split(_resolved(link, f"{origin}{API_PATH}{request_path}")) if isinstance(link, str) else None
    if parts is None:
        raise PagingError(request_id=request_id, about=about, explanation="it is not a URL")
    if parts.username is not None or "#" in str(link) or _address(parts) != _address(urlsplit(origin)):
        raise PagingError(request_id=request_id, about=about, explanation="it leads to another address")
    path = parts.path.removeprefix(API_PATH)
    if not parts.path.startswith(API_PATH) or not path or _climbs(parts.path):
        raise PagingError(request_id=request_id, about=about, explanation="it leaves the Web API")
    return f"{path}?{parts.query}" if parts.query else path


def _resolved(link: str, base: str) -> str:
    # urljoin forgives as urlsplit does, and takes "https:x" for a relative link.
    has_scheme = ":" in re.split("[/?]", link, maxsplit=1)[0]
    return urljoin(base, link) if _PRINTABLE.fullmatch(link) and not has_scheme else link


def _split(url: str) -> SplitResult | None:
    # urlsplit forgives what others read differently: control characters, a backslash, a port that is no number.
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname else None


def _address(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _climbs(path: str) -> bool:
    segments = unquote(path).replace("\\", "/").split("/")
    return any(segment in (".", "..") for segment in segments) or "" in segments[1:]
