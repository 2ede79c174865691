import logging
from collections.abc import Iterator

import pytest

import function_app
from admin.playground import ROOT, settings_for
from emulator.host import FunctionsHost
from emulator.running import running_emulator
from tests.security.canary import Canary
from tests.security.canary_place import Home, canary_home
from tests.security.door import Door
from tests.security.watching import everything_logged
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


@pytest.fixture
def served(door: Door) -> Iterator[str]:
    """The address of the app behind the door, on the emulator's Functions host."""
    logging.getLogger("leadgate").setLevel(logging.ERROR)  # a warning for each refusal is not what is looked at
    with (
        running_emulator() as running,
        FunctionsHost("function_app:app", ROOT / "host.json", settings_for(running.addresses)) as host,
    ):
        yield host.url
    logging.getLogger("leadgate").setLevel(logging.NOTSET)


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """The environment of the canary."""
    with canary_home() as made:
        yield made


@pytest.fixture
def watched(home: Home, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Canary]:
    """A canary that nothing is asserted of."""
    with everything_logged() as said:
        made = Canary(home.running, home.settings, home.columns, said=said, read_printed=capfd.readouterr)
        home.app = made.app
        monkeypatch.setattr("admin.connection.bootstrap", lambda _settings: made.app)
        yield made
        home.running.front.faults.clear()
        made.settle()
        made.close()


@pytest.fixture
def canary(watched: Canary, home: Home) -> Iterator[Canary]:
    """A canary of which no token may get out, whatever the scenario does."""
    yield watched
    watched.running.front.faults.clear()
    found = watched.leaks()
    home.looked_at.update(watched.looked_at() | {"scenarios": 1, "leaks": len(found)})
    assert found == []
