"""The control's server: it answers a form before the commit, and commits a little later."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import transaction

from tests.reliability.warm import application as careful

DELAY = 0.2  # seconds between the answer and the commit, in which a kill loses what was confirmed


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer like the platform, but within a transaction that ends after the answer."""
    if environ["REQUEST_METHOD"] != "POST":
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
