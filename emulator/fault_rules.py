"""One scripted fault as a value: which requests it meets, and what happens to them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from emulator.web_api import Request

DELAY_MAX_S = 300.0

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_HEADER = re.compile(r"[!-9;-~]+: [ -~]*")


class Body(StrEnum):
    """What an answer is made of, instead of what it would be."""

    JSON = "json"  # an error of the Web API, with `code` and `message`
    HTML = "html"  # the page of a gateway
    EMPTY = "empty"
    TRUNCATED = "truncated"  # half of it, and the Content-Length says so too
    EMPTY_CODE = "empty-code"  # the answer itself, its 412 without a code: in batches as well


class Cut(StrEnum):
    """When the connection is closed instead of a whole answer."""

    BEFORE = "before"  # the request is not carried out
    DURING = "during"  # carried out; half of the answer arrives
    AFTER = "after"  # carried out; nothing of the answer arrives


class FaultRuleError(ValueError):
    """A rule that says nothing, contradicts itself or has a word that is not known."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Meets the requests of `method` whose target `path` is found in: from the `nth` on, `count` of them (None: all).

    With a `status` the answer is made up: the request is carried out only if `carried_out`. Without one the request is
    carried out and its answer changed. `delay_s` is waited first, in real time.
    """

    method: str | None = None
    path: str = ""
    nth: int = 1
    count: int | None = 1
    status: int | None = None
    body: Body | None = None
    code: str = ""
    message: str = "A scripted fault."
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut: Cut | None = None
    carried_out: bool = False

    def __post_init__(self) -> None:
        problem = _problem(self)
        if problem:
            raise FaultRuleError(problem)

    def meets(self, request: Request) -> bool:
        """Whether the rule is about this request."""
        return self.method in (None, request.method) and re.search(self.path, request.target) is not None

    def is_due(self, met: int) -> bool:
        """Whether it applies to the request it meets for this time, 1 being the first."""
        return met >= self.nth and (self.count is None or met < self.nth + self.count)

    @property
    def is_carried_out(self) -> bool:
        """Whether the Web API sees the request."""
        return self.cut is not Cut.BEFORE and (self.status is None or self.carried_out)


def parse_rule(content: object) -> FaultRule:
    """A rule from its JSON form; FaultRuleError names what is wrong with it."""
    if not isinstance(content, dict):
        raise FaultRuleError("a fault is a JSON object")
    for name, value in content.items():
        if name not in _KINDS:
            message = f"{name} is not known, there are {', '.join(_KINDS)}"
            raise FaultRuleError(message)
        if not _KINDS[name](value):
            message = f"{name} cannot be {value!r}"
            raise FaultRuleError(message)
    return FaultRule(**{**content, **_words(content)})


def rule_json(rule: FaultRule) -> dict[str, Any]:
    """The JSON form of a rule."""
    return {each.name: _plain(getattr(rule, each.name)) for each in fields(FaultRule)}


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else value


def _words(content: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[str, Any] = {}
    if content.get("body") is not None:
        words["body"] = Body(content["body"])
    if content.get("cut") is not None:
        words["cut"] = Cut(content["cut"])
    return words


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_header(name: object, value: object) -> bool:
    return isinstance(value, str) and _HEADER.fullmatch(f"{name}: {value}") is not None


_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "method": lambda value: value is None or value in _METHODS,
    "path": _is_text,
    "nth": _is_count,
    "count": lambda value: value is None or _is_count(value),
    "status": lambda value: value is None or (_is_count(value) and 200 <= value <= 599),
    "body": lambda value: value is None or value in list(Body),
    "code": _is_text,
    "message": _is_text,
    "headers": lambda value: isinstance(value, dict) and all(_is_header(*pair) for pair in value.items()),
    "delay_s": lambda value: (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= DELAY_MAX_S
    ),
    "cut": lambda value: value is None or value in list(Cut),
    "carried_out": lambda value: isinstance(value, bool),
}


def _problem(rule: FaultRule) -> str | None:
    try:
        re.compile(rule.path)
    except re.error as error:
        return f"path is not a regular expression: {error}"
    if rule.status is None and rule.body is None and rule.cut is None and not rule.headers and not rule.delay_s:
        return "a fault has a status, a body, headers, a delay_s or a cut"
    if rule.cut is Cut.BEFORE and (rule.status is not None or rule.body is not None or rule.carried_out):
        return "a connection that is cut before has no answer"
    if rule.body is Body.JSON and rule.status is None:
        return "a json body is that of an error: it needs a status"
    if rule.body in (Body.TRUNCATED, Body.EMPTY_CODE) and rule.status is not None and not rule.carried_out:
        return f"{rule.body} changes a real answer: it has no status, or is carried_out"
    return None
