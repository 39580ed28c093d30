"""Base class of a study's parts, whose fields are the keys of the part's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from analysis.toml.problems import TableProblems
from analysis.toml.value_types import Stripped, Words
from surveys.study_file.answer_rules import AnswerRule
from surveys.study_file.step import Step


@dataclass(frozen=True)
class Place:
    """Position of pages: the block, the number of blocks, and the number of the next trial."""

    block: int
    blocks: int
    next_trial: int

    def key(self, name: str) -> str:
        """Return the name, made unique among the blocks."""
        return f"{name}@{self.block}" if self.block and self.blocks > 1 else name


@dataclass(frozen=True)
class Part:
    """An entry of a study's sequence.

    ``per_block`` repeats the part in each block, or only in those that ``blocks`` numbers.
    ``conditions`` lists the keys of the conditions whose blocks contain it, and is empty for all.
    Everybody sees the part, unless an answer breaks one of the rules ``show_if``.
    ``session`` is the later session to which the part belongs, if any.
    """

    key: Words
    per_block: bool
    conditions: tuple[Words, ...] = ()
    blocks: tuple[int, ...] = ()
    show_if: tuple[AnswerRule, ...] = ()
    session: Stripped = ""

    default_per_block: ClassVar[bool] = False
    texts: ClassVar[tuple[str, ...]] = ()
    """Fields that participants read, which every language of the study repeats."""

    @property
    def items_if(self) -> Mapping[str, tuple[AnswerRule, ...]]:
        """Return the rules of the items that only some people are shown, by item."""
        return {}

    @property
    def trials_per_block(self) -> int:
        """Return how many trials the part adds to a block."""
        return 0

    def checked(self, at: TableProblems) -> Self:
        """Return the part in a usable form, and report problems of its table."""
        return self

    def is_in(self, condition: str) -> bool:
        """Check whether blocks of the condition with this key contain the part."""
        return not self.conditions or condition in self.conditions

    def is_in_block(self, number: int) -> bool:
        """Check whether the block with this number contains the part. 0 is outside the blocks."""
        return not self.blocks or number in self.blocks

    def steps(self, place: Place) -> tuple[Step, ...]:
        """Return the part's pages at the place, in order. Their conditions are added later."""
        raise NotImplementedError
