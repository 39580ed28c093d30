"""A study as declared in its TOML file. ``parse`` checks all of it and says every error at once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from surveys.models import Study
from surveys.tomltable import FileProblemsError


class StudyFileError(FileProblemsError):
    """A study file that cannot be used: each problem with its line and its cure."""


@dataclass(frozen=True)
class Consent:
    """What a participant agrees to; paragraphs are separated by empty lines."""

    version: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Debrief:
    """What a participant reads at the end."""

    text: str


@dataclass(frozen=True)
class Images:
    """How many right and wrong predictions each participant sees, and of which images."""

    set: str
    split: str
    right: int
    wrong: int


@dataclass(frozen=True)
class DeclaredArm:
    """One randomised group; ``method`` is a key of explanations.catalogue, or empty for no map."""

    key: str
    label: str
    method: str


@dataclass(frozen=True)
class Allocation:
    """Blocks hold each arm ``m`` times, ``m`` drawn from ``block_multiples``."""

    block_multiples: tuple[int, ...]
    places: int


@dataclass(frozen=True)
class Pages:
    """``resume_hours``: after a longer gap nobody goes on; 0 sets no limit."""

    resume_hours: int = 0


@dataclass(frozen=True)
class StudyFile:
    """The whole file. ``weights`` is a path relative to the project; ``analysis`` is the plan."""

    slug: str
    title: str
    seed: int
    consent: Consent
    debrief: Debrief
    images: Images
    weights: str
    arms: tuple[DeclaredArm, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    allocation: Allocation
    analysis: Mapping[str, Any]
    pages: Pages = Pages()


def parse(text: str) -> StudyFile:
    """The study in the text; raises StudyFileError with every problem that it can find."""
    from surveys.studyreading import read  # it reads into the classes above

    return read(text)


def definition(study: Study) -> StudyFile:
    """The file that a study was loaded from."""
    return _definition(study.source)


@lru_cache(maxsize=64)
def _definition(source: str) -> StudyFile:
    from surveys.studyreading import read

    # The plan was checked at loading: the web process need not import the analysis for it.
    return read(source, check_plan=False)
