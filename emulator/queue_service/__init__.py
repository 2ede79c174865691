"""The part of Azure Queue Storage that azure-storage-queue needs here, in memory, over plain requests and answers.

`connection_string` is what the SDK and the Functions host are given to reach it.
"""

from emulator.queue_service.connection import connection_string
from emulator.queue_service.service import QueueService

__all__ = ["QueueService", "connection_string"]
