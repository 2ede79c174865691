"""The client: one environment, one token provider, one session; safe to share between threads."""

import random as randomness
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import requests

from dataverse.auth import TokenProvider
from dataverse.batch import BatchResult, Part, encode_batch, requests_of
from dataverse.batch_reading import read_batch
from dataverse.errors import InvalidRequestError, PagingError
from dataverse.exchange import Exchange
from dataverse.gate import Gate
from dataverse.json_body import encode_body
from dataverse.limits import DEFAULT_LIMITS, Limits
from dataverse.reading import read_response
from dataverse.request import Request, Response, Row
from dataverse.timing import Observe
from dataverse.transport import Answer, Call, Transport, new_session
from dataverse.urls import API_PATH, path_of_link, service_origin

T = TypeVar("T")

_NEXT_LINK = "@odata.nextLink"


class DataverseClient:
    """Sends requests to one environment and answers with values, or with an error of the tree in `dataverse.errors`."""

    def __init__(
        self,
        url: str,
        tokens: TokenProvider,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = randomness.random,
        clock: Callable[[], float] = time.time,
        limits: Limits = DEFAULT_LIMITS,
        gate: Gate | None = None,
        ca_bundle: str | None = None,
        user_agent: str = "Leadgate",
        observe: Observe = lambda _timing: None,
    ) -> None:
        """Connect to nothing yet; `url` is the environment's, `clock` gives seconds of the epoch, `random` 0 to 1.

        Clients of one process that act as the same user share a `gate`; without one this client has its own. `observe`
        is called after each exchange.
        """
        self._origin = service_origin(url)
        self._limits = limits
        self._clock = clock
        self._user_agent = user_agent
        self._owns_session = session is None
        transport = Transport(
            session if session is not None else new_session(limits.connections),
            limits,
            ca_bundle=ca_bundle,
            clock=clock,
        )
        gate = gate if gate is not None else Gate(limits.connections, clock=clock, sleep=sleep)
        self._exchange = Exchange(
            transport, tokens, gate, limits, sleep=sleep, random=random, clock=clock, observe=observe
        )

    @property
    def limits(self) -> Limits:
        """The bounds that this client keeps."""
        return self._limits

    def send(self, request: Request, *, read_timeout_s: float | None = None, repeats: bool = True) -> Response:
        """The response; repeats after a fault of the moment when that is safe (or never), and raises what remains."""
        self._check_length(request, self._limits.url_characters_max)
        content = encode_body(request.body) if request.body is not None else None

        def read(answer: Answer, request_id: str) -> Response:
            return read_response(request, answer, request_id=request_id, now_s=self._clock())

        return self._perform(request, content, read, read_timeout_s, repeats=repeats)

    def linked(self, link: object, request: Request, *, request_id: str = "") -> Request:
        """The request for a link that the answer to `request` held: to the letter, with the same headers.

        A relative link is resolved against the request; PagingError for one that leaves this environment's Web API.
        """
        path = path_of_link(link, self._origin, request.path, request_id=request_id, about=request.about)
        return Request("GET", path, request.headers)

    def pages(self, request: Request, *, first: Response | None = None) -> Iterator[Response]:
        """The pages of a query, as they are asked for; `first` is the first one when it is here already.

        Next links are followed as `linked` says; PagingError for one that comes back.
        """
        page, seen = first or self.send(request), {request.path}
        while True:
            yield page
            link, request_id = page.row.get(_NEXT_LINK), page.request_id or ""
            if link is None:
                return
            request = self.linked(link, request, request_id=request_id)
            if request.path in seen:
                raise PagingError(request_id=request_id, about=request.about, explanation="it comes back")
            seen.add(request.path)
            page = self.send(request)

    def rows(self, request: Request, *, first: Response | None = None) -> Iterator[Row]:
        """All rows of a query, page by page as they are asked for; see `pages`."""
        for page in self.pages(request, first=first):
            yield from page.rows

    def batch(
        self, parts: Sequence[Part], *, continue_on_error: bool = True, read_timeout_s: float | None = None
    ) -> list[BatchResult]:
        """One result per part, in order; the service runs them in that order, each changeset whole or not at all."""
        if not parts:
            return []
        members = requests_of(parts)
        if len(members) > self._limits.batch_requests_max:
            raise InvalidRequestError("a batch has more requests than its limit")
        for member in members:
            self._check_length(member, self._limits.batch_url_characters_max)
        boundary = f"batch_{uuid4()}"
        content = encode_batch(parts, API_PATH, boundary)
        if len(content) > self._limits.batch_bytes_max:
            raise InvalidRequestError("a batch has more bytes than its limit")
        headers = {"Content-Type": f'multipart/mixed; boundary="{boundary}"'}
        headers |= {"Prefer": "odata.continue-on-error"} if continue_on_error else {}
        batch = Request("POST", "$batch", headers, repeatable=all(member.is_repeatable for member in members))

        def read(answer: Answer, request_id: str) -> list[BatchResult]:
            now_s = self._clock()
            return read_batch(batch, parts, answer, request_id=request_id, now_s=now_s, stops=not continue_on_error)

        results = self._perform(batch, content, read, read_timeout_s)
        for result in results:
            self._exchange.heed(result.error)
        return results

    def close(self) -> None:
        """Give the connections back, unless the session is the caller's."""
        if self._owns_session:
            self._exchange.close()

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _perform(
        self,
        request: Request,
        content: bytes | None,
        read: Callable[[Answer, str], T],
        read_timeout_s: float | None,
        *,
        repeats: bool = True,
    ) -> T:
        request_id = str(uuid4())
        headers = self._headers(request, content, request_id)
        url = f"{self._origin}{API_PATH}{request.path}"
        call = Call(request.method, url, headers, content, request.about, request_id)
        return self._exchange.perform(
            call,
            lambda answer: read(answer, request_id),
            repeatable=request.is_repeatable,
            read_timeout_s=read_timeout_s,
            repeats=repeats,
        )

    def _headers(self, request: Request, content: bytes | None, request_id: str) -> Mapping[str, str]:
        headers = {
            "Accept": "application/json",
            "OData-MaxVersion": "4.0",
            "OData-Version": "4.0",
            "User-Agent": self._user_agent,
            "x-ms-client-request-id": request_id,
        }
        if request.is_safe:
            headers["If-None-Match"] = "null"  # keeps caches on the way from answering
        if content is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return headers | dict(request.headers)

    def _check_length(self, request: Request, characters_max: int) -> None:
        if len(self._origin) + len(API_PATH) + len(request.path) > characters_max:
            raise InvalidRequestError("the URL is longer than its limit")
