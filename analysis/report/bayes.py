"""Bayes factors in words and figures."""

from collections.abc import Mapping

from analysis.apa_numbers import bounded, number
from analysis.outcomes.bayes import BayesContrast
from analysis.results import Results
from analysis.statistics.comparisons.bayes_factors import BayesFactor

SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def sentences(
    found: Mapping[str, tuple[BayesContrast, ...]], results: Results
) -> dict[str, list[str]]:
    """By outcome: how many contrasts the data speak for and against, and by how much at most."""
    return {key: [_sentence(contrasts)] for key, contrasts in found.items()}


def ratio(log10: float) -> str:
    """BF to three digits: 17.3, 0.034, 2.4 × 10⁶."""
    if log10 >= 5:
        whole = int(log10)
        return f"{number(10 ** (log10 - whole), 1)} × 10{str(whole).translate(SUPERSCRIPT)}"
    value = 10**log10
    digits = max(0, 2 - int(log10 // 1)) if log10 < 2 else 0
    return "< 0.00001" if log10 < -5 else number(value, min(digits, 6))


def _sentence(contrasts: tuple[BayesContrast, ...]) -> str:
    factors = [(one, one.factor) for one in contrasts if isinstance(one.factor, BayesFactor)]
    if not factors:
        return "No Bayes factor can be had."
    scale = bounded(factors[0][1].scale, 3)
    most, high = max(factors, key=lambda pair: pair[1].log10)
    least, low = min(factors, key=lambda pair: pair[1].log10)
    told = [] if high.log10 <= 0 else [_for(most, high.log10, "with", "without")]
    told += [] if low.log10 > 0 else [_for(least, -low.log10, "without", "with")]
    return f"Bayes factors (JZS, prior scale {scale}): " + "; ".join(told) + "."


def _for(contrast: BayesContrast, log10: float, one: str, other: str) -> str:
    pair = f"“{contrast.label}” and “{contrast.reference_label}”"
    return (
        f"the data are most in favour of {'a' if one == 'with' else 'no'} difference for {pair}, "
        f"{ratio(log10)} times as likely {one} one as {other}"
    )
