"""MSAL's way to the network is ours: the same timeouts, bounds and errors."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from dataverse.error_reading import read_retry_after
from dataverse.errors import AuthenticationError, ThrottledError, UnavailableError
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

    def __init__(self, transport: Transport, clock: Callable[[], float]) -> None:
        """Send by this transport; the clock is for Retry-After dates."""
        self._transport = transport
        self._clock = clock

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
        if urlsplit(url).scheme != "https":
            raise AuthenticationError(explanation="the identity service names an address without https")
        target = f"{url}?{urlencode(params)}" if params else url
        call = Call(method, target, headers or {}, content, f"{method} identity", "")
        answer = self._transport.exchange(call, None)
        self._check(answer, call.about)
        return MsalResponse(answer)

    def _check(self, answer: Answer, about: str) -> None:
        # MSAL takes a 429 for a refusal and puts what is not JSON into the log.
        retry_after_s = read_retry_after(answer.headers.get("Retry-After"), self._clock())
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
