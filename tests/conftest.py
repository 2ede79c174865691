from collections.abc import Iterator

import pytest

from tests.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """An environment that is provisioned, with nothing in it yet."""
    made = World()
    yield made
    made.close()


@pytest.fixture
def unprovisioned() -> Iterator[World]:
    """An environment as Microsoft delivers it."""
    made = World(provision=False)
    yield made
    made.close()
