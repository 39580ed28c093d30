"""Likelihood-ratio tests between two nested fits of the same rows."""

from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import HypothesisTest
from analysis.statistics.mixed_models.generalised import GeneralisedFit
from analysis.statistics.mixed_models.linear import LinearFit

Fit = LinearFit | GeneralisedFit


def likelihood_ratio(smaller: Fit, larger: Fit) -> HypothesisTest:
    """Test whether the larger model fits better, for two fits by the same method to the same rows.

    For fixed terms and correlations, the statistic is χ² with as many df as additional parameters.
    For an additional random effect with c covariances, it is an even mixture of χ² with c and c + 1
    df, because a variance cannot be negative (Self & Liang 1987, doi
    10.1080/01621459.1987.10478472; Stram & Lee 1994). Restricted likelihoods compare random terms
    only. Raises NotEstimableError if the fits are not comparable or not nested.
    """
    _require_comparable(smaller, larger)
    _require_nested(smaller, larger)
    statistic = max(0.0, smaller.deviance - larger.deviance)
    df = larger.parameters - smaller.parameters
    p = float(stats.chi2.sf(statistic, df))
    if _effects(larger) == _effects(smaller):
        return HypothesisTest("likelihood ratio", "χ²", statistic, (float(df),), p, larger.n)
    # On the boundary, half of the mixture has a df less; with no df left it is a point mass at 0.
    below = float(stats.chi2.sf(statistic, df - 1)) if df > 1 else float(statistic <= 0)
    dfs = (float(df - 1), float(df))
    return HypothesisTest("likelihood ratio", "χ̄²", statistic, dfs, (p + below) / 2, larger.n)


def _require_comparable(smaller: Fit, larger: Fit) -> None:
    a, b = (
        (fit.model.outcome, fit.rows, _likelihood(fit), _fixed(fit, smaller, larger))
        for fit in (smaller, larger)
    )
    if a[:2] != b[:2]:
        raise NotEstimableError(
            f"a likelihood ratio needs the same outcome and rows, but the fits have {a[0]} in "
            f"{a[1]} rows and {b[0]} in {b[1]} rows; fit both models to one table"
        )
    if a[2] != b[2]:
        raise NotEstimableError(f"the likelihoods by {a[2]} and by {b[2]} cannot be compared")
    if a[3] != b[3]:
        raise NotEstimableError(
            "restricted likelihoods of different fixed terms cannot be compared; fit both with "
            "reml=False"
        )


def _likelihood(fit: Fit) -> str:
    """Return the likelihood's name.

    Without random terms Laplace's approximation is exact.
    """
    return "Laplace" if fit.method == "maximum likelihood" else fit.method


def _fixed(fit: Fit, smaller: Fit, larger: Fit) -> frozenset[object]:
    restricted = "REML" in (smaller.method, larger.method)
    return frozenset(fit.model.fixed) if restricted else frozenset()


def _require_nested(smaller: Fit, larger: Fit) -> None:
    terms = {term.name: term for term in larger.model.random}
    inside = set(smaller.model.fixed) <= set(larger.model.fixed) and all(
        term.name in terms and set(term.slopes) <= set(terms[term.name].slopes)
        for term in smaller.model.random
    )
    if not inside:
        raise NotEstimableError("the smaller model contains a term that the larger model lacks")
    if larger.parameters <= smaller.parameters:
        raise NotEstimableError(
            "the larger model has no additional parameter; its ladder may have removed the term"
        )
    more = _effects(larger) - _effects(smaller)
    if more > 1 or (more and set(smaller.model.fixed) != set(larger.model.fixed)):
        raise NotEstimableError(
            f"the larger model adds {more} random effect(s) and possibly other terms; compare "
            "one random effect at a time, or fixed terms alone"
        )


def _effects(fit: Fit) -> int:
    """Return the number of random effects per level over all factors.

    Slopes count too.
    """
    return sum(len(component.names) for component in fit.components.values())
