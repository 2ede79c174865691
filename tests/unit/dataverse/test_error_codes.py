"""Every code that the platform documents, and what the caller can do about it."""

from collections.abc import Callable

import pytest

from dataverse import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DataverseError,
    ExpiredDeltaError,
    NotFoundError,
    PlugInError,
    PrivilegeError,
    RefusedError,
    StateError,
    ThrottledError,
    TooManyRowsError,
    UnavailableError,
)
from dataverse.error_codes import ERRORS_BY_CODE, NAMES
from tests.unit.dataverse.test_error_reading import error_of

PLATFORM_CODES = {
    "0x80040217": NotFoundError,
    "0x80040220": PrivilegeError,
    "0x80040231": PrivilegeError,
    "0x80040237": AlreadyExistsError,
    "0x80040265": PlugInError,
    "0x80048d04": ThrottledError,
    "0x80048d03": UnavailableError,
    "0x80048d0f": UnavailableError,
    "0x80048d10": UnavailableError,
    "0x80048d07": UnavailableError,
    "0x80048d08": PlugInError,
    "0x80048d09": PlugInError,
    "0x80048d06": PlugInError,
    "0x80048d0b": PlugInError,
    "0x80040333": RefusedError,
    "0x80040357": StateError,
    "0x80040518": StateError,
    "0x80040519": StateError,
    "0x80041d52": AuthenticationError,
    "0x8004431A": BadRequestError,
    "0x80044310": AlreadyExistsError,
    "0x80044331": BadRequestError,
    "0x80044352": ExpiredDeltaError,
    "0x80048408": StateError,
    "0x80040230": StateError,
    "0x8004022e": StateError,
    "0x80048d19": BadRequestError,
    "0x80060882": ConflictError,
    "0x80060883": BadRequestError,
    "0x8006088D": BadRequestError,
    "0x80060888": BadRequestError,
    "0x8006088A": BadRequestError,  # CrmHttpError says nothing: read by its status
    "0x80060890": BadRequestError,
    "0x80060891": NotFoundError,
    "0x80060892": AlreadyExistsError,
    "0x80060897": RefusedError,
    "0x80071154": UnavailableError,
    "0x80090412": UnavailableError,
    "0x80072321": ThrottledError,
    "0x80072322": ThrottledError,
    "0x80072326": ThrottledError,
    "0x80072327": ThrottledError,
    "0x80060308": ThrottledError,
    "0x80044339": UnavailableError,
    "0x8004F511": AlreadyExistsError,
    "0x80050304": PrivilegeError,
    "0x80095FFE": PrivilegeError,
    "0x80081018": PrivilegeError,
    "0x80050401": RefusedError,
    "0x80050402": RefusedError,
    "0x80050403": RefusedError,
    "0x8004430A": TooManyRowsError,
    "0x8004E023": TooManyRowsError,
    "0x80072560": PrivilegeError,
}


@pytest.mark.parametrize(("code", "expected"), PLATFORM_CODES.items())
@pytest.mark.parametrize("spelled", [str.lower, str.upper])
def test_every_code_of_the_platform_has_its_meaning_whatever_its_case(
    code: str, expected: type[DataverseError], spelled: Callable[[str], str]
) -> None:
    assert type(error_of(400, spelled(code))) is expected


def test_no_code_is_classified_that_this_table_does_not_hold() -> None:
    assert ERRORS_BY_CODE.keys() == {code.lower() for code in PLATFORM_CODES} - {"0x8006088a"}


def test_no_code_has_two_meanings() -> None:
    assert sum(len(codes) for codes in NAMES.values()) == len(ERRORS_BY_CODE)


@pytest.mark.parametrize("status", [400, 404, 410, 412, 500, 503])
def test_an_expired_delta_link_is_known_by_its_code_alone(status: int) -> None:
    assert type(error_of(status, "0x80044352")) is ExpiredDeltaError
