"""Verdicts on printed numbers: whether a recomputed number has the printed digits."""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from enum import StrEnum

_PRINTED = re.compile(r"(?P<sign>[<>]?)\s*(?P<number>-?(\d+(\.\d*)?|\.\d+))")
_NOISE = Decimal("1e-9")
"""Relative size of an error that arithmetic on binary numbers may make."""


class Verdict(StrEnum):
    """What the comparison with a printed number showed."""

    EQUAL = "equal"
    ROUNDING = "rounding slip"
    SLIP = "coding slip"
    DIFFERS = "differs"
    UNKNOWN = "not determinable"


class PrintedError(ValueError):
    """A text that is not a printed number."""


@dataclass(frozen=True)
class Printed:
    """A printed number: its sign "<", ">" or "", and its value with the decimals it was given."""

    sign: str
    value: Decimal

    @property
    def unit(self) -> Decimal:
        """Return one unit of the last printed digit."""
        return Decimal(1).scaleb(int(self.value.as_tuple().exponent))


def read_printed(text: str) -> Printed:
    """Return the number in the text. Raises PrintedError if there is none."""
    match = _PRINTED.fullmatch(text.strip())
    if match is None:
        raise PrintedError(
            f'value is {text!r}. Write a number as the paper prints it, such as "81.56", ".017" '
            'or "< .001".'
        )
    return Printed(match["sign"], Decimal(match["number"]))


def compare(printed: Printed, number: float) -> Verdict:
    """Return EQUAL, ROUNDING or DIFFERS for a recomputed number.

    A number is equal if rounding it, half up or half to even, gives the printed digits. It is a
    rounding slip if it was cut, or differs by less than a unit of the last digit.
    """
    # Eleven digits after the last printed one: enough, and without the noise of binary fractions.
    exact = Decimal(repr(number))
    if printed.sign:
        below = exact < printed.value
        return Verdict.EQUAL if below == (printed.sign == "<") else Verdict.DIFFERS
    tidy = exact.quantize(printed.unit * Decimal("1e-9")) if exact else exact
    rounded = {tidy.quantize(printed.unit, way) for way in (ROUND_HALF_UP, ROUND_HALF_EVEN)}
    if printed.value in rounded:
        return Verdict.EQUAL
    cut = tidy.quantize(printed.unit, ROUND_DOWN) == printed.value
    near = abs(exact - printed.value) < printed.unit * (1 - _NOISE)
    return Verdict.ROUNDING if cut or near else Verdict.DIFFERS


def shown(printed: Printed, number: float) -> str:
    """Return the recomputed number with two more decimals than the printed one."""
    decimals = max(0, -int(printed.value.as_tuple().exponent)) + 2
    text = f"{number:.{decimals}f}"
    tiny = number != 0 and float(text) == 0
    return f"{number:.2e}" if tiny else text
