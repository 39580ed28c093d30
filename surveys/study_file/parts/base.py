"""What a part of a study is: its fields are the keys of its table, and it lays out its pages."""

from dataclasses import dataclass
from typing import ClassVar, Self

from analysis.toml.problems import TableProblems
from analysis.toml.value_types import Words
from surveys.study_file.step import Step


@dataclass(frozen=True)
class Place:
    """Where pages are laid out: in which block of how many, and the number of the next trial."""

    block: int
    blocks: int
    next_trial: int

    def key(self, name: str) -> str:
        """The name, made unique among the blocks."""
        return f"{name}@{self.block}" if self.block and self.blocks > 1 else name


@dataclass(frozen=True)
class Part:
    """One entry of a study's sequence. ``per_block``: it is repeated in each block.

    ``conditions``: the keys of the conditions whose blocks contain it; empty for all.
    """

    key: Words
    per_block: bool
    conditions: tuple[Words, ...] = ()

    default_per_block: ClassVar[bool] = False
    texts: ClassVar[tuple[str, ...]] = ()
    """Fields that people read: each language of the study has its own."""

    @property
    def trials_per_block(self) -> int:
        """How many trials it adds to a block."""
        return 0

    def checked(self, at: TableProblems) -> Self:
        """Return the part that can be used; what is wrong in its table is reported."""
        return self

    def is_in(self, condition: str) -> bool:
        """Check whether blocks of the condition with this key contain it."""
        return not self.conditions or condition in self.conditions

    def steps(self, place: Place) -> tuple[Step, ...]:
        """Its pages at the place, in order; their conditions are added to them later."""
        raise NotImplementedError
