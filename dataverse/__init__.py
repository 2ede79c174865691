"""The Dataverse Web API, and nothing about leads.

Build a request with an operation (`query`, `update`, `action`, ...) and the conditions of `dataverse.odata` and
`dataverse.query_functions`, send it with a `DataverseClient`, alone or in a batch, and get a `Response` or an error
grouped by what can be done about it (`dataverse.errors` draws the tree). `page` reads one page, `changes` reads what
changed since a link, `count` counts, `write_rows` and `send_in_batches` write many. `dataverse.metadata` reads
definitions, `dataverse.definitions` and `dataverse.column_definitions` change them.
"""

from dataverse.auth import StaticToken, TokenProvider
from dataverse.batch import BatchResult, Changeset
from dataverse.batches import send_in_batches
from dataverse.bulk import RowResult, Table, write_rows
from dataverse.certificate import Certificate
from dataverse.change_tracking import ChangePage, changes
from dataverse.client import DataverseClient
from dataverse.client_secret import ClientSecret
from dataverse.counts import count, table_size
from dataverse.errors import (
    AlreadyExistsError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    ConflictError,
    DataverseError,
    ExpiredDeltaError,
    InvalidRequestError,
    NotAttemptedError,
    NotFoundError,
    PagingError,
    PermanentError,
    PlugInError,
    PrivilegeError,
    RefusedError,
    StateError,
    ThrottledError,
    TooManyRowsError,
    TransientError,
    UnavailableError,
)
from dataverse.gate import Gate
from dataverse.limits import Limits
from dataverse.managed_identity import ManagedIdentity
from dataverse.messages import action, function
from dataverse.odata import Filter
from dataverse.operations import (
    create,
    delete,
    query,
    retrieve,
    returning,
    row_path,
    tagged,
    update,
    upsert,
    upsert_by_key,
)
from dataverse.pages import Page, page
from dataverse.request import Request, Response, Row
from dataverse.transport import new_session

__all__ = [
    "AlreadyExistsError",
    "AuthenticationError",
    "BadRequestError",
    "BatchResult",
    "Certificate",
    "ChangePage",
    "Changeset",
    "ClientSecret",
    "ConfigurationError",
    "ConflictError",
    "DataverseClient",
    "DataverseError",
    "ExpiredDeltaError",
    "Filter",
    "Gate",
    "InvalidRequestError",
    "Limits",
    "ManagedIdentity",
    "NotAttemptedError",
    "NotFoundError",
    "Page",
    "PagingError",
    "PermanentError",
    "PlugInError",
    "PrivilegeError",
    "RefusedError",
    "Request",
    "Response",
    "Row",
    "RowResult",
    "StateError",
    "StaticToken",
    "Table",
    "ThrottledError",
    "TokenProvider",
    "TooManyRowsError",
    "TransientError",
    "UnavailableError",
    "action",
    "changes",
    "count",
    "create",
    "delete",
    "function",
    "new_session",
    "page",
    "query",
    "retrieve",
    "returning",
    "row_path",
    "send_in_batches",
    "table_size",
    "tagged",
    "update",
    "upsert",
    "upsert_by_key",
    "write_rows",
]
