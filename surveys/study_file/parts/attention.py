"""Attention check: an instructed-response item on a separate page."""

from dataclasses import dataclass

from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True)
class AttentionPart(Part):
    """A page that asks for a named point of a scale. The answer is judged in the analysis."""

    def steps(self, place: Place) -> tuple[Step, ...]:
        return (Step(place.key(self.key), "attention", part=self.key, block=place.block),)
