"""One exchange over HTTP: verified, timed, bounded, never redirected, without cookies, netrc or proxy variables."""

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from dataverse.auth import HoldsSecret
from dataverse.errors import AuthenticationError, ConfigurationError, UnavailableError
from dataverse.limits import Limits
from dataverse.wire_log import keep_queries_out_of_the_log

_TOKEN = re.compile(r"[!-~]+")
_PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers found in any case, and the whole body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """What goes over the wire, but for the token; `about` and `request_id` are for the messages of errors."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)
    about: str
    request_id: str


class BearerToken(HoldsSecret, AuthBase):
    """Puts the token into one request; as `auth=` it also keeps requests from looking for another."""

    def __init__(self, token: str, *, request_id: str = "") -> None:
        """Hold the token, and never show it; AuthenticationError when it cannot stand in a header."""
        if not _TOKEN.fullmatch(token):
            # http.client would refuse it too, with the token in the message.
            raise AuthenticationError(request_id=request_id, explanation="the token is not one word of ASCII")
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        """Without the token."""
        return "BearerToken(***)"


class BoundedSession(requests.Session):
    """A session that refuses a call which could wait for ever, or would trust any server."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The response; ConfigurationError without both timeouts, or with `verify` off."""
        timeout = options.get("timeout")
        if not isinstance(timeout, tuple) or len(timeout) != 2 or not all(_is_bound(each) for each in timeout):
            raise ConfigurationError("a call has no timeouts to connect and to read, in seconds")
        if not options.get("verify", self.verify):
            raise ConfigurationError("a call does not verify the server's certificate")
        return super().send(request, **options)


def _is_bound(seconds: object) -> bool:
    return isinstance(seconds, int | float) and 0 < seconds < math.inf


def new_session(connections: int) -> requests.Session:
    """A session that keeps no cookie (one would tie all traffic to one web server) and reads no environment."""
    session = BoundedSession()
    session.trust_env = False  # REQUESTS_CA_BUNDLE would replace `verify`, a netrc entry the token
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0))
    return session


class Transport:
    """Sends prepared bytes to one address and hands back the answer, whatever its status; thread-safe."""

    def __init__(
        self,
        session: requests.Session,
        limits: Limits,
        *,
        ca_bundle: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take over the session; `ca_bundle` is a file of certificates to trust instead of the usual ones."""
        if session.trust_env:
            raise ConfigurationError("the session reads the environment; make it with new_session")
        keep_queries_out_of_the_log()
        self._session = session
        self._limits = limits
        self._verify: str | bool = ca_bundle or True
        self._clock = clock

    def exchange(self, call: Call, token: str | None, *, read_timeout_s: float | None = None) -> Answer:
        """The answer; UnavailableError when there is none, when it is too big, or when it breaks off."""
        auth = BearerToken(token, request_id=call.request_id) if token is not None else None
        request = requests.Request(call.method, call.url, headers=dict(call.headers), data=call.content, auth=auth)
        prepared = self._session.prepare_request(request)
        prepared.url = call.url  # verbatim: requests would re-quote the service's own links
        try:
            response = self._session.send(
                prepared,
                stream=True,
                timeout=(self._limits.connect_timeout_s, read_timeout_s or self._limits.read_timeout_s),
                verify=self._verify,
                allow_redirects=False,
            )
            with response:
                return Answer(response.status_code, response.headers, self._content(response, call))
        # `from None`: the causes hold the URL with its query.
        except requests.ConnectTimeout:
            raise _failed(call, "no connection in time", sent=False) from None
        except (requests.Timeout, ReadTimeoutError):
            raise _failed(call, "no answer in time") from None
        except (requests.RequestException, HTTPError) as error:
            raise _failed(call, f"the connection failed, {type(error).__name__}") from None

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def _content(self, response: requests.Response, call: Call) -> bytes:
        ends_at = self._clock() + self._limits.answer_timeout_s
        content = bytearray()
        # Not iter_content: it waits for a whole piece, and each byte of one that trickles gives it a new read timeout.
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            content += piece
            if len(content) > self._limits.response_bytes_max:
                raise _failed(call, "the answer is too big")
            if self._clock() > ends_at:
                raise _failed(call, "the answer takes too long")
        return bytes(content)


def _failed(call: Call, explanation: str, *, sent: bool = True) -> UnavailableError:
    return UnavailableError(
        request_id=call.request_id, about=call.about, explanation=explanation, may_have_happened=sent
    )
