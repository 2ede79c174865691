"""host.json, as far as it steers this host; what it cannot do is refused by name."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.host.errors import LoadError, RefusedError

# Read by Azure or by tools alone: this host has neither a bundle to load nor a limit on a function's time.
_FOR_OTHERS = frozenset({"version", "logging", "extensionBundle", "functionTimeout", "telemetryMode"})
_QUEUE_SETTINGS = frozenset(
    {"batchSize", "newBatchThreshold", "maxPollingInterval", "visibilityTimeout", "maxDequeueCount", "messageEncoding"}
)
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?")


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """`extensions.queues` with the defaults of the real host; durations in seconds."""

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_polling_interval_s: float = 60.0
    visibility_timeout_s: float = 0.0
    max_dequeue_count: int = 5
    base64: bool = True


@dataclass(frozen=True, slots=True)
class HostSettings:
    route_prefix: str = "api"
    queues: QueueSettings = QueueSettings()


def read(source: Path | Mapping[str, Any]) -> HostSettings:
    """The settings in a host.json file, or in its content."""
    content = _parsed(source) if isinstance(source, Path) else source
    for name in content:
        if name not in _FOR_OTHERS | {"extensions"}:
            raise RefusedError("host.json", name)
    extensions = content.get("extensions", {})
    for name in extensions:
        if name not in {"http", "queues"}:
            raise RefusedError("host.json", f"extensions.{name}")
    for name in extensions.get("http", {}):
        if name != "routePrefix":
            raise RefusedError("host.json", f"extensions.http.{name}")
    prefix = extensions.get("http", {}).get("routePrefix", "api")
    return HostSettings(route_prefix=prefix.strip("/"), queues=_queues(extensions.get("queues", {})))


def seconds(text: object) -> float:
    """A .NET TimeSpan, `[d.]hh:mm:ss[.fffffff]`, in seconds."""
    match = _TIME_SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise LoadError("host.json", f"{text!r} is not a time span hh:mm:ss")
    days, hours, minutes, whole, fraction = match.groups()
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(f"{whole}.{fraction or 0}")


def _parsed(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LoadError("host.json", f"there is no file {path}") from None
    except json.JSONDecodeError as error:
        raise LoadError("host.json", f"{path} is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise LoadError("host.json", f"{path} is not a JSON object")
    return content


def _queues(given: Mapping[str, Any]) -> QueueSettings:
    for name in given:
        if name not in _QUEUE_SETTINGS:
            raise RefusedError("host.json", f"extensions.queues.{name}")
    batch_size = _count(given.get("batchSize", 16), low=1, high=32)
    return QueueSettings(
        batch_size=batch_size,
        # The real host multiplies this default by the cores; this one counts as one core.
        new_batch_threshold=_count(given.get("newBatchThreshold", batch_size // 2), low=0, high=1000),
        max_polling_interval_s=seconds(given.get("maxPollingInterval", "00:01:00")),
        visibility_timeout_s=seconds(given.get("visibilityTimeout", "00:00:00")),
        max_dequeue_count=_count(given.get("maxDequeueCount", 5), low=1, high=1000),
        base64=_is_base64(given.get("messageEncoding", "base64")),
    )


def _count(value: object, *, low: int, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise LoadError("host.json", f"{value!r} is not a whole number from {low} to {high}")
    return value


def _is_base64(value: object) -> bool:
    if value not in {"base64", "none"}:
        raise LoadError("host.json", f"messageEncoding is base64 or none, not {value!r}")
    return value == "base64"
