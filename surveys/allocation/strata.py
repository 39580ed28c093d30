"""Stratification factors, and the level that an answer belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOT_ANSWERED = "not answered"
"""The level of a person who did not answer the item, or whose answer has no level."""


@dataclass(frozen=True)
class Stratum:
    """A factor: the answer to ``item`` of ``questionnaire``, asked before the allocation.

    ``cuts`` divide numbers into levels: 30 and 50 give "below 30", "30 to 50" and "50 or more",
    where 50 belongs to the last. ``levels`` lists the answers of each level by its name. Without
    either, each answer is a level.
    """

    key: str
    questionnaire: str
    item: str
    cuts: tuple[float, ...] = ()
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def level_of(self, answer: str) -> str:
        """Return the level that an answer belongs to. An empty answer means not answered."""
        if not answer:
            return NOT_ANSWERED
        if self.levels:
            return next((name for name, of in self.levels.items() if answer in of), NOT_ANSWERED)
        return self._between_cuts(answer) if self.cuts else answer

    def _between_cuts(self, answer: str) -> str:
        try:
            number = float(answer)
        except ValueError:  # "does not apply"
            return NOT_ANSWERED
        below = [cut for cut in self.cuts if cut <= number]
        above = [cut for cut in self.cuts if cut > number]
        if not below:
            return f"below {above[0]:g}"
        return f"{below[-1]:g} to {above[0]:g}" if above else f"{below[-1]:g} or more"
