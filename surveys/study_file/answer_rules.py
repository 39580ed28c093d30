"""Rules about earlier answers, by which pages, items and endings depend on them."""

from dataclasses import dataclass

from analysis.toml.value_types import Cell, Number, Stripped, Words
from surveys.questionnaires.base import DOES_NOT_APPLY, SEPARATOR


@dataclass(frozen=True)
class AnswerRule:
    """A rule about the answer to ``item``, which an earlier page asked.

    ``part`` names the part that asked it, where several do. A rule has one comparison, except that
    ``at_least`` and ``at_most`` can be combined. ``equals`` and ``one_of`` also hold if the value
    is among several that were ticked.
    """

    item: Words
    part: Stripped = ""
    equals: Cell | None = None
    one_of: tuple[Cell, ...] = ()
    at_least: Number | None = None
    at_most: Number | None = None
    answered: bool | None = None

    @property
    def values(self) -> tuple[Cell, ...]:
        """Return the answers that the rule names."""
        return self.one_of if self.equals is None else (self.equals, *self.one_of)

    @property
    def limits(self) -> tuple[Number, ...]:
        return tuple(limit for limit in (self.at_least, self.at_most) if limit is not None)

    @property
    def comparisons(self) -> tuple[str, ...]:
        """Return the comparisons that the rule has, where a range counts as one."""
        declared = {
            "equals": self.equals is not None,
            "one_of": bool(self.one_of),
            "at_least or at_most": bool(self.limits),
            "answered": self.answered is not None,
        }
        return tuple(name for name, is_there in declared.items() if is_there)

    def holds(self, answer: str | None) -> bool:
        """Return whether the rule holds for the answer, which is None if there is none."""
        if self.answered is not None:
            return self.answered == bool(answer)
        if not answer:
            return False
        if self.limits:
            return _number(answer) is not None and self._is_within(float(answer))
        chosen = {answer, *answer.split(SEPARATOR)}
        return any(is_same(value, one) for value in self.values for one in chosen)

    def _is_within(self, number: float) -> bool:
        low = self.at_least is None or number >= self.at_least
        return low and (self.at_most is None or number <= self.at_most)

    def words(self) -> str:
        """Return the rule as researchers read it."""
        if self.answered is not None:
            return f"{self.item} is {'answered' if self.answered else 'left empty'}"
        if self.limits:
            low = [f"at least {self.at_least}"] if self.at_least is not None else []
            high = [f"at most {self.at_most}"] if self.at_most is not None else []
            return f"{self.item} is {' and '.join(low + high)}"
        return f"{self.item} is {' or '.join(map(str, self.values))}"


def is_same(value: Cell, answer: str) -> bool:
    """Return whether a value of a study file means the stored answer, as 1 means "1.0"."""
    if isinstance(value, str):
        return value == answer
    return _number(answer) == float(value)


def _number(answer: str) -> float | None:
    if answer == DOES_NOT_APPLY:
        return None
    try:
        return float(answer)
    except ValueError:
        return None
