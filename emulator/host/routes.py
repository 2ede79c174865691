"""Routes of HTTP functions: literal segments and `{name}` ones."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from emulator.host.errors import RefusedError

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """The segments behind the prefix, lower-case where literal; `template` is as declared."""

    template: str
    segments: tuple[str, ...]

    @property
    def parameters(self) -> int:
        return sum(_PARAMETER.fullmatch(segment) is not None for segment in self.segments)

    def match(self, path: str) -> dict[str, str] | None:
        """The route parameters when the path (without prefix, percent-encoded) is this route's, case aside."""
        given = [unquote(segment) for segment in path.strip("/").split("/")]
        if len(given) != len(self.segments):
            return None
        found: dict[str, str] = {}
        for segment, text in zip(self.segments, given, strict=True):
            parameter = _PARAMETER.fullmatch(segment)
            if parameter is not None and text:
                found[parameter[1]] = text
            elif segment != text.lower():
                return None
        return found


def parse_route(template: str, where: str) -> Route:
    """Raises RefusedError for constraints, optional and catch-all parameters."""
    segments = template.strip("/").split("/")
    for segment in segments:
        if ("{" in segment or "}" in segment) and not _PARAMETER.fullmatch(segment):
            raise RefusedError(where, f"the route segment {segment}")
    return Route(template, tuple(one if _PARAMETER.fullmatch(one) else one.lower() for one in segments))
