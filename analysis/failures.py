"""Unexpected errors in one part of an analysis, which must not take the other parts with them.

Errors that the analysis raises deliberately (AnalysisError) are not failures: NotEstimableError is
a result, and every other one refuses the whole table or plan.
"""

import logging
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from analysis.errors import AnalysisError

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """An unexpected error: the part of the analysis, the error's type and text, and its traceback.

    A line of the traceback names module, line and function, without folders, which differ between
    machines.
    """

    part: str
    error: str
    message: str
    traceback: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Return part, error and place in one sentence."""
        where = f" ({self.traceback[-1]})" if self.traceback else ""
        return f"{self.part}: {self.error}: {self.message}{where}"


@dataclass
class Failures:
    """The failures so far, in the order of the parts."""

    found: list[Failure] = field(default_factory=list)

    def guarded(self, part: str, compute: Callable[[], T], instead: Callable[[Failure], T]) -> T:
        """Return the result of `compute`, or of `instead` if it fails with an unexpected error."""
        try:
            return compute()
        except AnalysisError:
            raise
        except Exception as error:
            failure = Failure(part, type(error).__name__, str(error), _frames(error))
            # The message may quote data, which must not get into a log.
            place = failure.traceback[-1] if failure.traceback else "an unknown place"
            logger.error("%s failed with %s in %s", part, failure.error, place)
            if failure not in self.found:  # the page asks for some parts more than once
                self.found.append(failure)
            return instead(failure)


def _frames(error: BaseException) -> tuple[str, ...]:
    return tuple(
        f"{_module(frame.filename)}, line {frame.lineno}, in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[1:]
    )


def _module(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(ROOT / "analysis"):
        return ".".join(path.relative_to(ROOT).with_suffix("").parts)
    parts = path.with_suffix("").parts
    place = parts.index("site-packages") + 1 if "site-packages" in parts else -1
    return ".".join(parts[place:])
