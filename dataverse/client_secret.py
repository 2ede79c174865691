"""A token provider for an application with a client secret."""

from typing import Unpack

from dataverse.application import Application, Connection


class ClientSecret(Application):
    """Tokens for an application with a client secret."""

    def __init__(
        self, tenant_id: str, client_id: str, secret: str, resource_url: str, **connection: Unpack[Connection]
    ) -> None:
        """Contact nobody yet; `resource_url` is the environment's."""
        super().__init__(tenant_id, client_id, secret, resource_url, **connection)
