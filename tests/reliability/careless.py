"""The control's server: it answers a form before the commit, and commits a little later."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from tests.reliability.warm import application as careful

DELAY = 0.1  # seconds between the answer and the commit, in which a kill loses what was confirmed
# They would close the connection of the transaction that is open around a request.
request_started.disconnect(close_old_connections)
request_finished.disconnect(close_old_connections)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer like the platform, but within a transaction that ends after the answer."""
    if environ["REQUEST_METHOD"] != "POST":
        time.sleep(4 * DELAY)  # until the form that led here is committed
        return careful(environ, start_response)
    block = transaction.atomic()
    block.__enter__()
    return _CommittedLate(careful(environ, start_response), block)


class _CommittedLate:
    """The body of an answer, which the server closes once the answer is sent."""

    def __init__(self, response: Any, block: transaction.Atomic) -> None:
        self._response = response
        self._block = block

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        time.sleep(DELAY)
        self._block.__exit__(None, None, None)
        self._response.close()
