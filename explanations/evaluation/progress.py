"""Progress with the remaining time, also if the output is a file."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
SECONDS_IN_A_FILE = 30


def counted(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Yield the items, with a bar on a terminal and an occasional line in a file."""
    terminal = sys.stderr.isatty()
    interval = 0.1 if terminal else SECONDS_IN_A_FILE
    yield from tqdm(
        items, total=total, desc=what, unit="image", mininterval=interval, miniters=1, smoothing=0.1
    )
