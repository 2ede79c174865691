"""Every timeout and bound of the client, each an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes and counts; the defaults suit a worker that can put its message back.

    Headers have no bound of their own in time: a server that sends them byte by byte, each within `read_timeout_s`, is
    waited for until they are too long.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0  # longest silence of the service, not the longest answer
    answer_timeout_s: float = 60.0  # longest time a body may take to arrive, once its headers are here
    attempts: int = 4
    retry_wait_base_s: float = 0.5
    retry_wait_max_s: float = 20.0  # a longer Retry-After is raised, for the caller to come back later
    response_bytes_max: int = 50 * 1024 * 1024
    connections: int = 32  # requests at once, of all threads; fewer when the service advises fewer
    url_characters_max: int = 32_768
    batch_url_characters_max: int = 65_536
    batch_requests_max: int = 1_000
    batch_bytes_max: int = 32 * 1024 * 1024


DEFAULT_LIMITS = Limits()
