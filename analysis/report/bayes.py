"""Wording of the Bayes factors."""

from collections.abc import Mapping

from analysis.apa_numbers import bounded, number
from analysis.outcomes.bayes import BayesContrast
from analysis.results import Results
from analysis.statistics.comparisons.bayes_factors import BayesFactor

SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def sentences(
    found: Mapping[str, tuple[BayesContrast, ...]], results: Results
) -> dict[str, list[str]]:
    """Return, by outcome, the strongest evidence for and against a difference."""
    return {key: [_sentence(contrasts)] for key, contrasts in found.items()}


def ratio(log10: float) -> str:
    """Return a Bayes factor with about three digits: 17.3, 0.034, 2.4 × 10⁶."""
    if log10 >= 5:
        whole = int(log10)
        return f"{number(10 ** (log10 - whole), 1)} × 10{str(whole).translate(SUPERSCRIPT)}"
    value = 10**log10
    digits = max(0, 2 - int(log10 // 1)) if log10 < 2 else 0
    return "< 0.00001" if log10 < -5 else number(value, min(digits, 6))


def _sentence(contrasts: tuple[BayesContrast, ...]) -> str:
    factors = [
        (contrast, contrast.factor)
        for contrast in contrasts
        if isinstance(contrast.factor, BayesFactor)
    ]
    if not factors:
        return "No Bayes factor is estimable."
    scale = bounded(factors[0][1].scale, 3)
    most, high = max(factors, key=lambda pair: pair[1].log10)
    least, low = min(factors, key=lambda pair: pair[1].log10)
    favoured = [] if high.log10 <= 0 else [_evidence(most, high.log10, "a difference")]
    favoured += [] if low.log10 > 0 else [_evidence(least, -low.log10, "no difference")]
    return f"Bayes factors (JZS, prior scale {scale}): " + "; ".join(favoured) + "."


def _evidence(contrast: BayesContrast, log10: float, hypothesis: str) -> str:
    alternative = "no difference" if hypothesis == "a difference" else "a difference"
    return (
        f"the strongest evidence for {hypothesis} is between “{contrast.label}” and "
        f"“{contrast.reference_label}”, where the data are {ratio(log10)} times as likely under "
        f"{hypothesis} as under {alternative}"
    )
