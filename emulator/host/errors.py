"""What keeps the host from starting, and what a function's own failure looks like from outside.

HostError
  +-- LoadError            the app, host.json or a setting cannot be used as declared
  |     +-- RefusedError   declared well, but this host does not do it
  +-- ScheduleError        a schedule is not NCRONTAB
  +-- UnknownFunctionError no such function, or none of that kind
  +-- FunctionFailedError  a function raised; the cause is its exception
  +-- NotStartedError      asked of a host that was not started
  +-- NotIdleError         work was still going on when the time was up
"""

from collections.abc import Iterable


class HostError(Exception):
    """Base of the host's errors."""


class LoadError(HostError):
    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


class RefusedError(LoadError):
    def __init__(self, where: str, feature: str) -> None:
        super().__init__(where, f"this Functions host does not do {feature}")


class ScheduleError(HostError):
    def __init__(self, expression: str, problem: str) -> None:
        super().__init__(f"the schedule {expression!r} is not NCRONTAB: {problem}")


class UnknownFunctionError(HostError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no timer function {name!r}; there are: {', '.join(sorted(known)) or 'none'}")


class FunctionFailedError(HostError):
    def __init__(self, name: str) -> None:
        super().__init__(f"the function {name} failed")


class NotStartedError(HostError):
    def __init__(self) -> None:
        super().__init__("the Functions host was not started")


class NotIdleError(HostError):
    def __init__(self, busy: Iterable[str], timeout_s: float) -> None:
        super().__init__(f"after {timeout_s:g} s there is still work: {', '.join(busy)}")
