"""A client whose clock, sleep and jitter are lists and numbers, in front of scripted answers."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
import responses

from dataverse import DataverseClient, Limits

ORIGIN = "https://contoso.crm12.dynamics.com"
ROOT = f"{ORIGIN}/api/data/v9.2/"


@dataclass
class Clock:
    """Time passes only when someone sleeps."""

    now: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class CountedTokens:
    """Hands out token-1 until a fresh one is asked for, then token-2, and so on."""

    fresh_asked: int = 0

    def token(self, *, fresh: bool = False) -> str:
        self.fresh_asked += fresh
        return f"token-{self.fresh_asked + 1}"


@pytest.fixture
def service() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
        yield mock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens() -> CountedTokens:
    return CountedTokens()


@pytest.fixture
def client(clock: Clock, tokens: CountedTokens) -> Iterator[DataverseClient]:
    limits = Limits(attempts=4, retry_wait_base_s=1.0, retry_wait_max_s=20.0)
    with DataverseClient(
        ORIGIN, tokens, sleep=clock.sleep, random=lambda: 1.0, clock=clock, limits=limits
    ) as connected:
        yield connected
