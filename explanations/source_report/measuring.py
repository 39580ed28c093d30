"""Measurement of the images of each class, stored image by image, so that a stopped run resumes."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from explanations.evaluation.cases import Case
from explanations.evaluation.progress import counted
from explanations.evaluation.resumable_lines import Values, read_lines, resumed
from explanations.source_report.numbers import (
    Network,
    absolute_baselines,
    another_training,
    centre,
    cheap,
    controls,
    expensive,
    located,
    narrow,
)
from explanations.source_report.processes import Compute, Computing, InThisProcess, Timed

HERE = InThisProcess()


@dataclass(frozen=True)
class Group:
    """Numbers that are computed together, with the sample on which they are computed."""

    key: str
    label: str
    compute: Compute
    quick: int
    """Images of all classes together in a quick run."""
    full: int
    """Images of each class in a full run."""
    version: int
    """Part of the files' names: raise it when the same image leads to other numbers."""
    of_two_trainings: bool = False
    """Whether the numbers also depend on the other network."""
    of_one_class: bool = False
    """Whether the numbers also depend on the background of one class."""


CHEAP = Group("depth", "layers and saliency", cheap, quick=20, full=100, version=4)
CONTROLS = Group("controls", "rotated maps", controls, quick=20, full=100, version=3)
CENTRE = Group("centre", "centre of the image", centre, quick=20, full=100, version=1)
EXPENSIVE = Group("methods", "IG, SHAP and LIME", expensive, quick=2, full=10, version=5)
BASELINES = Group(
    "baselines", "IG's absolute values by baseline", absolute_baselines, quick=2, full=10, version=1
)
TRAININGS = Group(
    "trainings",
    "LIME of another network",
    another_training,
    quick=1,
    full=10,
    version=1,
    of_two_trainings=True,
)
NARROW = Group(
    "narrow",
    "SHAP with a background of one class",
    narrow,
    quick=1,
    full=10,
    version=1,
    of_one_class=True,
)
LOCATED = Group("objects", "object masks of synthetic scenes", located, quick=2, full=10, version=4)

Numbers = Mapping[str, Sequence[Values]]
"""Values of each image, by class."""


@dataclass(frozen=True, eq=False)
class Work:
    """A group of numbers to be computed on a network's images."""

    group: Group
    network: Network
    cases: Mapping[str, Sequence[Case]]
    """Images by class."""
    folder: Path

    @property
    def images(self) -> int:
        """Return the number of images."""
        return sum(map(len, self.cases.values()))

    def path(self, class_name: str) -> Path:
        """Return the file of a class, whose name identifies the weights and the backgrounds."""
        parts = [self.network.classifier.sha256, *(b.sha256 for b in self.network.backgrounds)]
        if self.group.of_two_trainings and self.network.other:
            parts.append(self.network.other.sha256)
        if self.group.of_one_class and self.network.narrow:
            parts.append(self.network.narrow.sha256)
        stamp = hashlib.sha256(f"{self.group.version} {parts}".encode()).hexdigest()[:12]
        return self.folder / f"{self.group.key}-{stamp}" / f"{class_name}.jsonl"

    def by_image(self) -> dict[str, Values]:
        """Return the numbers on disk by the hash of the image, for a join with other groups."""
        stored: dict[str, Values] = {}
        for name in self.cases:
            stored |= read_lines(self.path(name))
        return stored

    def missing(self) -> list[Case]:
        """List the images whose numbers are not on disk yet."""
        return [case for _, case in self._missing_by_class()]

    def _missing_by_class(self) -> list[tuple[str, Case]]:
        return [
            (name, case)
            for name, cases in self.cases.items()
            for known in [read_lines(self.path(name))]
            for case in cases
            if case.sha256 not in known
        ]

    def measure(self, computing: Computing = HERE) -> Numbers:
        """Compute the missing numbers class by class and return all."""
        numbers: dict[str, list[Values]] = {name: [] for name in self.cases}
        what = f"{self.network.label}, {self.group.label}"
        for name, values in counted(self._each(computing), self.images, what):
            numbers[name].append(values)
        return numbers

    def _each(self, computing: Computing) -> Iterator[tuple[str, Values]]:
        # All missing images are handed over at once, so that no core waits for the end of a class.
        computed = computing(self.group.compute, self.network, self.missing())
        for name, cases in self.cases.items():
            hashes = [case.sha256 for case in cases]
            for _, values in resumed(self.path(name), hashes, lambda _: next(computed)[0]):
                yield name, values

    def begin(self, computing: Computing) -> Callable[[], float]:
        """Hand over the first missing images; return a function that keeps their numbers.

        It returns the seconds that the other missing images need on one core. A process's first
        image also pays for work that is done once, such as recording SHAP's background. Of one
        image more than there are processes, at least one was not the first of its process, so that
        the quickest is multiplied.
        """
        missing = self._missing_by_class()
        first = missing[: computing.cores + 1]
        computed = computing(self.group.compute, self.network, [case for _, case in first])
        return partial(self._keep, first, computed, len(missing) - len(first))

    def _keep(
        self, first: Sequence[tuple[str, Case]], computed: Iterator[Timed], others: int
    ) -> float:
        quickest = 0.0
        for (name, case), (values, seconds) in zip(first, computed, strict=True):
            list(resumed(self.path(name), [case.sha256], {case.sha256: values}.__getitem__))
            quickest = min(quickest or seconds, seconds)
        return quickest * others


def seconds_left(works: Sequence[Work], computing: Computing = HERE) -> float:
    """Estimate the time that all missing numbers need on one core, from the first of each group.

    These are computed at once, on all cores, and kept.
    """
    begun = [work.begin(computing) for work in works]
    return sum(keep() for keep in begun)
