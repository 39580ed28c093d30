"""What a task is: the stages of a trial, what each shows, and what it asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from surveys.questionnaires.base import Item

Asks = Callable[[Mapping[str, str], str], tuple[Item, ...]]
"""From the classes' labels by name, and how sureness is asked (CONFIDENCE), to a page's items."""


@dataclass(frozen=True)
class Stage:
    """One page of a trial. ``shows_prediction`` and ``shows_map`` as far as the condition does.

    ``classes``: in place of the one map, those of so many classes, which are not named.
    """

    key: str
    asks: Asks
    shows_prediction: bool = True
    shows_map: bool = True
    classes: int = 0


@dataclass(frozen=True)
class Task:
    """``source`` says where the task comes from; its words are our own.

    ``needs_prediction``: it makes no sense in an arm that shows none. ``guesses_class``: the
    prediction is what the participant must find, so that neither page nor caption may name it.
    ``how_to`` gives the sentences of the instructions.
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
        """The maps of how many classes its trials show side by side; 0: no more than one map."""
        return max(stage.classes for stage in self.stages)

    @property
    def advises_later(self) -> bool:
        """Whether the prediction is shown, but not from the first page of a trial on."""
        return not self.stages[0].shows_prediction and self.stages[-1].shows_prediction

    def stage(self, key: str) -> Stage:
        """The stage of this key."""
        return next(stage for stage in self.stages if stage.key == key)
