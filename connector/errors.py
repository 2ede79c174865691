"""What goes wrong in the connector, by what is to be done about it.

LeadgateError
├── SettingsError        the app is set up wrongly: an admin changes a setting
├── PublicationError     a model or rule is refused: its author changes it
├── MessageError         a queue message cannot be read: it goes to poison
├── VersionError         a published version cannot be read: nothing is scored until it can
├── IncompleteError      Dataverse's answer lacks something asked for: read again later
└── QueueError           the queue did not take a message: the sender tells its caller
"""

from collections.abc import Sequence


class LeadgateError(Exception):
    """The root of the connector's errors."""


class SettingsError(LeadgateError):
    """One or more settings are missing or wrong; names all of them, and no value of a secret."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("settings: " + "; ".join(self.problems))


class PublicationError(LeadgateError):
    """A model or rule is not published, applied or stopped; names everything that is wrong with it."""

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{name}: {problem}" for problem in self.problems))


class MessageError(LeadgateError):
    """A queue message is not one of ours; carries a reason code and none of the message's text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"message refused: {reason}")


class VersionError(LeadgateError):
    """A published version is missing, changed since its publication, or not readable."""

    def __init__(self, owner: str, reason: str) -> None:
        super().__init__(f"published version of {owner!r}: {reason}")


class IncompleteError(LeadgateError):
    """A row came without a column that was asked for: unknown is not zero."""

    def __init__(self, table: str, columns: Sequence[str]) -> None:
        super().__init__(f"{table}: the answer lacks {', '.join(columns)}")


class QueueError(LeadgateError):
    """The queue could not be reached or refused; carries the kind of the cause, not its text."""

    def __init__(self, queue: str, cause: str) -> None:
        super().__init__(f"queue {queue}: {cause}")
