"""The Prefer and MSCRM headers: what the emulator honours, and what it refuses by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from emulator.web_api.errors import BadRequestError, UnsupportedError
from emulator.web_api.query import PAGE_MAX

_PREFERENCE = re.compile(r'(?:[^,"]|"[^"]*")+')
_ANNOTATIONS = re.compile(r'odata\.include-annotations\s*=\s*"?([^"]*)"?')
_UNSUPPORTED_HEADERS = (
    "MSCRMCallerID",
    "CallerObjectId",
    "MSCRM.BypassCustomPluginExecution",
    "MSCRM.BypassBusinessLogicExecution",
    "MSCRM.BypassBusinessLogicExecutionStepIds",
)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a request prefers; `page_size` is None when it does not say, `annotations` holds name patterns."""

    representation: bool = False
    continue_on_error: bool = False
    page_size: int | None = None
    track_changes: bool = False
    annotations: tuple[str, ...] = ()

    def annotates(self, name: str) -> bool:
        """Whether odata.include-annotations asks for an annotation, by name, by `Prefix.*` or by `*`."""
        return any(fnmatchcase(name, pattern) for pattern in self.annotations)


def parse_preferences(headers: Mapping[str, str]) -> Preferences:
    """Read Prefer, comma-separated; preferences unknown to the service are ignored, as HTTP asks."""
    _refuse_unsupported(headers)
    wanted = [preference.strip() for preference in _PREFERENCE.findall(headers.get("Prefer", ""))]
    return Preferences(
        representation="return=representation" in wanted,
        continue_on_error=any(re.fullmatch(r"(odata\.)?continue-on-error(=true)?", item) for item in wanted),
        page_size=next(
            (_page_size(item) for item in wanted if item.startswith(("odata.maxpagesize", "maxpagesize"))), None
        ),
        track_changes="odata.track-changes" in wanted,
        annotations=tuple(
            pattern.strip()
            for item in wanted
            if (found := _ANNOTATIONS.fullmatch(item))
            for pattern in found[1].split(",")
        ),
    )


def _refuse_unsupported(headers: Mapping[str, str]) -> None:
    for name in _UNSUPPORTED_HEADERS:
        if name in headers:
            message = f"the header {name}"
            raise UnsupportedError(message)
    if headers.get("MSCRM.SuppressDuplicateDetection", "true").lower() == "false":
        raise UnsupportedError("duplicate detection (MSCRM.SuppressDuplicateDetection: false)")


def _page_size(preference: str) -> int:
    found = re.fullmatch(r"(?:odata\.)?maxpagesize\s*=\s*(\d{1,9})", preference)
    if found is None or int(found[1]) == 0:
        message = f"The preference '{preference}' is not valid."
        raise BadRequestError(message, "0x80060888")
    return min(int(found[1]), PAGE_MAX)
