"""How clients are told where the queues are."""

from emulator.queue_service.signature import ACCOUNT_KEY, ACCOUNT_NAME


def connection_string(url: str) -> str:
    """The connection string for a queue service at `url` (scheme, host and port)."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT_NAME};AccountKey={ACCOUNT_KEY};"
        f"QueueEndpoint={url}/{ACCOUNT_NAME};"
    )
