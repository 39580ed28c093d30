"""Perceptual items, in which a picture is found again (kind "perception" in a study file)."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step

PICTURES = 6
"""Pictures on a page, of which one is found again."""


@dataclass(frozen=True)
class PerceptionPart(Part):
    """Pages on which one of six pictures is found again in a picture without colours.

    ``items`` is the number of pages. By guessing, all but 1.6 % of people have two of four wrong.
    """

    items: Annotated[int, Ge(1), Le(10)] = 4

    def steps(self, place: Place) -> tuple[Step, ...]:
        return tuple(
            Step(
                place.key(f"{self.key}:{number}"),
                "perception",
                part=self.key,
                block=place.block,
                number=number,
            )
            for number in range(1, self.items + 1)
        )
