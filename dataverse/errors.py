"""What can go wrong with the Web API, grouped by what the caller can do about it.

DataverseError
├── TransientError                 the same request may succeed later; `retry_after_s` says when, if the service did
│   ├── ThrottledError             a service protection limit; nothing was executed
│   └── UnavailableError           5xx, 408, the network, an answer that is not the expected shape
├── ConflictError                  the row changed since it was read: read it again, decide again
├── AlreadyExistsError             the row, key or option is there already
├── NotFoundError                  the row is gone
├── NotAttemptedError              a batch stopped before this part
├── ExpiredDeltaError              the changes since a delta link are gone: read everything again
├── TooManyRowsError               more rows than the service counts at once: ask in parts
├── AuthenticationError            no token could be had, or the service refused it
└── PermanentError                 the same request will never succeed
    ├── BadRequestError            the service does not understand it: a defect of ours or a changed schema
    ├── PrivilegeError             the application user may not do it
    ├── RefusedError               a rule of the environment says no
    │   ├── StateError             the row is closed, or the status does not belong to the state
    │   └── PlugInError            a customer's plug-in says no
    ├── PagingError                the service's next link leads elsewhere or comes back
    ├── InvalidRequestError        it cannot be built, so it was never sent (also a ValueError)
    └── ConfigurationError         the client cannot be built so (also a ValueError)

A message begins with the request id. No error holds a body, a token, a URL's query or what a row holds.
"""

from typing import ClassVar, TypedDict, Unpack


class Facts(TypedDict, total=False):
    """What every error may carry; `explanation` is text that cannot hold a row's data."""

    request_id: str
    about: str
    status: int | None
    code: str
    explanation: str


class DataverseError(Exception):
    """A request failed; `code` is the service's in lower case ("0x80060882") or empty, `about` is "PATCH leads"."""

    meaning: ClassVar[str] = "the request failed"

    def __init__(self, **facts: Unpack[Facts]) -> None:
        """Keep the facts and build the message from them."""
        self.request_id = facts.get("request_id", "")
        self.about = facts.get("about", "")
        self.status = facts.get("status")
        self.code = facts.get("code", "")
        self.explanation = facts.get("explanation", "")
        super().__init__(self._message())

    def _message(self) -> str:
        facts = ", ".join(filter(None, (self.about, f"HTTP {self.status}" if self.status else "", self.code)))
        text = f"{self.meaning}: {self.explanation}" if self.explanation else self.meaning
        return f"{self.request_id or 'no request id'}: {text}" + (f" ({facts})" if facts else "")


class TransientError(DataverseError):
    """The same request may succeed later, `retry_after_s` seconds from now if the service said so.

    `may_have_happened` is False when it is certain that nothing was executed.
    """

    meaning = "the service cannot do this now"

    def __init__(
        self, *, retry_after_s: float | None = None, may_have_happened: bool = True, **facts: Unpack[Facts]
    ) -> None:
        """Keep the wait that was asked for, and whether the request may have been executed."""
        self.retry_after_s = retry_after_s
        self.may_have_happened = may_have_happened
        super().__init__(**facts)


class ThrottledError(TransientError):
    """A service protection limit was met (HTTP 429); nothing was executed."""

    meaning = "the service asks to slow down"

    def __init__(self, *, retry_after_s: float | None = None, **facts: Unpack[Facts]) -> None:
        """Keep the wait that was asked for."""
        super().__init__(retry_after_s=retry_after_s, may_have_happened=False, **facts)


class UnavailableError(TransientError):
    """The service or the network failed, or the answer is not the expected shape."""

    meaning = "the service did not give a usable answer"


class ConflictError(DataverseError):
    """The row has another version than the ETag that was sent."""

    meaning = "the row changed since it was read"


class AlreadyExistsError(DataverseError):
    """The row, key value or option to be created exists."""

    meaning = "it exists already"


class NotFoundError(DataverseError):
    """The row does not exist."""

    meaning = "the row does not exist"


class NotAttemptedError(DataverseError):
    """The batch stopped at an earlier part; this one was not looked at."""

    meaning = "the batch stopped before this part"


class ExpiredDeltaError(DataverseError):
    """The delta link is older than the service keeps changes, seven days by default; only a full sync helps."""

    meaning = "the changes since this delta link are gone"


class TooManyRowsError(DataverseError):
    """The rows are more than the service aggregates, or pages without a cookie, at once: 50,000."""

    meaning = "there are more rows than the service takes at once"


class AuthenticationError(DataverseError):
    """No token could be had, or the service refused a fresh one; `code` may be Entra's AADSTS number."""

    meaning = "the service did not accept our identity"


class PermanentError(DataverseError):
    """The same request will never succeed."""

    meaning = "the request will never succeed"


class BadRequestError(PermanentError):
    """The service does not understand the request: an unknown column, table or message, a value of the wrong type."""

    meaning = "the service does not understand the request"


class PrivilegeError(PermanentError):
    """The application user lacks a privilege, a licence or an allowed address."""

    meaning = "the application user may not do this"


class RefusedError(PermanentError):
    """A rule of the environment refused the change: of state, of duplicates, of capacity, or a customer's own."""

    meaning = "a rule of the environment refused the change"


class StateError(RefusedError):
    """The row's state refuses the change: it is closed, or the status reason belongs to another state."""

    meaning = "the row's state refused the change"


class PlugInError(RefusedError):
    """A customer's plug-in or workflow refused the change; why is in the environment's own trace log."""

    meaning = "a plug-in of the environment refused the change"


class PagingError(PermanentError):
    """A next link left the service's own address, or came a second time; it was not followed."""

    meaning = "the service's next link was not followed"


class InvalidRequestError(PermanentError, ValueError):
    """The request cannot be built, so it was never sent."""

    meaning = "the request cannot be built"

    def __init__(self, explanation: str) -> None:
        """Name what is wrong with it, without the value."""
        super().__init__(explanation=explanation)

    def _message(self) -> str:
        return f"{self.meaning}: {self.explanation}"


class ConfigurationError(PermanentError, ValueError):
    """The client cannot be built from what it was given."""

    meaning = "the connection is not configured"

    def __init__(self, explanation: str) -> None:
        """Name what is wrong."""
        super().__init__(explanation=explanation)

    def _message(self) -> str:
        return f"{self.meaning}: {self.explanation}"
