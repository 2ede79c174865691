"""The refusals of the Web API, each with its status, code and text.

WebApiError
|- UnsupportedError            501, names what the emulator does not do
|- UnauthorizedError           401
|- SegmentNotFoundError        404, no such resource in the URL
|- RowNotFoundError            404 0x80040217
|- DefinitionNotFoundError     404 0x80060888
|- MethodNotAllowedError       405
|- VersionMismatchError        412 0x80060882
|- AlreadyExistsError          412 0x80040237
|- DuplicateKeyError           412 0x80060892
|- KeyRowNotFoundError         404 0x80060891
|- SecuredColumnError          403 0x8004f504 read, 0x8004f502 created, 0x8004f507 updated
|- NotByCallersError           405 0x80040800
|- AssociatedRowsError         405 0x80040227
`- BadRequestError             400, with a code of its own
   |- UnknownPropertyError     0x80060888, in a query
   |- QuerySyntaxError         0x80060888
   |- PayloadError             0x80048d19, in a body
   |- ValueRangeError          0x8004431a
   |- TextLengthError          0x80044331
   |- StatusError              0x80048408
   |- ReadOnlyRowError         0x80040230
   |- KeyNotDefinedError       0x80060890
   |- AggregateLimitError      0x8004e023
   `- DuplicateDefinitionError 0x80047013 for columns, 0x80044363 for the rest

Codes and texts are those of Microsoft's "Web service error codes" and of answers seen in the wild; where neither gives
one, the code is the generic 0x80040203 InvalidArgument.
"""

import json
from collections.abc import Iterable
from uuid import UUID

INVALID_ARGUMENT = "0x80040203"
QUERY_NOT_SUPPORTED = "0x80060888"
HTTP_ERROR = "0x8006088a"


class WebApiError(Exception):
    """A refusal: what the answer's status, `error.code` and `error.message` are."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> bytes:
        """The answer's JSON body."""
        return json.dumps({"error": {"code": self.code, "message": self.message}}).encode()


class UnsupportedError(WebApiError):
    """Dataverse does it and the emulator does not: said by name, never approximated."""

    def __init__(self, clause: str) -> None:
        super().__init__(501, "0x80060888", f"The emulator does not do {clause}.")


class UnauthorizedError(WebApiError):
    """No bearer token, or not the one the emulator was given."""

    def __init__(self) -> None:
        super().__init__(401, "0x80041d50", "The OAuth token is invalid")


class SegmentNotFoundError(WebApiError):
    """The URL names an entity set, function or action that is not there."""

    def __init__(self, segment: str) -> None:
        super().__init__(404, HTTP_ERROR, f"Resource not found for the segment '{segment}'.")


class RowNotFoundError(WebApiError):
    """No row of that id, whether addressed or bound to."""

    def __init__(self, table: str, row_id: UUID | str) -> None:
        super().__init__(404, "0x80040217", f"{table} With Id = {row_id} Does Not Exist")


