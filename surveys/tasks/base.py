"""What a task is: the stages of a trial, what each shows, and what it asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from surveys.questionnaires.base import Item

Asks = Callable[[Mapping[str, str], str], tuple[Item, ...]]
"""From the classes' labels by name, and how sureness is asked (CONFIDENCE), to a page's items."""


@dataclass(frozen=True)
class Stage:
    """One page of a trial. ``shows_prediction`` and ``shows_map`` as far as the condition does."""

    key: str
    asks: Asks
    shows_prediction: bool = True
    shows_map: bool = True


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

    def stage(self, key: str) -> Stage:
        """The stage of this key."""
        return next(stage for stage in self.stages if stage.key == key)
