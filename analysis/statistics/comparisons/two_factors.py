"""Comparisons of two between-subjects factors, by a linear model and by aligned ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from analysis.errors import NoTestError, NotEstimableError
from analysis.statistics.comparisons.pairwise import PairwiseDifference
from analysis.statistics.comparisons.studentized_range import critical_range, range_sf
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, attempt
from analysis.statistics.multiplicity import holm
from analysis.statistics.noncentral import noncentral_f_limits

Matrix = npt.NDArray[np.float64]
EFFECTS = ("a", "b", "a:b")


@dataclass(frozen=True)
class Design:
    """Effect-coded columns of the intercept, a, b and (if crossed) a:b, and their slices."""

    matrix: Matrix
    places: dict[str, slice]
    levels: Mapping[str, tuple[str, ...]]  # of a and b


def effect_test(
    table: pd.DataFrame, effect: str, *, crossed: bool = True, robust: bool = True
) -> HypothesisTest:
    """Test an effect of `table` (score, a, b) with Wald's F, type III (unweighted cell means).

    With `robust` the covariance is HC3 (MacKinnon & White, 1985), which allows unequal variances
    between cells; otherwise it is the classical covariance. Raises NotEstimableError for empty
    cells or scores without variation.
    """
    fit, design = _fit(table, crossed, robust)
    place = design.places[effect]
    rows = np.eye(design.matrix.shape[1])[place]
    result = fit.f_test(rows)
    df = (float(len(rows)), float(fit.df_resid))
    name = f"{effect}, {'HC3' if robust else 'classical'}"
    return HypothesisTest(name, "F", float(result.fvalue), df, float(result.pvalue), len(table))


def partial_eta_squared(test: HypothesisTest, level: float = 0.90) -> Estimate:
    """Return df₁ F / (df₁ F + df₂) with limits from the noncentral F (Steiger, 2004).

    A noncentrality λ becomes λ / (λ + df₁ + df₂ + 1).
    """
    df1, df2 = test.df
    value = df1 * test.statistic / (df1 * test.statistic + df2)
    limits = noncentral_f_limits(test.statistic, df1, df2, level)
    low, high = (limit / (limit + df1 + df2 + 1) for limit in limits)
    return Estimate(
        "partial eta squared", value, min(low, value), max(high, value), level, test.n,
        "noncentral F",
    )  # fmt: skip


def tukey(
    table: pd.DataFrame, level: float = 0.95, *, crossed: bool = True, robust: bool = True
) -> tuple[PairwiseDifference, ...]:
    """Compare every pair of a's marginal means by Tukey and Kramer's method.

    Marginal means weight the levels of b equally; error and df are the model's. Known answers, row
    8, is the model that is not crossed.
    """
    fit, design = _fit(table, crossed, robust)
    # With unweighted means the terms of b cancel, so only a's columns have weights.
    levels = design.levels["a"]
    codes = _codes(len(levels))
    place, covariance = design.places["a"], np.asarray(fit.cov_params())
    k, df = len(levels), float(fit.df_resid)

    def difference(i: int, j: int) -> Estimate:
        weights = np.zeros(design.matrix.shape[1])
        weights[place] = codes[i] - codes[j]
        value = float(weights @ fit.params)
        error = float(np.sqrt(weights @ covariance @ weights))
        half = critical_range(level, k, df) * error / np.sqrt(2)
        q = float(np.sqrt(2) * value / error)
        p = range_sf(abs(q), k, df)
        return Estimate(
            "mean difference", value, value - half, value + half, level, len(table),
            f"Tukey-Kramer, simultaneous over all pairs of {k}", q, df, p,
        )  # fmt: skip

    return tuple(
        PairwiseDifference(
            levels[i],
            levels[j],
            attempt("mean difference", partial(difference, i, j)),
        )
        for j, i in combinations(range(k), 2)
    )


@dataclass(frozen=True)
class SimpleEffect:
    """A difference between two levels of `factor` ("a" or "b") at a level of the other factor.

    `difference` is `level` minus `reference` with its own interval and p; `p_adjusted` is Holm's
    over the simple effects of the factor.
    """

    factor: str
    at: str
    level: str
    reference: str
    difference: Estimate | NotEstimable
    p_adjusted: float | None


def simple_effects(
    table: pd.DataFrame, orders: Mapping[str, Sequence[str]], level: float = 0.95
) -> tuple[SimpleEffect, ...]:
    """Compare the levels of each factor within each level of the other, by the crossed model.

    `orders` lists the levels of "a" and "b"; later levels are compared with earlier ones. Errors
    are HC3, as in the tests of the effects. Raises NotEstimableError like effect_test.
    """
    fit, design = _fit(table, crossed=True, robust=True)
    covariance, df = np.asarray(fit.cov_params()), float(fit.df_resid)
    half_width = float(stats.t.ppf((1 + level) / 2, df))

    def difference(first: Matrix, second: Matrix) -> Estimate:
        weights = first - second
        value, variance = float(weights @ fit.params), float(weights @ covariance @ weights)
        # Rounding leaves some 1e-16 of the model's variance where both cells are constant.
        if variance <= 1e-12 * float(np.trace(covariance)):
            raise NotEstimableError("the scores vary in neither of the two cells")
        error = float(np.sqrt(variance))
        t = value / error
        return Estimate(
            "mean difference", value, value - half_width * error, value + half_width * error,
            level, len(table), "t, HC3, not adjusted", t, df, float(2 * stats.t.sf(abs(t), df)),
        )  # fmt: skip

    results: list[SimpleEffect] = []
    for factor, other in (("a", "b"), ("b", "a")):
        differences = {
            (at, later, earlier): attempt(
                "mean difference",
                partial(
                    difference,
                    _cell_weights(design, {factor: later, other: at}),
                    _cell_weights(design, {factor: earlier, other: at}),
                ),
            )
            for at in orders[other]
            for earlier, later in combinations(orders[factor], 2)
        }
        adjusted = holm(
            {
                " × ".join(key): one.p if isinstance(one, Estimate) else None
                for key, one in differences.items()
            }
        )
        results += [
            SimpleEffect(factor, *key, one, adjusted[" × ".join(key)])
            for key, one in differences.items()
        ]
    return tuple(results)


def _cell_weights(design: Design, cell: Mapping[str, str]) -> Matrix:
    """Return the weights of the model's coefficients in the mean of a cell."""
    codes = {
        name: _codes(len(levels))[levels.index(cell[name])]
        for name, levels in design.levels.items()
    }
    weights = np.zeros(design.matrix.shape[1])
    weights[0] = 1
    weights[design.places["a"]], weights[design.places["b"]] = codes["a"], codes["b"]
    weights[design.places["a:b"]] = np.outer(codes["a"], codes["b"]).ravel()
    return weights


