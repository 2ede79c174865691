"""App settings: applied to the process as Core Tools does, and put in for %NAME% in bindings."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from emulator.host.errors import LoadError

_REFERENCE = re.compile(r"%([^%]+)%")


@contextmanager
def applied(settings: Mapping[str, str]) -> Iterator[None]:
    """Has the settings in `os.environ`, and puts back what was there."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def expanded(text: str, settings: Mapping[str, str], where: str) -> str:
    """The text with each `%NAME%` replaced by that setting; one that is not set is an error."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in settings:
            raise LoadError(where, f"%{match[1]}% is not a setting")
        return settings[match[1]]

    return _REFERENCE.sub(value, text)