class DefinitionNotFoundError(WebApiError):
    """No table, column or relationship of that name."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(404, "0x80060888", f"Could not find {kind} with name = '{name}'.")


class MethodNotAllowedError(WebApiError):
    """The resource exists and does not take this method."""

    def __init__(self, method: str) -> None:
        super().__init__(405, HTTP_ERROR, f"The requested resource does not support http method '{method}'.")


class VersionMismatchError(WebApiError):
    """If-Match names another version than the stored one."""

    def __init__(self) -> None:
        message = "The version of the existing record doesn't match the RowVersion property provided."
        super().__init__(412, "0x80060882", message)


class AlreadyExistsError(WebApiError):
    """A row of that id exists: a second POST of it, or If-None-Match: *."""

    def __init__(self) -> None:
        super().__init__(412, "0x80040237", "A record with matching key values already exists.")


class DuplicateKeyError(WebApiError):
    """Another row has the same values in the columns of an alternate key."""

    def __init__(self, key: str, columns: Iterable[str]) -> None:
        message = (
            f"Entity Key {key} violated. A record with the same value for {', '.join(columns)} already exists. "
            "A duplicate record cannot be created. Select one or more unique values and try again."
        )
        super().__init__(412, "0x80060892", message)


class KeyRowNotFoundError(WebApiError):
    """No row has these values in the columns of an alternate key."""

    def __init__(self, table: str) -> None:
        super().__init__(404, "0x80060891", f"A record with the specified key values does not exist in {table} entity")


class SecuredColumnError(WebApiError):
    """Column security: the caller may not read, create or update the column; a plain read shows null instead."""

    def __init__(self, code: str, right: str) -> None:
        message = f"The user does not have {right} permissions to a secured field."
        super().__init__(403, code, f"{message} The requested operation could not be completed.")


class NotByCallersError(WebApiError):
    """A table whose rows only the platform writes."""

    def __init__(self, message: str, table: str) -> None:
        super().__init__(405, "0x80040800", f"The '{message}' method does not support entities of type '{table}'.")


class AssociatedRowsError(WebApiError):
    """A relationship with Delete: Restrict still has rows."""

    def __init__(self) -> None:
        message = "The object you tried to delete is associated with another object and cannot be deleted."
        super().__init__(405, "0x80040227", message)


class BadRequestError(WebApiError):
    """400: what was sent is wrong, and would be wrong the next time."""

    def __init__(self, message: str, code: str = INVALID_ARGUMENT) -> None:
        super().__init__(400, code, message)


class UnknownPropertyError(BadRequestError):
    """A query names a property that the type does not have."""

    def __init__(self, name: str, type_name: str) -> None:
        super().__init__(f"Could not find a property named '{name}' on type '{type_name}'.", QUERY_NOT_SUPPORTED)


class QuerySyntaxError(BadRequestError):
    """The URL or one of its query options cannot be read."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"Bad Request - Error in query syntax. {detail}".rstrip(), QUERY_NOT_SUPPORTED)


class PayloadError(BadRequestError):
    """The body is not JSON, or has a property the type does not have, or a value of another type."""

    def __init__(self, entity: str, detail: str) -> None:
        message = (
            f"Error identified in Payload provided by the user for Entity :'{entity}', For more information on this "
            "error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  "
            f"InnerException : Microsoft.OData.ODataException: {detail}."
        )
        super().__init__(message, "0x80048d19")


class ValueRangeError(BadRequestError):
    """A choice that has no such value, or a number outside its bounds."""

    def __init__(self, table: str, column: str, value: object, accepted: Iterable[int] = ()) -> None:
        choices = ",".join(str(option) for option in accepted)
        suffix = f" Accepted Values: {choices}" if choices else ""
        record = f"The value {value} of '{column}' on record of type '{table}'"
        super().__init__(f"A validation error occurred. {record} is outside the valid range.{suffix}", "0x8004431A")


class TextLengthError(BadRequestError):
    """Text longer than the column holds."""

    def __init__(self, table: str, column: str, max_length: int) -> None:
        message = (
            f"A validation error occurred. The length of the '{column}' attribute of the '{table}' entity exceeded the "
            f"maximum allowed length of '{max_length}'."
        )
        super().__init__(message, "0x80044331")


class StatusError(BadRequestError):
    """A statuscode that does not belong to the row's statecode."""

    def __init__(self, table: str, status: object, state: str, row_id: UUID | str) -> None:
        record = f"{table.lower()} with Id {row_id}"
        message = f"{status} is not a valid status code for state code {table}State.{state} on {record}."
        super().__init__(message, "0x80048408")


class ReadOnlyRowError(BadRequestError):
    """A closed lead is written without being reopened."""

    def __init__(self) -> None:
        super().__init__("The object cannot be updated because it is inactive.", "0x80040230")


class KeyNotDefinedError(BadRequestError):
    """A row is addressed by columns that are no alternate key, or one whose index is not active."""

    def __init__(self, table: str) -> None:
        message = f"The specified key attributes are not a defined key for the {table} entity"
        super().__init__(message, "0x80060890")


class AggregateLimitError(BadRequestError):
    """An aggregate over more rows than the service counts."""

    def __init__(self) -> None:
        super().__init__("AggregateQueryRecordLimit exceeded. Cannot perform this operation.", "0x8004E023")


class DuplicateDefinitionError(BadRequestError):
    """A table, column or relationship of that schema name exists."""

    def __init__(self, kind: str, schema_name: str) -> None:
        code = "0x80047013" if kind == "Attribute" else "0x80044363"
        message = f"{kind} with schema name {schema_name} is not unique: the same name already exists."
        super().__init__(message, code)
