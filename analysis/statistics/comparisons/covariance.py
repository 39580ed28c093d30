"""Comparison of arms with covariates (ANCOVA): a linear model with HC3 standard errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.regression.linear_model import OLS

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.requirements import NO_LABELS, arm_names

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CovarianceModel:
    """A fitted model score ~ arm + covariates, with effect-coded arms and centred covariates.

    The intercept is the mean of the arms' adjusted means, at the mean of each numeric covariate and
    averaged with equal weights over the levels of each other covariate. `covariance` is the HC3
    matrix of the coefficients (MacKinnon & White, 1985).
    """

    arms: tuple[str, ...]
    level: float
    n: int
    beta: Matrix
    covariance: Matrix = field(repr=False)
    df: float
    residuals: Matrix = field(repr=False)

    def arm_test(self) -> HypothesisTest:
        """Test equal adjusted means with Wald's F, type III."""
        rows = np.eye(len(self.beta))[1 : len(self.arms)]
        return _wald("arm, HC3", rows, self.beta, self.covariance, self.df, self.n)

    def adjusted_mean(self, arm: str) -> Estimate:
        """Return the arm's mean at the covariates' means, with its t interval."""
        row = np.zeros(len(self.beta))
        row[0] = 1.0
        row[1 : len(self.arms)] = _codes(len(self.arms))[self.arms.index(arm)]
        value, half = float(row @ self.beta), self._half(row)
        return Estimate(
            "adjusted mean", value, value - half, value + half, self.level, self.n, "t, HC3"
        )

    def contrast(self, weights: Mapping[str, float], name: str) -> Estimate:
        """Estimate Σ weight × adjusted mean, for weights that sum to zero, with its t test."""
        row = np.zeros(len(self.beta))
        codes = _codes(len(self.arms))
        for arm, weight in weights.items():
            row[1 : len(self.arms)] += weight * codes[self.arms.index(arm)]
        value, half = float(row @ self.beta), self._half(row)
        error = float(np.sqrt(row @ self.covariance @ row))
        t = value / error
        return Estimate(
            name, value, value - half, value + half, self.level, self.n, "t, HC3", t, self.df,
            float(2 * stats.t.sf(abs(t), self.df)),
        )  # fmt: skip

    def _half(self, row: Matrix) -> float:
        error = float(np.sqrt(row @ self.covariance @ row))
        return float(stats.t.ppf((1 + self.level) / 2, self.df)) * error


def fit_covariance(
    table: pd.DataFrame,
    arms: Sequence[str],
    covariates: Sequence[str],
    level: float = 0.95,
    labels: Mapping[str, str] = NO_LABELS,
) -> CovarianceModel:
    """Fit the model to `table` (score, arm, covariates), in which nothing is missing.

    Raises NotEstimableError if an arm has no participant, a covariate is constant or determined by
    the arms and other covariates, or the residuals do not vary.
    """
    codes = _arm_codes(
        table, arms, labels
    )  # first: an arm without participants has no means to centre
    blocks = [_column(table[name], name) for name in covariates]
    matrix = np.column_stack([np.ones(len(table)), codes, *blocks])
    fit = _fitted(matrix, table["score"].to_numpy(float), covariates)
    return CovarianceModel(
        tuple(arms), level, len(table), np.asarray(fit.params),
        np.asarray(fit.cov_params()), float(fit.df_resid), np.asarray(fit.resid),
    )  # fmt: skip


def slopes_test(
    table: pd.DataFrame,
    arms: Sequence[str],
    covariates: Sequence[str],
    covariate: str,
    labels: Mapping[str, str] = NO_LABELS,
) -> HypothesisTest:
    """Test equal slopes of one covariate in all arms: the interaction with the arm, HC3."""
    codes = _arm_codes(table, arms, labels)
    blocks = [_column(table[name], name) for name in covariates]
    own = _column(table[covariate], covariate)
    product = (codes[:, :, None] * own[:, None, :]).reshape(len(table), -1)
    matrix = np.column_stack([np.ones(len(table)), codes, *blocks, product])
    fit = _fitted(matrix, table["score"].to_numpy(float), covariates)
    rows = np.eye(matrix.shape[1])[-product.shape[1] :]
    return _wald(
        f"arm × {covariate}, HC3", rows, np.asarray(fit.params), np.asarray(fit.cov_params()),
        float(fit.df_resid), len(table),
    )  # fmt: skip


def _fitted(matrix: Matrix, scores: Matrix, covariates: Sequence[str]) -> Any:
    if matrix.shape[0] <= matrix.shape[1]:
        raise NotEstimableError(
            f"the model has {matrix.shape[1]} coefficients, but only {len(matrix)} participants "
            "have a score and all covariates"
        )
    if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
        raise NotEstimableError(
            f"the covariates {', '.join(covariates)} are constant, or determined by the arms and "
            "each other"
        )
    fit = OLS(scores, matrix).fit()
    if fit.ssr <= 1e-20 * max(1.0, float((scores**2).sum())):
        raise NotEstimableError("arms and covariates determine the scores exactly")
    # HC3 divides by 1 - leverage, which is zero for the only participant of an arm or level.
    if (np.asarray(fit.get_influence().hat_matrix_diag) > 1 - 1e-9).any():
        raise NotEstimableError(
            "an arm, or a level of a covariate, has a single participant, so its variance is "
            "unknown"
        )
    return fit.get_robustcov_results("HC3")


def _wald(
    name: str, rows: Matrix, beta: Matrix, covariance: Matrix, df: float, n: int
) -> HypothesisTest:
    values = rows @ beta
    q = len(rows)
    f = float(values @ np.linalg.solve(rows @ covariance @ rows.T, values)) / q
    return HypothesisTest(name, "F", f, (float(q), df), float(stats.f.sf(f, q, df)), n)


def _arm_codes(table: pd.DataFrame, arms: Sequence[str], labels: Mapping[str, str]) -> Matrix:
    present = set(table["arm"])
    absent = [arm for arm in arms if arm not in present]
    if absent:
        raise NotEstimableError(
            f"no participant of {arm_names(absent, labels)} has a score and all covariates"
        )
    if len(arms) < 2:
        raise NotEstimableError(f"at least 2 arms are needed, but the comparison has {len(arms)}")
    return _codes(len(arms))[[list(arms).index(arm) for arm in table["arm"]]]


def _column(values: pd.Series, name: str) -> Matrix:
    """Return a centred numeric covariate, or the effect-coded levels of another."""
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(float)
        return np.asarray(numbers - numbers.mean())[:, None]
    levels = pd.Categorical(values.astype(str))
    if len(levels.categories) < 2:
        raise NotEstimableError(f"all participants have the same value of {name}")
    return np.asarray(_codes(len(levels.categories))[levels.codes])


def _codes(k: int) -> Matrix:
    """Return effect codes (levels, levels - 1), whose last row is minus the sum of the others."""
    return np.vstack([np.eye(k - 1), -np.ones(k - 1)])
