"""Progress of work whose length in seconds is unknown, on a terminal."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from tqdm import tqdm

SECONDS_BETWEEN = 1.0


@contextmanager
def working(what: str, stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Show what is being done and for how long, until the block ends.

    Yields a function that the block may call with the step it has come to, such as "outcome 3 of
    8", which is shown with it.

    Nothing is shown if ``stream``, by default the standard error, is not a terminal.
    """
    shown = tqdm(desc=what, bar_format="{desc} … {elapsed}", disable=None, leave=False, file=stream)
    with shown as bar:
        if bar.disable:
            yield lambda step: None
            return
        done = threading.Event()

        def tick() -> None:
            while not done.wait(SECONDS_BETWEEN):
                bar.refresh()

        # A daemon, so that a crash of the work never waits for its clock.
        clock = threading.Thread(target=tick, daemon=True)
        clock.start()
        try:
            yield lambda step: bar.set_description_str(f"{what}: {step}")
        finally:
            done.set()
            clock.join()
