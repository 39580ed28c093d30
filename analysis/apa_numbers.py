"""Numbers as APA style (7th edition) prints them; a number that does not exist raises."""

import math

from analysis.statistics.estimate import Estimate, HypothesisTest

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 2) -> str:
    """With `digits` decimals, a leading zero, thousands by commas: 0.31, −1.20, 13,599.08."""
    if not math.isfinite(value):
        raise ValueError(f"a report prints finite numbers only, got {value}")
    text = f"{abs(value):,.{digits}f}"
    return MINUS + text if value < 0 and text.strip("0.") else text


def fine(value: float) -> str:
    """With three decimals, for small quantities such as products of coefficients."""
    return number(value, 3)


def bounded(value: float, digits: int = 2) -> str:
    """For what cannot exceed 1 (alpha, r, shares of variance): no leading zero, .84."""
    text = number(value, digits)
    return text.replace("0.", ".", 1) if text.lstrip(MINUS).startswith("0.") else text


def p_value(p: float) -> str:
    """'= .032'; '< .001' below; '> .999' above; one digit more where .05 would hide the side."""
    if p < 0.001:
        return "< .001"
    if p > 0.9995:
        return "> .999"
    return f"= {bounded(p, 4 if p != 0.05 and abs(p - 0.05) < 0.0005 else 3)}"


def p_cell(p: float) -> str:
    """The same for a table's cell, without the equals sign."""
    return p_value(p).removeprefix("= ")


def percent(value: float, digits: int = 0) -> str:
    """A share as a percentage: 67%."""
    return f"{number(100 * value, digits)}%"


def degrees(df: float) -> str:
    """Whole degrees of freedom as such, even if computed; others with two decimals, no commas."""
    return f"{df:.0f}" if math.isclose(df, round(df), abs_tol=1e-3) else f"{df:.2f}"


def interval(estimate: Estimate, form: str = "number") -> str:
    """'[0.12, 1.04]' in the form of number, fine (three decimals), bounded or percent."""
    show = {"number": number, "fine": fine, "bounded": bounded, "percent": percent}[form]
    return f"[{show(estimate.low)}, {show(estimate.high)}]"


def reported(test: HypothesisTest) -> str:
    """'F(2, 17.13) = 5.18, p = .017'; without brackets where a test has no degrees of freedom."""
    df = ", ".join(degrees(value) for value in test.df)
    brackets = f"({df})" if df else ""
    return f"{test.symbol}{brackets} = {number(test.statistic)}, p {p_value(test.p)}"