def aligned(table: pd.DataFrame, effect: str) -> pd.Series:
    """Return the scores stripped of all other effects: cell residual plus the given effect.

    Wobbrock, Findlater, Gergle and Higgins (2011), with unweighted means of cell means, so that the
    sum over cells of every other effect is zero in unbalanced tables too.
    """
    cells = table.groupby(["a", "b"], observed=True)["score"].mean().unstack("b")
    rows, columns, grand = cells.mean(axis=1), cells.mean(axis=0), float(cells.to_numpy().mean())
    kept = {
        "a": cells * 0 + (rows - grand).to_numpy()[:, None],
        "b": cells * 0 + (columns - grand).to_numpy()[None, :],
        "a:b": cells.sub(rows, axis=0).sub(columns, axis=1) + grand,
    }[effect]
    # Each participant's cell, to look up its mean and its effect by row.
    index = pd.MultiIndex.from_frame(table[["a", "b"]])
    residual = table["score"].to_numpy() - cells.stack().reindex(index).to_numpy()
    return pd.Series(residual + kept.stack().reindex(index).to_numpy(), index=table.index)


def aligned_ranks_test(table: pd.DataFrame, effect: str) -> HypothesisTest:
    """Test an effect by the aligned rank transform: the full model on scores aligned for it.

    A secondary analysis by design: critics have shown inflated errors for skewed and discrete
    scores.
    """
    _require_cells(table)
    ranks = stats.rankdata(np.round(aligned(table, effect), 10))  # rounding keeps ties tied
    test = effect_test(table.assign(score=ranks), effect, robust=False)
    return HypothesisTest(f"{effect}, aligned ranks", "F", test.statistic, test.df, test.p, test.n)


def attempt_effects(
    table: pd.DataFrame, ranks: bool = False
) -> dict[str, HypothesisTest | NotEstimable]:
    """Test all three effects of the crossed model, each as a test or NotEstimable."""
    test = aligned_ranks_test if ranks else effect_test
    return {effect: attempt(effect, partial(test, table, effect)) for effect in EFFECTS}


def _fit(table: pd.DataFrame, crossed: bool, robust: bool) -> tuple[Any, Design]:
    _require_cells(table, crossed)
    design = _design(table, crossed)
    fit = OLS(table["score"].to_numpy(float), design.matrix).fit()
    if fit.df_resid < 1:
        raise NotEstimableError(
            "the model has as many parameters as participants, so the error cannot be estimated"
        )
    if fit.ssr <= 1e-20 * max(1.0, float((table["score"] ** 2).sum())):
        raise NoTestError("the scores do not vary within the cells")
    if robust:
        # HC3 divides by 1 - leverage, which is zero for the only participant of a cell.
        if (np.asarray(fit.get_influence().hat_matrix_diag) > 1 - 1e-9).any():
            raise NoTestError("a cell has a single participant, so its variance is unknown")
        fit = fit.get_robustcov_results("HC3")
    return fit, design


def _design(table: pd.DataFrame, crossed: bool) -> Design:
    a, b = (pd.Categorical(table[name].astype(str)) for name in ("a", "b"))
    part_a, part_b = (_codes(len(factor.categories))[factor.codes] for factor in (a, b))
    blocks = {"a": part_a, "b": part_b}
    if crossed:
        product = part_a[:, :, None] * part_b[:, None, :]
        blocks["a:b"] = product.reshape(len(table), -1)
    places, start = {}, 1
    for name, block in blocks.items():
        places[name] = slice(start, start + block.shape[1])
        start += block.shape[1]
    matrix = np.column_stack([np.ones(len(table)), *blocks.values()])
    levels = {name: tuple(map(str, one.categories)) for name, one in (("a", a), ("b", b))}
    return Design(matrix, places, levels)


def _codes(k: int) -> Matrix:
    """Return effect codes (levels, levels - 1), whose last row is minus the sum of the others."""
    return np.vstack([np.eye(k - 1), -np.ones(k - 1)])


def _require_cells(table: pd.DataFrame, crossed: bool = True) -> None:
    counts = pd.crosstab(table["a"], table["b"])
    if min(counts.shape, default=0) < 2:
        raise NotEstimableError(
            f"two levels of each factor are needed, but they have {counts.shape[0]} and "
            f"{counts.shape[1]}"
        )
    if crossed and (counts == 0).any(axis=None):
        rows, columns = np.nonzero(counts.to_numpy() == 0)
        empty = [
            f"{counts.index[int(a)]} × {counts.columns[int(b)]}"
            for a, b in zip(rows, columns, strict=True)
        ]
        raise NotEstimableError(
            "every cell needs participants, but there are none in "
            f"{', '.join(empty[:5])}; merge levels of the second factor"
        )
