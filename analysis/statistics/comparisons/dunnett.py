"""Dunnett's comparisons of every arm with one reference arm, without equal variances."""

from functools import lru_cache, partial

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from analysis.errors import NotEstimableError
from analysis.statistics.comparisons.pairwise import PairwiseDifference
from analysis.statistics.estimate import Estimate, Groups, attempt
from analysis.statistics.requirements import is_constant, require_arms, require_scores

Loadings = npt.NDArray[np.float64]
ORDINARY_NODES, CHI_NODES = 161, 64  # quadrature nodes; more do not change the eighth digit
FARTHEST = 8.5  # SDs of the part of the reference; its probability beyond them is 2e-17


def dunnett(groups: Groups, reference: str, level: float = 0.95) -> tuple[PairwiseDifference, ...]:
    """Compare every arm with `reference` by Dunnett's method (Hasler & Hothorn, 2008).

    Each arm's Welch t has its own Satterthwaite df. p and interval come from the distribution of
    the maximum of |t|, whose correlations λᵢ λⱼ arise from the shared reference: λᵢ² = (s₀²/n₀) /
    (s₀²/n₀ + sᵢ²/nᵢ). Raises NotEstimableError for fewer than two arms or scores per arm.
    """
    require_arms(groups)
    require_scores(groups)
    arms = [arm for arm in groups if arm != reference]
    errors = {arm: float(scores.var(ddof=1)) / len(scores) for arm, scores in groups.items()}
    shared = errors[reference]
    # Two arms without variation give 0/0; `_against` reports them, any loading serves the others.
    loadings = np.array(
        [np.sqrt(shared / total) if (total := shared + errors[arm]) > 0 else 0.0 for arm in arms]
    )
    return tuple(
        PairwiseDifference(
            arm,
            reference,
            attempt("mean difference", partial(_against, groups, arm, reference, loadings, level)),
        )
        for arm in arms
    )


def within(limit: float, loadings: Loadings, df: float) -> float:
    """Return P(max |Tᵢ| <= limit) for Tᵢ with correlations λᵢ λⱼ and a common chi with df.

    Given the reference's part z and the scale s, the Tᵢ are independent: a double integral.
    """
    u, weights_u = _unit()
    scale = np.sqrt(special.chdtri(df, 1 - u) / df) * limit
    z, weights_z = _reference_nodes()
    ends = np.full(len(scale), FARTHEST)
    # The T of an arm without variation is z itself: a step, which no quadrature across it can take.
    varying = loadings < 1 - 1e-9
    if not varying.all():
        ends = np.minimum(ends, scale)
        loadings = loadings[varying]
    z, weights_z = ends[:, None] * z, ends[:, None] * weights_z  # (scales, nodes)
    rest = np.sqrt(1 - loadings**2)[:, None, None]
    middle, half = loadings[:, None, None] * z / rest, scale[None, :, None] / rest
    inside = (special.ndtr(middle + half) - special.ndtr(middle - half)).prod(axis=0)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return float(weights_u @ (inside * density * weights_z).sum(axis=1))


def critical_value(level: float, loadings: Loadings, df: float) -> float:
    """Return the limit that all |Tᵢ| stay within with probability `level`."""
    # The limit is between that of a single comparison and Bonferroni's.
    single = float(stats.t.ppf((1 + level) / 2, df))
    bonferroni = float(stats.t.ppf(1 - (1 - level) / (2 * len(loadings)), df))
    if len(loadings) == 1:
        return single
    return float(
        optimize.brentq(
            lambda limit: within(limit, loadings, df) - level, single * 0.999, bonferroni * 1.001,
            xtol=1e-8,
        )
    )  # fmt: skip


def _against(
    groups: Groups, arm: str, reference: str, loadings: Loadings, level: float
) -> Estimate:
    a, b = groups[arm], groups[reference]
    if is_constant(a) and is_constant(b):
        raise NotEstimableError(
            f"the scores do not vary within either arm: all equal {a[0]:g} and {b[0]:g}"
        )
    # Each comparison keeps its own df; only the correlations are shared by all arms.
    part_a, part_b = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    error = float(np.sqrt(part_a + part_b))
    df = float((part_a + part_b) ** 2 / (part_a**2 / (len(a) - 1) + part_b**2 / (len(b) - 1)))
    difference = float(a.mean() - b.mean())
    t = difference / error
    half = critical_value(level, loadings, df) * error
    return Estimate(
        "mean difference",
        difference,
        difference - half,
        difference + half,
        level,
        len(a) + len(b),
        f"Dunnett with unequal variances, simultaneous over {len(loadings)} arms",
        t,
        df,
        min(1.0, max(0.0, 1 - within(abs(t), loadings, df)))
        if len(loadings) > 1
        else float(2 * stats.t.sf(abs(t), df)),
    )


@lru_cache(maxsize=1)
def _reference_nodes() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return nodes from -1 to 1 for the part of the reference, with their weights."""
    nodes, weights = np.polynomial.legendre.leggauss(ORDINARY_NODES)
    return nodes, weights


@lru_cache(maxsize=1)
def _unit() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(CHI_NODES)
    return (nodes + 1) / 2, weights / 2
