"""Reliability of a scale: Cronbach's alpha, McDonald's omega and item-rest correlations."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, optimize, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, NotEstimable, attempt

Missing = Literal["listwise", "pairwise"]
Vector = npt.NDArray[np.float64]
# Lower bound of a uniqueness, as a share of its item's variance, as in R's factanal.
SMALLEST = 0.005


def cronbach_alpha(
    items: pd.DataFrame, missing: Missing = "listwise", level: float = 0.95
) -> Estimate:
    """Return Cronbach's alpha of items (participants, items), already reversed.

    α = k/(k-1) (1 - trace C / sum C), where C is the covariance of complete rows ("listwise") or of
    each pair's complete rows ("pairwise", as in R's psych). The interval is Feldt, Woodruff and
    Salih's (1987), from F with n - 1 and (n-1)(k-1) df; with pairwise covariances n is the size of
    the smallest pair, which is conservative.
    """
    rows = items.dropna() if missing == "listwise" else items
    k = items.shape[1]
    if k < 2:
        raise NotEstimableError(f"alpha needs two items, but the scale has {k}")
    n = _smallest_pair(rows)
    if n < 3:
        raise NotEstimableError(f"alpha needs answers of three participants, but only {n} answered")
    # pandas computes each covariance over the rows complete for that pair, as "pairwise" requires.
    covariance = rows.cov().to_numpy()
    if covariance.sum() <= 1e-12:
        raise NotEstimableError("the sum of the items does not vary between participants")
    alpha = float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
    df = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - alpha) * float(stats.f.ppf(q, *df)) for q in _tails(level))
    low, high = min(low, alpha), max(high, alpha)  # for items that are equal up to rounding
    return Estimate("Cronbach's alpha", alpha, low, high, level, n, f"Feldt, {missing}")


def item_rest_correlations(
    items: pd.DataFrame, level: float = 0.95
) -> dict[str, Estimate | NotEstimable]:
    """Return the Pearson correlation of each item with the mean of the other items (complete rows).

    The interval is Fisher's z.
    """
    rows = items.dropna()
    return {
        str(item): attempt("item-rest correlation", partial(_item_rest, rows, item, level))
        for item in items.columns
    }


def _item_rest(rows: pd.DataFrame, item: str, level: float) -> Estimate:
    rest = rows.drop(columns=item)
    if rest.shape[1] == 0:
        raise NotEstimableError("a scale of one item has no other items to correlate with")
    if len(rows) < 4:
        raise NotEstimableError(
            f"at least four participants must answer every item, but only {len(rows)} did"
        )
    if rows[item].nunique() < 2:
        raise NotEstimableError("all participants gave the same answer to this item")
    if rest.mean(axis=1).nunique() < 2:
        raise NotEstimableError(
            "the mean of the scale's other items is the same for all participants"
        )
    result = stats.pearsonr(rows[item], rest.mean(axis=1))
    low, high = result.confidence_interval(level)
    r = float(result.statistic)
    return Estimate(
        "item-rest correlation", r, min(r, low), max(r, high), level, len(rows), "Fisher's z"
    )


def _smallest_pair(rows: pd.DataFrame) -> int:
    answered = rows.notna().to_numpy().astype(int)
    return int((answered.T @ answered).min())


def _tails(level: float) -> tuple[float, float]:
    return (1 + level) / 2, (1 - level) / 2


@dataclass(frozen=True)
class OneFactor:
    """Loadings and uniquenesses, both (items,), in the units of the items' covariance."""

    loadings: Vector
    uniquenesses: Vector


