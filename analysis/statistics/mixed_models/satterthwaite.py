"""Degrees of freedom for the fixed effects of a linear mixed model.

Satterthwaite's method as in Kuznetsova, Brockhoff & Christensen (2017, doi 10.18637/jss.v082.i13):
df = 2 v² / (g' A g), where v = l'Cl is the variance of the contrast, g its gradient by the variance
parameters (θ, σ), A = 2 H⁻¹ their asymptotic covariance, and H the Hessian of the deviance that is
not profiled over σ.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.deviance import Evaluation, LinearProblem

MANY = 1e8  # degrees of freedom above which t counts as z


@dataclass(frozen=True)
class FixedEffects:
    """Estimated fixed effects in the original columns, with the matrices that their tests need.

    `beta` (p,), `covariance` (p, p); `slopes` (k, p, p) are the derivatives of the covariance by
    the k variance parameters, `spread` (k, k) the asymptotic covariance of these parameters,
    `metric` (X'X)⁻¹. With k = 0 the tests are z and χ².
    """

    beta: Array
    covariance: Array
    slopes: Array
    spread: Array
    metric: Array

    @property
    def method(self) -> str:
        """Return the name of the method of the degrees of freedom, empty for z and χ²."""
        return "Satterthwaite" if len(self.slopes) else ""

    def df(self, contrast: Array) -> float:
        """Return Satterthwaite's degrees of freedom of a contrast (p,)."""
        variance = contrast @ self.covariance @ contrast
        gradient = np.einsum("i,kij,j->k", contrast, self.slopes, contrast)
        doubt = float(gradient @ self.spread @ gradient)
        return float(2 * variance**2 / doubt) if doubt > 0 else np.inf

    def estimate(self, name: str, contrast: Array, level: float, n: int) -> Estimate:
        """Estimate the contrast with its t (or z) interval and test of zero."""
        value = float(contrast @ self.beta)
        error = float(np.sqrt(contrast @ self.covariance @ contrast))
        df = self.df(contrast)
        is_z = df > MANY
        half = float(stats.norm.ppf((1 + level) / 2) if is_z else stats.t.ppf((1 + level) / 2, df))
        low, high = value - half * error, value + half * error
        t = value / error
        p = float(2 * (stats.norm.sf(abs(t)) if is_z else stats.t.sf(abs(t), df)))
        method = "Wald z" if is_z else f"Wald t, {self.method}'s df"
        return Estimate(name, value, low, high, level, n, method, t, None if is_z else df, p)

    def f_test(self, name: str, hypotheses: Array, n: int) -> HypothesisTest:
        """Test that all rows of `hypotheses` (q, p) are zero, after Fai and Cornelius (1996).

        The eigenvectors of the contrasts' covariance give q independent t statistics, whose df
        combine to the df of F with E(F) = Σ ν/(ν-2) / q. The rows are first made orthonormal by
        (X'X)⁻¹, because otherwise the eigenvectors, and slightly the df, would depend on the choice
        of contrasts that express the hypothesis. Raises NotEstimableError for dependent rows.
        """
        rows = independent_rows(name, hypotheses, self.metric)
        q = len(rows)
        values, vectors = np.linalg.eigh(rows @ self.covariance @ rows.T)
        rows = vectors.T @ rows
        f = float(((rows @ self.beta) ** 2 / values).sum() / q)
        df = _combined([self.df(row) for row in rows])
        if df > MANY:
            return HypothesisTest(name, "χ²", q * f, (float(q),), float(stats.chi2.sf(q * f, q)), n)
        return HypothesisTest(
            name, "F", f, (float(q), df), float(stats.f.sf(f, q, df)), n, self.method
        )


def independent_rows(name: str, hypotheses: Array, metric: Array) -> Array:
    """Return the hypotheses (q, p) made orthonormal by the metric (X'X)⁻¹.

    This makes a test independent of how its hypothesis is expressed. Raises NotEstimableError for
    dependent rows.
    """
    try:
        root = np.linalg.cholesky(hypotheses @ metric @ hypotheses.T)
    except np.linalg.LinAlgError as error:
        raise NotEstimableError(
            f"{name}: a hypothesis follows from the others; remove it"
        ) from error
    return np.asarray(np.linalg.solve(root, hypotheses), dtype=np.float64)


def _combined(dfs: list[float]) -> float:
    if max(dfs) - min(dfs) < 1e-8 or min(dfs) > MANY:
        return float(np.mean(dfs))
    if min(dfs) <= 2:  # F then has no mean; the smallest possible df is conservative
        return 2.0
    excess = sum(2 / (df - 2) for df in dfs)
    return float(2 * (len(dfs) + excess) / excess)


def fixed_effects(problem: LinearProblem, at: Evaluation, profiled_hessian: Array) -> FixedEffects:
    """Return the fixed effects at the optimum.

    `profiled_hessian` is the Hessian by θ.
    """
    # Derivatives are by (θ, σ), in the orthonormal basis; `back` returns to the original columns.
    sigma2 = at.rss / problem.df
    inverse = np.linalg.inv(at.information)
    by_theta = [sigma2 * -inverse @ slope @ inverse for slope in problem.information_slopes(at)]
    back = np.linalg.inv(problem.triangle)
    hessian = _whole_hessian(problem, at, profiled_hessian)
    slopes = np.array([*by_theta, 2 * np.sqrt(sigma2) * inverse])
    return FixedEffects(
        back @ (at.beta + problem.projection),
        sigma2 * back @ inverse @ back.T,
        back @ slopes @ back.T,
        2 * np.linalg.inv(hessian).astype(np.float64),
        back @ back.T,
    )


def _whole_hessian(problem: LinearProblem, at: Evaluation, profiled: Array) -> Array:
    """Return the Hessian by (θ, σ) from the Hessian by θ with σ profiled out (Schur complement)."""
    k = len(profiled)
    sigma = np.sqrt(at.rss / problem.df)
    mixed = -2 * at.rss_slope / sigma**3
    corner = 4 * problem.df / sigma**2
    whole = np.empty((k + 1, k + 1))
    whole[:k, :k] = profiled + np.outer(mixed, mixed) / corner
    whole[:k, k] = whole[k, :k] = mixed
    whole[k, k] = corner
    return whole


def weighted(weights: Mapping[str, float], names: tuple[str, ...]) -> Array:
    """Return weights by coefficient as a contrast (p,). Raises ValueError for unknown names."""
    unknown = sorted(set(weights) - set(names))
    if unknown:
        raise ValueError(f"no coefficient {', '.join(unknown)}; the model has {', '.join(names)}")
    return np.array([weights.get(name, 0.0) for name in names])
