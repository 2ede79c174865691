"""A small Functions host for apps of the Python v2 programming model: HTTP, queue and timer triggers as declared.

It stands in for `func start` where Core Tools are not installed. Queues are reached through azure-storage-queue, so
the emulator's, Azurite's and Azure's all do. What it does not do is refused by name at the start.
"""

from emulator.host.errors import (
    FunctionFailedError,
    HostError,
    LoadError,
    NotIdleError,
    NotStartedError,
    RefusedError,
    ScheduleError,
    UnknownFunctionError,
)
from emulator.host.functions_host import FunctionsHost
from emulator.host.invoker import FunctionCounts

__all__ = [
    "FunctionCounts",
    "FunctionFailedError",
    "FunctionsHost",
    "HostError",
    "LoadError",
    "NotIdleError",
    "NotStartedError",
    "RefusedError",
    "ScheduleError",
    "UnknownFunctionError",
]
