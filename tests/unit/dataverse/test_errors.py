"""The error tree is the one that is drawn, and no error says what it must not."""

import inspect

import pytest

import dataverse
from dataverse import errors
from dataverse.errors import (
    ConfigurationError,
    DataverseError,
    InvalidRequestError,
    PermanentError,
    ThrottledError,
    TransientError,
    UnavailableError,
)

TREE = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, Exception) and error.__module__ == errors.__name__
]


def drawn_parents() -> dict[str, str]:
    """Child to parent, from the drawing in the module's docstring."""
    parents: dict[str, str] = {}
    above = {0: "DataverseError"}
    for line in (errors.__doc__ or "").splitlines():
        before, arm, text = line.partition("── ")
        if arm:
            depth = (len(before) - 1) // 4 + 1
            above[depth] = text.split()[0]
            parents[above[depth]] = above[depth - 1]
    return parents


def test_the_tree_is_the_one_that_is_drawn() -> None:
    built = {error.__name__: error.__bases__[0].__name__ for error in TREE if error is not DataverseError}
    assert built == drawn_parents()


def test_every_error_is_exported() -> None:
    assert {error.__name__ for error in TREE} <= set(dataverse.__all__)


def test_all_is_exactly_what_is_public() -> None:
    public = {
        name for name, value in vars(dataverse).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert set(dataverse.__all__) == public
    assert list(dataverse.__all__) == sorted(dataverse.__all__)


@pytest.mark.parametrize("error", [e for e in TREE if e not in (InvalidRequestError, ConfigurationError)])
def test_a_message_begins_with_the_request_id_and_carries_the_facts(error: type[DataverseError]) -> None:
    raised = error(request_id="id-1", about="PATCH leads", status=412, code="0x80060882")
    assert str(raised) == f"id-1: {error.meaning} (PATCH leads, HTTP 412, 0x80060882)"
    assert (raised.request_id, raised.status, raised.code) == ("id-1", 412, "0x80060882")
    assert str(error()).startswith("no request id: ")


@pytest.mark.parametrize("error", [InvalidRequestError, ConfigurationError])
def test_what_is_wrong_before_sending_is_a_value_error_too(error: type[PermanentError]) -> None:
    assert issubclass(error, ValueError)


def test_a_throttled_request_did_not_happen_but_an_unanswered_one_may_have() -> None:
    assert not ThrottledError().may_have_happened
    assert UnavailableError().may_have_happened
    assert not UnavailableError(may_have_happened=False).may_have_happened
    assert ThrottledError(retry_after_s=3.0).retry_after_s == 3.0
    assert TransientError().retry_after_s is None


def test_each_error_says_something_of_its_own() -> None:
    assert len({error.meaning for error in TREE}) == len(TREE)
