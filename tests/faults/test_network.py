"""The real client through a spoilt network: it succeeds, or says that it may succeed later, and never hangs.

Eight toxics x five endpoints x two directions, with timeouts of 0.3 s.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from dataverse import (
    Changeset,
    ClientSecret,
    DataverseClient,
    Limits,
    StaticToken,
    TransientError,
    changes,
    create,
    retrieve,
    update,
)
from emulator.identity import IdentityOptions
from emulator.running import RunningEmulator, running_emulator
from tests.faults.toxic_proxy import (
    Bandwidth,
    Clean,
    Direction,
    Down,
    Latency,
    LimitData,
    Link,
    ResetPeer,
    Slicer,
    SlowClose,
    Timeout,
    Toxic,
    ToxicProxy,
)

IMPATIENT = Limits(connect_timeout_s=0.3, read_timeout_s=0.3, answer_timeout_s=0.6, attempts=2)
PATIENT = Limits(connect_timeout_s=10, read_timeout_s=10, answer_timeout_s=20, attempts=1)
# What counts as hanging; each cell comes to some three seconds on a quiet machine.
LONGEST_S = 60.0

TOXICS: dict[str, Callable[[], Toxic]] = {
    "latency": partial(Latency, 0.4),
    "down": Down,
    "bandwidth": partial(Bandwidth, 2_000),
    "slow_close": partial(SlowClose, 1.0),
    "timeout": partial(Timeout, 2.0),
    "reset_peer": partial(ResetPeer, 0.05),
    "slicer": partial(Slicer, 7, 0.01),
    "limit_data": partial(LimitData, 90),
}
# What no client can get anything through.
DEADLY = {"down", "timeout", "reset_peer"}
MILD: dict[str, Callable[[], Toxic]] = {
    "latency": partial(Latency, 0.03),
    "bandwidth": partial(Bandwidth, 500_000),
    "slow_close": partial(SlowClose, 0.1),
    "slicer": partial(Slicer, 97, 0.0),
}


@dataclass(frozen=True)
class Place:
    """An environment behind one proxy, its token endpoint behind another, and a lead in it."""

    running: RunningEmulator
    web_api: ToxicProxy
    entra: ToxicProxy
    lead: str

    def client(self, limits: Limits, port: int) -> DataverseClient:
        tokens = StaticToken(self.running.addresses.token)
        return DataverseClient(f"http://127.0.0.1:{port}", tokens, sleep=lambda _: None, limits=limits)

    @property
    def port(self) -> int:
        return urlsplit(self.running.addresses.dataverse_url).port or 0

    def poison(self, toxic: Toxic, direction: Direction) -> None:
        for proxy in (self.web_api, self.entra):
            proxy.poison(toxic, direction)

    def heal(self) -> None:
        for proxy in (self.web_api, self.entra):
            proxy.heal()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with running_emulator(identity=IdentityOptions()) as running:
        identity = running.addresses.identity
        assert identity is not None
        web_api_port, entra_port = (
            urlsplit(url).port or 0 for url in (running.addresses.dataverse_url, identity.authority)
        )
        with ToxicProxy(web_api_port) as web_api, ToxicProxy(entra_port) as entra:
            made = Place(running, web_api, entra, str(uuid4()))
            with made.client(PATIENT, web_api_port) as client:
                client.send(create("leads", {"leadid": made.lead, "lastname": "Durand"}, id_column="leadid"))
            yield made


@pytest.fixture(autouse=True)
def healed(place: Place) -> Iterator[None]:
    yield
    place.heal()


def ask_for_token(place: Place, limits: Limits) -> None:
    identity = place.running.addresses.identity
    assert identity is not None
    provider = ClientSecret(
        identity.tenant_id,
        identity.applications[0].client_id,
        str(identity.applications[0].secret),
        place.running.addresses.dataverse_url,
        authority=f"https://127.0.0.1:{place.entra.port}",
        limits=limits,
        ca_bundle=str(place.running.addresses.ca_file),
    )
    try:
        assert place.running.tokens is not None
        assert place.running.tokens.is_good(provider.token())
    finally:
        provider.close()


def read(place: Place, limits: Limits) -> None:
    with place.client(limits, place.web_api.port) as client:
        row = client.send(retrieve("leads", place.lead, select=["leadid"])).row
        assert row["leadid"] == place.lead


def patch(place: Place, limits: Limits) -> None:
    title = str(uuid4())
    change = update("leads", place.lead, {"jobtitle": title}, etag="*")
    try:
        with place.client(limits, place.web_api.port) as client:
            client.send(change)
    finally:
        stored = title_of(place)
    assert stored == title, "a change that was acknowledged is not there"


def batch(place: Place, limits: Limits) -> None:
    title = str(uuid4())
    parts = [
        Changeset([update("leads", place.lead, {"jobtitle": title}, etag="*")]),
        retrieve("leads", place.lead, select=["jobtitle"]),
    ]
    with place.client(limits, place.web_api.port) as client:
        results = client.batch(parts)
    assert [result.error for result in results] == [None, None]
    assert title_of(place) == title


def delta(place: Place, limits: Limits) -> None:
    with place.client(limits, place.web_api.port) as client:
        (page,) = changes(client, "leads", select=["leadid"])
        assert [row["leadid"] for row in page.changed] == [place.lead]
        assert page.delta_link is not None


def title_of(place: Place) -> object:
    with place.client(PATIENT, place.port) as direct:
        return direct.send(retrieve("leads", place.lead, select=["jobtitle"])).row["jobtitle"]


ENDPOINTS: dict[str, Callable[[Place, Limits], None]] = {
    "token": ask_for_token,
    "read": read,
    "PATCH": patch,
    "batch": batch,
    "delta": delta,
}
DIRECTIONS: tuple[Direction, ...] = ("request", "response")


def outcome(place: Place, endpoint: str) -> str:
    """Whether it succeeded; anything but a TransientError comes through."""
    try:
        ENDPOINTS[endpoint](place, IMPATIENT)
    except TransientError:
        return "later"
    return "now"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(("toxic", "endpoint", "direction"), list(product(TOXICS, ENDPOINTS, DIRECTIONS)))
def test_it_succeeds_or_may_succeed_later_within_its_timeouts(
    toxic: str, endpoint: str, direction: Direction, place: Place
) -> None:
    place.poison(TOXICS[toxic](), direction)
    began = time.monotonic()
    result = outcome(place, endpoint)
    took_s = time.monotonic() - began
    assert took_s < LONGEST_S
    if toxic in DEADLY:
        assert result == "later"
    place.heal()
    ENDPOINTS[endpoint](place, PATIENT)


@pytest.mark.parametrize(("toxic", "endpoint", "direction"), list(product(MILD, ENDPOINTS, DIRECTIONS)))
def test_a_network_that_is_only_slow_lets_everything_through(
    toxic: str, endpoint: str, direction: Direction, place: Place
) -> None:
    place.poison(MILD[toxic](), direction)
    ENDPOINTS[endpoint](place, PATIENT)


class Trickle(Clean):
    """The head of an answer comes at once, its body byte by byte."""

    async def chunk(self, link: Link, content: bytes) -> None:
        head, end, body = content.partition(b"\r\n\r\n") if not link.passed else (b"", b"", content)
        await link.write(head + end)
        for byte in body:
            await asyncio.sleep(0.05)
            await link.write(bytes([byte]))


def test_an_answer_that_trickles_is_given_up(place: Place) -> None:
    place.poison(Trickle(), "response")
    began = time.monotonic()
    assert outcome(place, "read") == "later"
    assert time.monotonic() - began < LONGEST_S


@pytest.mark.slow
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_with_the_real_timeouts_nothing_hangs_either(endpoint: str, place: Place) -> None:
    place.poison(Timeout(600), "response")
    began = time.monotonic()
    with pytest.raises(TransientError):
        ENDPOINTS[endpoint](place, Limits(attempts=1))
    assert time.monotonic() - began < 60
