"""The errors of Azure Queue Storage that our six calls can meet, as the service words them.

QueueServiceError
  +-- RefusedCallError          501, a call the emulator does not do
  +-- AuthenticationFailedError 403
  +-- QueueNotFoundError        404
  +-- QueueAlreadyExistsError   409, another queue of that name has other metadata
  +-- MessageNotFoundError      404
  +-- PopReceiptMismatchError   400, the message was handed out again since
  +-- MessageTooLargeError      413
  +-- InvalidRequestError       400
"""


class QueueServiceError(Exception):
    """One error answer: `status`, the `x-ms-error-code` and the message of its XML."""

    status = 500
    code = "InternalError"
    message = "The server encountered an internal error."

    def __init__(self) -> None:
        super().__init__(f"{self.code}: {self.message}")


class RefusedCallError(QueueServiceError):
    status = 501
    code = "NotImplemented"

    def __init__(self, call: str) -> None:
        self.message = f"The queue emulator does not do {call}."
        super().__init__()


class AuthenticationFailedError(QueueServiceError):
    status = 403
    code = "AuthenticationFailed"
    message = (
        "Server failed to authenticate the request. "
        "Make sure the value of Authorization header is formed correctly including the signature."
    )


class QueueNotFoundError(QueueServiceError):
    status = 404
    code = "QueueNotFound"
    message = "The specified queue does not exist."


class QueueAlreadyExistsError(QueueServiceError):
    status = 409
    code = "QueueAlreadyExists"
    message = "The specified queue already exists."


class MessageNotFoundError(QueueServiceError):
    status = 404
    code = "MessageNotFound"
    message = "The specified message does not exist."


class PopReceiptMismatchError(QueueServiceError):
    status = 400
    code = "PopReceiptMismatch"
    message = "The specified pop receipt did not match the pop receipt for a dequeued message."


class MessageTooLargeError(QueueServiceError):
    status = 413
    code = "RequestBodyTooLarge"
    message = "The request body is too large and exceeds the maximum permissible limit."


class InvalidRequestError(QueueServiceError):
    """A 400 whose `code` says what is wrong, one of those of the Queue service's documentation."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__()
