"""Whatever is sent to the open door is answered as documented, and nothing of it is kept but ids."""

import logging

import pytest

from connector.receive import receive
from tests.security.bodies import BODIES, Body
from tests.security.door import KNOWN, Door

HELD_BY_BODIES = ("Directrice", "contoso", "Injected", "gnp.exe", "or 1 eq 1", "../", "\x1b", "msdynce_saleshub")


def test_there_are_sixty_bodies_and_more() -> None:
    assert len(BODIES) >= 60
    assert {body.status for body in BODIES.values()} == {202, 400, 403, 413}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_is_answered_as_documented_and_leaves_only_ids(
    body: Body, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = door.post(body.content)
    assert (answer.status_code, answer.get_body()) == (body.status, b"")
    assert door.queued() == list(body.queued)
    kept = caplog.text + repr([record.__dict__ for record in caplog.records]) + repr(door.queue.sent)
    assert not [piece for piece in HELD_BY_BODIES if piece in kept]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_the_app_itself_answers_the_same(body: Body, door: Door) -> None:
    assert receive(body.content, KNOWN, door.app) == body.status
    assert door.queued() == list(body.queued)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_without_the_secret_every_body_is_401(body: Body, door: Door) -> None:
    assert door.post(body.content, {}).status_code == 401
    assert door.queue.sent == []
