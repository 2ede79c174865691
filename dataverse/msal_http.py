"""MSAL's way to the network is ours: the same timeouts, bounds and errors."""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from urllib.parse import urlencode, urlsplit

from dataverse.error_reading import read_retry_after
from dataverse.errors import AuthenticationError, ThrottledError, UnavailableError
from dataverse.gate import ClosedError, Gate
from dataverse.json_body import MalformedBodyError, decode_body
from dataverse.transport import Answer, Call, Transport


class MsalResponse:
    """The part of a response that MSAL reads."""

    def __init__(self, answer: Answer) -> None:
        """Take over an answer that was found to be JSON."""
        self.status_code = answer.status
        self.text = answer.content.decode()
        self.headers = answer.headers

    def raise_for_status(self) -> None:
        """Raise UnavailableError for an error status."""
        if self.status_code >= 400:
            raise UnavailableError(about="identity", status=self.status_code)


class MsalHttp:
    """An `http_client` for MSAL; what it raises passes through MSAL unchanged."""

    def __init__(
        self,
        transport: Transport,
        clock: Callable[[], float],
        *,
        may_be_plain: Callable[[str], bool] = lambda _host: False,
    ) -> None:
        """Send by this transport, over https but to hosts that `may_be_plain`; `clock` gives seconds of the epoch."""
        self._transport = transport
        self._clock = clock
        self._may_be_plain = may_be_plain
        self._gate = Gate(1, clock=clock)

    def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, **_: object
    ) -> MsalResponse:
        """GET, with `params` in the query; what else MSAL passes is not needed."""
        return self._exchange("GET", url, params, headers, None)

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> MsalResponse:
        """POST of `data` as a form."""
        form = urlencode(data or {}).encode()
        with_type = {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {})
        return self._exchange("POST", url, params, with_type, form)

    def close(self) -> None:
        """Give the connection back."""
        self._transport.close()

    def _exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        content: bytes | None,
    ) -> MsalResponse:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and self._may_be_plain(parts.hostname or "")):
            raise AuthenticationError(explanation="the identity service names an address without https")
        target = f"{url}?{urlencode(params)}" if params else url
        call = Call(method, target, headers or {}, content, f"{method} identity", "")
        try:
            with self._gate.passage(wait_max_s=0):
                answer = self._transport.exchange(call, None)
        except ClosedError as closed:
            # Whoever asks for a token can wait; who holds the lock of the tokens cannot.
            raise ThrottledError(about=call.about, retry_after_s=closed.opens_in_s) from None
        self._check(answer, call.about)
        return MsalResponse(answer)

    def _check(self, answer: Answer, about: str) -> None:
        # MSAL takes a 429 for a refusal and puts what is not JSON into the log.
        retry_after_s = read_retry_after(answer.headers.get("Retry-After"), self._clock())
        if answer.status in (429, 503) and retry_after_s is not None:
            self._gate.close_for(retry_after_s)
        if answer.status == 429:
            raise ThrottledError(about=about, status=429, retry_after_s=retry_after_s)
        if answer.status >= 500 or answer.status == 408 or not _is_json(answer.content):
            raise UnavailableError(about=about, status=answer.status, retry_after_s=retry_after_s)


def _is_json(content: bytes) -> bool:
    try:
        decode_body(content)
    except MalformedBodyError:
        return False
    return True


def is_address_of_this_machine(host: str) -> bool:
    """Whether a host is loopback or link-local, as the endpoints of managed identities are."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_link_local
