"""Who we are to the environment: token providers behind one method."""

from typing import NoReturn, Protocol


class TokenProvider(Protocol):
    """Gives the token for the next request."""

    def token(self, *, fresh: bool = False) -> str:
        """A token; with `fresh` one that was not handed out before. AuthenticationError or TransientError if none."""
        ...


class HoldsSecret:
    """What holds a secret: its repr does not show it, and it is never pickled."""

    def __reduce__(self) -> NoReturn:
        """Refuse: a pickle would hold the secret."""
        message = f"{type(self).__name__} holds a secret and is not pickled"
        raise TypeError(message)


class StaticToken(HoldsSecret):
    """A token that was given, as the emulator takes; never renewed."""

    def __init__(self, value: str) -> None:
        """Hold the token; its repr does not show it."""
        self._value = value

    def token(self, *, fresh: bool = False) -> str:  # noqa: ARG002  there is no other to give
        """The token."""
        return self._value

    def __repr__(self) -> str:
        """Without the token."""
        return "StaticToken(***)"
