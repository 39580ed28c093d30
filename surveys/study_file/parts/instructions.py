"""Pages without questions: instructions for task and map, and texts of the researcher."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.toml.value_types import Words
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True)
class InstructionsPart(Part):
    """A page that explains the following trials, with an example."""

    default_per_block: ClassVar[bool] = True

    def steps(self, place: Place) -> tuple[Step, ...]:
        return (Step(place.key(self.key), "instructions", part=self.key, block=place.block),)


@dataclass(frozen=True, kw_only=True)
class TextPart(Part):
    """A heading and paragraphs from the study file."""

    heading: Words
    text: Words

    texts: ClassVar[tuple[str, ...]] = ("heading", "text")

    def steps(self, place: Place) -> tuple[Step, ...]:
        return (Step(place.key(self.key), "text", part=self.key, block=place.block),)
