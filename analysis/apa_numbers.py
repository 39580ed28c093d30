"""Numbers in APA style (7th edition), where a number that is not finite raises ValueError."""

import math

from analysis.statistics.estimate import Estimate, HypothesisTest

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 2) -> str:
    """Format with `digits` decimals, leading zero and thousands commas: 0.31, −1.20, 13,599.08."""
    if not math.isfinite(value):
        raise ValueError(f"a report can print only finite numbers, not {value}")
    text = f"{abs(value):,.{digits}f}"
    return MINUS + text if value < 0 and text.strip("0.") else text


def fine(value: float) -> str:
    """Format with three decimals, for small quantities such as products of coefficients."""
    return number(value, 3)


def bounded(value: float, digits: int = 2) -> str:
    """Format without leading zero, such as .84, for quantities that cannot exceed 1.

    Examples are α, r and shares of variance.
    """
    text = number(value, digits)
    return text.replace("0.", ".", 1) if text.lstrip(MINUS).startswith("0.") else text


def p_value(p: float) -> str:
    """Format as '= .032', '< .001' or '> .999', with four decimals close to .05.

    Near .05 three decimals would hide on which side p is.
    """
    if p < 0.001:
        return "< .001"
    if p > 0.9995:
        return "> .999"
    return f"= {bounded(p, 4 if p != 0.05 and abs(p - 0.05) < 0.0005 else 3)}"


def p_cell(p: float) -> str:
    """Format p for a table cell, without the equals sign."""
    return p_value(p).removeprefix("= ")


def percent(value: float, digits: int = 0) -> str:
    """Format a share as a percentage, such as 67%."""
    return f"{number(100 * value, digits)}%"


def degrees(df: float) -> str:
    """Format whole degrees of freedom without decimals and others with two, without commas."""
    return f"{df:.0f}" if math.isclose(df, round(df), abs_tol=1e-3) else f"{df:.2f}"


def interval(estimate: Estimate, form: str = "number") -> str:
    """Format an interval such as '[0.12, 1.04]'.

    `form` is number, fine (three decimals), bounded or percent. An interval that excludes zero gets
    a third or fourth decimal where an end would print as zero: [−0.072, −0.004].
    """
    ends = estimate.low, estimate.high
    if form == "percent":
        return f"[{percent(ends[0])}, {percent(ends[1])}]"
    show, digits = (bounded, 2) if form == "bounded" else (number, 3 if form == "fine" else 2)
    if ends[0] * ends[1] > 0:
        nearest = min(map(abs, ends))
        digits = next((more for more in range(digits, 5) if nearest >= 0.5 * 10**-more), digits)
    return f"[{show(ends[0], digits)}, {show(ends[1], digits)}]"


def reported(test: HypothesisTest) -> str:
    """Format a test, such as 'F(2, 17.13) = 5.18, p = .017'.

    A test without degrees of freedom has no brackets. Approximate df are named after the p.
    """
    df = ", ".join(degrees(value) for value in test.df)
    brackets = f"({df})" if df else ""
    named = f" ({test.df_method} df)" if test.df_method else ""
    return f"{test.symbol}{brackets} = {number(test.statistic)}, p {p_value(test.p)}{named}"
