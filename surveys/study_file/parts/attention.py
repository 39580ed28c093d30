"""An instructed-response item on a page of its own."""

from dataclasses import dataclass

from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True)
class AttentionPart(Part):
    """Asks for one named point of a scale; what is chosen is stored, and judged in the analysis."""

    def steps(self, place: Place) -> tuple[Step, ...]:
        return (Step(place.key(self.key), "attention", part=self.key, block=place.block),)
