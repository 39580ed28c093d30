"""Progress with the remaining time, also if the output is a file."""

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
SECONDS_IN_A_FILE = 30


Told = Callable[[str, int, int], None]
"""Is called with what is being measured, how many images are done, and how many there are."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def counted(items: Iterable[Item], total: int, what: str, told: Told = silent) -> Iterator[Item]:
    """Yield the items, with a bar on a terminal and an occasional line in a file.

    ``told`` is called after each item that was used.
    """
    terminal = sys.stderr.isatty()
    interval = 0.1 if terminal else SECONDS_IN_A_FILE
    shown = tqdm(
        items,
        total=total,
        desc=what,
        unit="image",
        mininterval=interval,
        miniters=1,
        smoothing=0.1,
        disable=told is not silent,  # whoever listens shows the progress in a way of its own
    )
    for number, item in enumerate(shown, start=1):
        yield item
        told(what, number, total)
