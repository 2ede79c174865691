"""SharedKey, the signature of Azure Storage requests.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key, version 2009-09-19 and later.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote

ACCOUNT_NAME = "devstoreaccount1"
# Azurite's and the storage emulator's own key, published by Microsoft: it opens nothing.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def is_signed(method: str, target: str, headers: Mapping[str, str]) -> bool:
    """Whether `Authorization` is our account's signature of exactly this request.

    The age of `x-ms-date` is not looked at: the clock here may be a test's, the client's is the machine's.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if "x-ms-date" not in given and "date" not in given:
        return False
    expected = f"SharedKey {ACCOUNT_NAME}:{sign(string_to_sign(method, target, given))}"
    return hmac.compare_digest(expected.encode(), given.get("authorization", "").encode("utf-8"))


def sign(text: str) -> str:
    """Base64 of the HMAC-SHA256 of `text` under the account's key."""
    return base64.b64encode(hmac.digest(base64.b64decode(ACCOUNT_KEY), text.encode(), hashlib.sha256)).decode()


def string_to_sign(method: str, target: str, headers: Mapping[str, str]) -> str:
    """The text both sides sign; `headers` have lower-case names, `target` is the raw path and query."""
    path, _, query = target.partition("?")
    lines = [method, *(_signed_value(headers, name) for name in _SIGNED_HEADERS)]
    lines += [f"{name}:{headers[name].strip()}" for name in sorted(headers) if name.startswith("x-ms-")]
    lines.append(f"/{ACCOUNT_NAME}{path}")
    lines += [f"{name}:{','.join(sorted(values))}" for name, values in sorted(query_values(query).items())]
    return "\n".join(lines)


def _signed_value(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    # Since version 2015-02-21 the length of an empty body is signed as an empty string.
    return "" if name == "content-length" and value == "0" else value


def query_values(query: str) -> dict[str, list[str]]:
    """Lower-case names and percent-decoded values; a plus sign stands for itself, as in pop receipts."""
    values: dict[str, list[str]] = {}
    for part in filter(None, query.split("&")):
        name, _, value = part.partition("=")
        values.setdefault(unquote(name).lower(), []).append(unquote(value))
    return values
