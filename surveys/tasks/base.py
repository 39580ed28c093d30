"""Tasks: the stages of a trial, and what each of them shows and asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from surveys.questionnaires.base import Item

Asks = Callable[[Mapping[str, str], str], tuple[Item, ...]]
"""Function from the classes' labels by name, and a way to ask for confidence (CONFIDENCE), to a
page's items.
"""


@dataclass(frozen=True)
class Stage:
    """One page of a trial.

    ``shows_prediction`` and ``shows_map`` apply only if the condition shows them, too. ``classes``
    replaces the single map by the maps of this number of classes, which are not named, and
    ``compares`` by the maps of this number of conditions, whatever the participant's own.
    ``uncovers`` blurs the image, of which the participant clears a small circle at a time.
    """

    key: str
    asks: Asks
    shows_prediction: bool = True
    shows_map: bool = True
    classes: int = 0
    compares: int = 0
    uncovers: bool = False

    @property
    def side_by_side(self) -> int:
        """Return how many maps the page shows side by side, or 0 for at most one map."""
        return self.classes or self.compares


@dataclass(frozen=True)
class Task:
    """A task of a trial, of which ``source`` cites the origin. The wording is our own.

    ``needs_prediction``: the task makes no sense in an arm without predictions. ``guesses_class``:
    the participant has to find out the prediction, so neither page nor caption may name it.
    ``how_to`` returns the sentences of the instructions.
    """

    key: str
    label: str
    source: str
    stages: tuple[Stage, ...]
    how_to: Callable[[], tuple[str, ...]]
    needs_prediction: bool = False
    guesses_class: bool = False

    @property
    def classes(self) -> int:
        """Return how many classes' maps the trials show side by side, or 0 for at most one map."""
        return max(stage.classes for stage in self.stages)

    @property
    def compares(self) -> int:
        """Return how many conditions' maps the trials compare, or 0."""
        return max(stage.compares for stage in self.stages)

    @property
    def uncovers(self) -> bool:
        """Return whether the trials show a blurred image to uncover."""
        return any(stage.uncovers for stage in self.stages)

    @property
    def advises_later(self) -> bool:
        """Return whether the prediction is shown, but only after a trial's first page."""
        return not self.stages[0].shows_prediction and self.stages[-1].shows_prediction

    def stage(self, key: str) -> Stage:
        """Return the stage with this key."""
        return next(stage for stage in self.stages if stage.key == key)
