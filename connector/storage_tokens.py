"""Our tokens as the Azure SDK asks for them: no second library signs in, and no second cache holds tokens."""

import time
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from dataverse import DataverseError, TokenProvider, TransientError


class StorageTokens:
    """A `TokenCredential` of azure-core over a token provider whose tokens are for Azure Storage."""

    def __init__(self, tokens: TokenProvider) -> None:
        """Ask for no token yet."""
        self._tokens = tokens

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """The provider's token; what it raises becomes what the SDK repeats, or what it does not."""
        try:
            # It is said to end at once, so that the SDK asks again each time: MSAL keeps and renews it.
            return AccessToken(self._tokens.token(), int(time.time()))
        except TransientError as error:
            raise ServiceRequestError(str(error)) from None
        except DataverseError as error:
            raise ClientAuthenticationError(str(error)) from None
