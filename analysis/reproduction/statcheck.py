"""Check that a printed p matches its printed statistic and df (Nuijten et al., 2016)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from scipy import stats

NUMBER = r"[-\N{MINUS SIGN}]?\d*\.?\d+"
PATTERN = re.compile(
    rf"(?P<symbol>[FtzHQ]|χ²)\s*(?:\(\s*(?P<df>{NUMBER}(?:\s*,\s*{NUMBER})*)\s*\))?\s*=\s*"
    rf"(?P<value>{NUMBER})\s*[,;]?\s*p\s*(?P<relation>[=<>])\s*(?P<p>{NUMBER})"
)


@dataclass(frozen=True)
class PrintedTest:
    """A test as printed, with the p that its statistic and df give.

    `p_low` and `p_high` are the limits over all statistics and df that round to the printed values.
    `consistent` is True if some p between them rounds to the printed p, or is on its side. `one_df`
    is the p with one numerator df, which helps to find the error.
    """

    text: str
    p: float
    p_low: float
    p_high: float
    consistent: bool
    one_df: float | None

    @property
    def sentence(self) -> str:
        """Return a sentence on an inconsistent test."""
        hint = (
            "" if self.one_df is None else f"; with one numerator df it would be {self.one_df:.4g}"
        )
        return f"“{self.text}”: p is {self.p:.4g}, not as printed{hint}."


def printed_tests(text: str) -> Iterator[PrintedTest]:
    """Yield every 'F(2, 17.13) = 5.18, p = .017' of the text, also with t, z, χ², H and Q."""
    for match in PATTERN.finditer(_plain(text)):
        degrees = [float(part) for part in (match["df"] or "").split(",") if part.strip()]
        if _fits(match["symbol"], degrees):
            yield _checked(match, degrees)


def inconsistent(text: str) -> list[PrintedTest]:
    """Return the tests whose p is impossible given statistic and df."""
    return [test for test in printed_tests(text) if not test.consistent]


def _checked(match: "re.Match[str]", degrees: list[float]) -> PrintedTest:
    symbol, printed = match["symbol"], abs(float(match["value"]))
    half = 0.5 * 10.0 ** -_decimals(match["value"])
    p = _p(symbol, printed, degrees)
    corners = [
        _p(symbol, max(value, 0.0), list(df))
        for value in (printed - half, printed + half)
        for df in _around(match["df"] or "")
    ]
    p_low, p_high = min(corners), max(corners)
    consistent = _consistent(p_low, p_high, match["relation"], match["p"])
    one_df = _p("F", printed, [1.0, degrees[1]]) if symbol == "F" and not consistent else None
    return PrintedTest(match[0], p, p_low, p_high, consistent, one_df)


def _around(df: str) -> Iterator[tuple[float, ...]]:
    """Return the limits of the values that round to the printed df.

    Whole numbers are exact.
    """
    ends = []
    for limit in (part.strip() for part in df.split(",") if part.strip()):
        half = 0.5 * 10.0 ** -_decimals(limit) if _decimals(limit) else 0.0
        ends.append((float(limit) - half, float(limit) + half) if half else (float(limit),))
    return product(*ends)


def _consistent(p_low: float, p_high: float, relation: str, printed: str) -> bool:
    value = float(printed)
    if relation == "<":
        return p_low < value
    if relation == ">":
        return p_high > value
    half = 0.5 * 10.0 ** -_decimals(printed)
    return p_low <= value + half and p_high >= value - half


def _p(symbol: str, value: float, degrees: list[float]) -> float:
    if symbol == "F":
        return float(stats.f.sf(value, *degrees))
    if symbol == "t":
        return float(2 * stats.t.sf(value, degrees[0]))
    if symbol == "z":
        return float(2 * stats.norm.sf(value))
    return float(stats.chi2.sf(value, degrees[0]))


def _fits(symbol: str, degrees: list[float]) -> bool:
    return len(degrees) == {"F": 2, "z": 0}.get(symbol, 1)


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _plain(text: str) -> str:
    """Return the text without tags, entities and TeX around the symbols."""
    plain = re.sub(r"<[^>]+>", "", text)
    for old, new in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("\N{NO-BREAK SPACE}", " "),
        (r"\textless", "<"),
    ):
        plain = plain.replace(old, new)
    plain = re.sub(r"\\textit\{(\w+)\}", r"\1", plain)
    return plain.replace("\N{MINUS SIGN}", "-")
