"""A fresh emulator with a fixed clock for each test."""

from collections.abc import Iterator

import pytest

from emulator.web_api import Emulator, RowEvent
from tests.unit.emulator.web_api.calling import Caller, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    made = Emulator(clock=clock)
    yield made
    made.close()


@pytest.fixture
def call(emulator: Emulator) -> Caller:
    return Caller(emulator)


@pytest.fixture
def events(emulator: Emulator) -> list[RowEvent]:
    heard: list[RowEvent] = []
    emulator.listeners.append(heard.append)
    return heard
