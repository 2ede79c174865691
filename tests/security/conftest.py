from collections.abc import Iterator

import pytest

import function_app
from tests.security.door import Door
from tests.world import World


@pytest.fixture(scope="module")
def place() -> Iterator[World]:
    """A provisioned environment that the tests of a module share."""
    made = World()
    yield made
    made.close()


@pytest.fixture
def door(place: World, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The doors of function_app, with the app behind them in this process."""
    made = Door(place)
    monkeypatch.setattr(function_app, "_app", made.app)
    return made
