"""Which login address belongs to which cloud, by the environment's host.

Source: the discovery servers of Microsoft's ServiceClient; MSAL's authority constants.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from dataverse.errors import ConfigurationError

PUBLIC_AUTHORITY = "https://login.microsoftonline.com"

_AUTHORITIES: Mapping[str, str] = {
    ".dynamics.com": PUBLIC_AUTHORITY,  # the government's community cloud (crm9) logs in there too
    ".microsoftdynamics.us": "https://login.microsoftonline.us",
    ".appsplatform.us": "https://login.microsoftonline.us",
    ".dynamics.cn": "https://login.chinacloudapi.cn",
}


def authority_of(origin: str) -> str:
    """The login address for an environment's origin; the public cloud's for an address of this machine."""
    host = urlsplit(origin).hostname or ""
    return next((authority for suffix, authority in _AUTHORITIES.items() if host.endswith(suffix)), PUBLIC_AUTHORITY)


def checked_authority(authority: str) -> str:
    """The login address without a slash at its end; ConfigurationError unless it is https and nothing but a host."""
    parts = urlsplit(authority)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise ConfigurationError("the authority must begin with https://")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigurationError("the authority has more than a scheme and a host")
    return authority.rstrip("/")