def omega_total(items: pd.DataFrame, level: float = 0.95) -> Estimate:
    """Return McDonald's ω = (Σλ)² / ((Σλ)² + Σψ) of items (participants, items), already reversed.

    Only complete rows are used. The interval uses the delta method on the logit of ω, with the
    expected information of (λ, ψ). Raises NotEstimableError for fewer than three items, too few
    participants or constant items.
    """
    rows = items.dropna()
    n, k = rows.shape
    if k < 3:
        raise NotEstimableError(f"omega needs three items, but the scale has {k}")
    if n <= k:
        raise NotEstimableError(f"omega needs more participants than its {k} items, but has {n}")
    if (rows.std(ddof=1) <= 1e-12).any():
        flat = [str(name) for name in rows if np.ptp(rows[name]) == 0]
        raise NotEstimableError(f"all participants gave the same answer to {', '.join(flat)}")
    factor = one_factor(rows.cov().to_numpy(float))
    total, rest = float(factor.loadings.sum()), float(factor.uniquenesses.sum())
    omega = total**2 / (total**2 + rest)
    # The interval is built on the logit, which keeps it between 0 and 1.
    slope = (
        np.concatenate([np.full(k, 2 * total * rest), np.full(k, -(total**2))])
        / (total**2 + rest) ** 2
    )
    covariance = _inverse(_information(factor, n - 1))
    error = float(np.sqrt(slope @ covariance @ slope)) / (omega * (1 - omega))
    z = float(stats.norm.ppf((1 + level) / 2))
    centre = np.log(omega / (1 - omega))
    low, high = (float(1 / (1 + np.exp(-(centre + side * z * error)))) for side in (-1, 1))
    return Estimate("McDonald's omega", omega, low, high, level, n, "one factor, delta on logit")


def one_factor(covariance: Vector) -> OneFactor:
    """Fit a one-factor model by maximum likelihood (Jöreskog, 1967) to a covariance (items, items).

    The search runs over the uniquenesses; the loadings follow from them. Raises NotEstimableError
    if a uniqueness ends at its bound (a Heywood case) or the search does not converge.
    """
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise NotEstimableError("an item is a sum of others, so the factor is not identified")
    start = np.clip(0.5 / np.diag(np.linalg.inv(correlation)), SMALLEST, 1.0)
    optimum = optimize.minimize(
        _discrepancy, start, args=(correlation,), jac=True, method="L-BFGS-B",
        bounds=[(SMALLEST, 1.0)] * len(sd), options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )  # fmt: skip
    if (optimum.x <= SMALLEST * 1.001).any():
        raise NotEstimableError("an item's unique variance is estimated as zero (a Heywood case)")
    # L-BFGS-B may report failure at the limit of precision, so the gradient decides.
    inside = optimum.x < 0.9999
    if np.abs(_discrepancy(optimum.x, correlation)[1][inside]).max(initial=0.0) > 1e-5:
        raise NotEstimableError(f"the one-factor model did not converge: {optimum.message}")
    loadings = _loadings(optimum.x, correlation)
    loadings *= np.sign(loadings.sum()) or 1.0
    return OneFactor(loadings * sd, optimum.x * sd**2)


def _discrepancy(uniquenesses: Vector, correlation: Vector) -> tuple[float, Vector]:
    """Return the likelihood's discrepancy and its gradient, both up to a factor of n / 2."""
    root = np.sqrt(uniquenesses)
    values = linalg.eigvalsh(correlation / np.outer(root, root))[:-1]
    loadings = _loadings(uniquenesses, correlation)
    residual = np.outer(loadings, loadings) + np.diag(uniquenesses) - correlation
    value = float((values - np.log(values)).sum() - len(values))
    return value, np.asarray(np.diag(residual) / uniquenesses**2)


def _loadings(uniquenesses: Vector, correlation: Vector) -> Vector:
    root = np.sqrt(uniquenesses)
    values, vectors = linalg.eigh(correlation / np.outer(root, root))
    return np.asarray(root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0.0)))


def _information(factor: OneFactor, n: int) -> Vector:
    """Return the expected information of (λ, ψ): n/2 tr(Σ⁻¹ ∂Σ Σ⁻¹ ∂Σ)."""
    precision = np.linalg.inv(
        np.outer(factor.loadings, factor.loadings) + np.diag(factor.uniquenesses)
    )
    weighted = precision @ factor.loadings
    upper = precision * (factor.loadings @ weighted) + np.outer(weighted, weighted)
    cross = precision * weighted[None, :]
    return np.asarray(n * np.block([[upper, cross], [cross.T, precision**2 / 2]]))


def _inverse(information: Vector) -> Vector:
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError as error:
        raise NotEstimableError("the one-factor model is not identified by these items") from error
