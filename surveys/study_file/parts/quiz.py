"""Comprehension check on the meaning of the map, with two attempts (kind "quiz" in a study
file).
"""

from dataclasses import dataclass
from typing import ClassVar

from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step

TRIES = 2


@dataclass(frozen=True)
class QuizPart(Part):
    """Questions on the condition's method. A participant without a mistake skips the second
    attempt.
    """

    default_per_block: ClassVar[bool] = True

    def steps(self, place: Place) -> tuple[Step, ...]:
        return tuple(
            Step(
                place.key(f"{self.key}:{number}"),
                "quiz",
                part=self.key,
                block=place.block,
                number=number,
            )
            for number in range(1, TRIES + 1)
        )
