"""What each of the platform's error codes means for the caller; codes in lower case, names as the platform has them.

A code wins over the HTTP status: a plug-in's refusal comes as 400, 403, 409 or 412, a lock as 400 or 500, an expired
delta link with a status that is documented nowhere. Codes that are in no list here are read by their status.
Source: the pages "Web service error codes" and "Service protection API limits".
"""

from collections.abc import Mapping

from dataverse.errors import (
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

# Another change of definitions is running: this one was turned away, so nothing happened.
LOCKS: Mapping[str, str] = {
    "0x80071154": "ConcurrentOperationFailure",
    "0x80090412": "EntityCustomizationLockException",
    "0x80044339": "a publication or another customisation is running",
}

NAMES: Mapping[type[DataverseError], Mapping[str, str]] = {
    ThrottledError: {
        "0x80072321": "combined execution time of 300 seconds",
        "0x80072322": "number of requests in 300 seconds",
        "0x80072326": "number of concurrent requests",
        "0x80072327": "DSSThrottlingConcurrencyLimitExceededError",
        "0x80060308": "throttled",
        "0x80048d04": "TooManyRequests, by a plug-in",
    },
    UnavailableError: {
        "0x80048d03": "ServiceUnavailable, by a plug-in",
        "0x80048d07": "RequestTimeout, by a plug-in",
        "0x80048d0f": "BadGateway, by a plug-in",
        "0x80048d10": "GatewayTimeout, by a plug-in",
        **LOCKS,
    },
    ConflictError: {"0x80060882": "ConcurrencyVersionMismatch"},
    AlreadyExistsError: {
        "0x80040237": "DuplicateRecord",
        "0x80044310": "PicklistValueNotUnique",
        "0x80060892": "DuplicateRecordEntityKey",
        "0x8004f511": "DuplicateApplicationUser",
    },
    NotFoundError: {"0x80040217": "ObjectDoesNotExist", "0x80060891": "RecordNotFoundByEntityKey"},
    ExpiredDeltaError: {"0x80044352": "ExpiredVersionStamp"},
    TooManyRowsError: {
        "0x8004e023": "AggregateQueryRecordLimit exceeded",
        "0x8004430a": "OverRetrievalUpperLimitWithoutPagingCookie",
    },
    AuthenticationError: {"0x80041d52": "ExpiredOAuthToken"},
    BadRequestError: {
        "0x8004431a": "PicklistValueOutOfRange",
        "0x80044331": "StringLengthTooLong",
        "0x80048d19": "ODataClientPayloadError",
        "0x80060883": "ConcurrencyVersionNotProvided",
        "0x80060888": "QueryParamNotSupported",
        "0x8006088d": "OptimisticConcurrencyNotEnabled",
        "0x80060890": "EntityKeyNotDefined",
    },
    PrivilegeError: {
        "0x80040220": "PrivilegeDenied",
        "0x80040231": "PrincipalPrivilegeDenied",
        "0x80050304": "CrmApiLicensingError",
        "0x80072560": "the user is not a member of the organisation",
        "0x80081018": "CannotQualifyLead",
        "0x80095ffe": "IPAddressNotInSpecifiedRange",
    },
    StateError: {
        "0x8004022e": "the row is read-only",
        "0x80040230": "CannotUpdateObjectBecauseItIsInactive",
        "0x80040357": "ErrorInSetState",
        "0x80040518": "LeadAlreadyInOpenState",
        "0x80040519": "LeadAlreadyInClosedState",
        "0x80048408": "InvalidStateCodeStatusCode",
    },
    PlugInError: {
        "0x80040265": "IsvAborted",
        "0x80048d06": "Forbidden, by a plug-in",
        "0x80048d08": "Conflict, by a plug-in",  # no ETag is involved: the same change would meet the same plug-in
        "0x80048d09": "PreconditionFailed, by a plug-in",
        "0x80048d0b": "BadRequest, by a plug-in",
    },
    RefusedError: {
        "0x80040333": "DuplicateRecordsFound",
        "0x80050401": "ExceedEnvironmentCapacity",
        "0x80050402": "ExceedTenantCapacity",
        "0x80050403": "ExceedTenantEnvironmentCount",
        "0x80060897": "only a failed key can be reactivated",
    },
}

ERRORS_BY_CODE: Mapping[str, type[DataverseError]] = {code: error for error, codes in NAMES.items() for code in codes}
