from datetime import UTC, datetime, timedelta

from emulator.clock import EmulatorClock

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Base:
    at = NOW

    def __call__(self) -> datetime:
        return self.at


def test_it_runs_as_its_base_does_and_keeps_its_lead() -> None:
    base = Base()
    clock = EmulatorClock(base)
    assert clock() == NOW
    clock.forward(3600)
    base.at += timedelta(seconds=5)
    assert clock() == NOW + timedelta(seconds=3605)
    assert not clock.is_standing


def test_it_stands_where_it_is_put_and_moves_by_what_it_is_told() -> None:
    base = Base()
    clock = EmulatorClock(base)
    clock.stand_at(NOW - timedelta(days=400))
    base.at += timedelta(seconds=5)
    clock.forward(7 * 86_400)
    assert clock() == NOW - timedelta(days=393)
    assert clock.is_standing


def test_it_can_be_the_base_again() -> None:
    clock = EmulatorClock(Base())
    clock.forward(10)
    clock.stand_at(NOW)
    clock.run()
    assert (clock(), clock.is_standing) == (NOW, False)
