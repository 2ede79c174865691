"""What urllib3 logs of a request, without the query: a filter holds what a row holds."""

import logging

_LOGGERS = ("urllib3.connectionpool", "urllib3.util.retry")


def keep_queries_out_of_the_log() -> None:
    """Cut the query off every URL that urllib3 logs in this process, at any level; doing it twice does no harm."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_without_query)


def _without_query(record: logging.LogRecord) -> bool:
    if isinstance(record.args, tuple):
        record.args = tuple(_cut(value) for value in record.args)
    return True


def _cut(value: object) -> object:
    # Retry objects and exceptions are shown with their URL too.
    text = value if isinstance(value, str) else str(value) if isinstance(value, Exception) else None
    return value if text is None or "?" not in text else text.partition("?")[0] + "?..."
