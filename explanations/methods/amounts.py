"""Numbers of samples or steps that a study can choose, and how a method's key names them.

The key of a variant ends in its amount, as in ``lime_samples_200`` or
``lime_samples_2000_within_0-1``. Maps with different amounts therefore never mix: they belong to
different methods in the database, in the data and in every file.
"""

import re
from dataclasses import dataclass

_ENDING = re.compile(
    r"(?P<plain>.+?)(?:_(?:samples|steps)_(?P<number>[1-9]\d*))?"
    r"(?:_within_(?P<tolerance>0-\d{1,3}))?"
)
LONGEST_KEY = 40
"""Length of the columns of the database that contain a method's key."""
LEAST_TOLERANCE, MOST_TOLERANCE = 0.01, 0.9


class AmountError(ValueError):
    """A number of samples or steps, or a tolerance, that a method cannot have."""


@dataclass(frozen=True)
class Amount:
    """Number of samples or steps of a method.

    ``stops``: the method also takes a tolerance, at which it stops before the full number.
    """

    name: str
    """Name of the parameter: samples or steps."""
    usual: int
    """Default of the method's class."""
    least: int
    most: int
    stops: bool = False

    def check(self, number: int | None, tolerance: float | None) -> None:
        """Raise AmountError for a number or tolerance outside the limits."""
        if number is not None and not self.least <= number <= self.most:
            raise AmountError(
                f"{self.name} is {number}, but must be from {self.least} to {self.most}. The "
                f"default is {self.usual}."
            )
        if tolerance is None:
            return
        if not self.stops:
            raise AmountError(
                f"A tolerance is given, but {self.name} of this method are always computed in "
                "full. Remove tolerance."
            )
        if not LEAST_TOLERANCE <= tolerance <= MOST_TOLERANCE or round(tolerance, 3) != tolerance:
            raise AmountError(
                f"tolerance is {tolerance}, but must be from {LEAST_TOLERANCE} to "
                f"{MOST_TOLERANCE}, with at most three decimals."
            )

    def ending(self, number: int | None, tolerance: float | None) -> str:
        """Return the end of the variant's key. Empty for the default."""
        many = f"_{self.name}_{number}" if number not in (None, self.usual) else ""
        within = f"_within_{tolerance!r}".replace(".", "-") if tolerance is not None else ""
        return many + within

    def joined(self, key: str, ending: str) -> str:
        """Return a method's key with an ending. Raises AmountError if it is too long to store."""
        if len(key + ending) > LONGEST_KEY:
            raise AmountError(
                f"The method's key {key + ending!r} would have {len(key + ending)} letters, but at "
                f"most {LONGEST_KEY} can be stored. Choose a rounder number."
            )
        return key + ending

    def in_words(self, number: int | None, tolerance: float | None) -> str:
        """Return the amount as the end of a label."""
        many = f"{self.usual if number is None else number:,} {self.name}"
        return f"{many} at most, tolerance {tolerance}" if tolerance is not None else many


def split_key(key: str) -> tuple[str, int | None, float | None]:
    """Return a method's key without its amount, the number of samples or steps, and the
    tolerance."""
    match = _ENDING.fullmatch(key)
    if match is None:
        return key, None, None
    number, tolerance = match["number"], match["tolerance"]
    return (
        match["plain"],
        int(number) if number else None,
        float(tolerance.replace("-", ".")) if tolerance else None,
    )
