from collections.abc import Iterator

import pytest

from admin.playground import Playground, playground


@pytest.fixture(scope="module")
def play() -> Iterator[Playground]:
    """Everything running over sockets, provisioned: emulator, queues, host, webhooks."""
    with playground() as running:
        running.provision()
        yield running
