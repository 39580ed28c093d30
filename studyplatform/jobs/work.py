"""What the body of a job gets and returns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studyplatform.jobs.lease import Lease
from studyplatform.jobs.step_words import step_in_words
from surveys.models import Study


class RefusedError(ValueError):
    """Work that cannot be done as asked. The message says why, ``cure`` what to do."""

    def __init__(self, sentence: str, cure: str = "") -> None:
        super().__init__(sentence)
        self.cure = cure


@dataclass(frozen=True)
class Told:
    """What a job tells about itself: a line for the log, or how far it has come."""

    sentence: str = ""
    step: str = ""
    done: int = 0
    total: int | None = None
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Work:
    """A job as its body sees it: arguments, folders and a way to tell what is going on."""

    study: Study
    arguments: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    lease: Lease
    output: Path
    """Folder of the result. Whatever the body writes here, the result contains."""
    kept: Path
    """Folder whose content the next attempt gets if this one is killed."""
    tell: Callable[[Told], None] = lambda told: None

    def say(self, sentence: str) -> None:
        """Add a line to the job's log."""
        self.tell(Told(sentence=sentence))

    def step(self, words: str) -> None:
        """Tell what is being done now, in words or by the name of a step in STEPS."""
        self.tell(Told(step=step_in_words(words)))

    def progress(self, done: int, total: int, unit: str, step: str = "") -> None:
        """Tell how much is done; ``unit`` is a plural noun, and ``step`` as in ``step``."""
        self.tell(Told(done=done, total=total, unit=unit, step=step_in_words(step)))


@dataclass(frozen=True)
class Done:
    """What a body returns: a sentence, and which data, plan and software made the result."""

    summary: str
    provenance: Mapping[str, Any] = field(default_factory=dict)
    page: str = ""
    """Name of the file to be read in the browser. Empty if there is none."""
    reveals_arms: bool = False
    """Whether the files show arms of real participants."""
