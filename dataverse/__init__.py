"""The Dataverse Web API, and nothing about leads.

Build a request with an operation (`query`, `update`, ...) and the conditions of `dataverse.odata`, send it with a
`DataverseClient`, alone or in a batch, and get a `Response` or an error grouped by what can be done about it
(`dataverse.errors` draws the tree). `dataverse.metadata` reads definitions, `dataverse.definitions` and
`dataverse.column_definitions` change them.
"""

from dataverse.auth import StaticToken, TokenProvider
from dataverse.batch import BatchResult, Changeset
from dataverse.client import DataverseClient
from dataverse.client_secret import ClientSecret
from dataverse.errors import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DataverseError,
    InvalidRequestError,
    NotAttemptedError,
    NotFoundError,
    PagingError,
    PermanentError,
    PrivilegeError,
    RefusedError,
    ThrottledError,
    TransientError,
    UnavailableError,
)
from dataverse.limits import Limits
from dataverse.odata import Filter
from dataverse.operations import action, create, delete, query, retrieve, tagged, update, upsert
from dataverse.request import Request, Response, Row
from dataverse.transport import new_session

__all__ = [
    "AlreadyExistsError",
    "AuthenticationError",
    "BadRequestError",
    "BatchResult",
    "Changeset",
    "ClientSecret",
    "ConfigurationError",
    "ConflictError",
    "DataverseClient",
    "DataverseError",
    "Filter",
    "InvalidRequestError",
    "Limits",
    "NotAttemptedError",
    "NotFoundError",
    "PagingError",
    "PermanentError",
    "PrivilegeError",
    "RefusedError",
    "Request",
    "Response",
    "Row",
    "StaticToken",
    "ThrottledError",
    "TokenProvider",
    "TransientError",
    "UnavailableError",
    "action",
    "create",
    "delete",
    "new_session",
    "query",
    "retrieve",
    "tagged",
    "update",
    "upsert",
]
