"""Lets issued tokens through to a Web API that knows only its own, and tells the others where tokens are had."""

from emulator.handling import Handler
from emulator.identity.tokens import IssuedTokens
from emulator.web_api import Request, Response


class BearerGuard:
    """Swaps a good issued token for the Web API's own; any other goes on as it came, and is refused there.

    `challenge` is the WWW-Authenticate header of a 401, from which clients learn tenant and resource.
    """

    def __init__(self, tokens: IssuedTokens, own_token: str, challenge: str) -> None:
        self._tokens = tokens
        self._own_token = own_token
        self._challenge = challenge

    def around(self, handle: Handler) -> Handler:
        """The handler, open to issued tokens."""

        def guarded(request: Request) -> Response:
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            if scheme == "Bearer" and self._tokens.is_good(token):
                own = {**_without_authorization(request), "Authorization": f"Bearer {self._own_token}"}
                return handle(Request(request.method, request.target, own, request.body))
            answer = handle(request)
            if answer.status != 401:
                return answer
            return Response(401, {**answer.headers, "WWW-Authenticate": self._challenge}, answer.body)

        return guarded


def _without_authorization(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
