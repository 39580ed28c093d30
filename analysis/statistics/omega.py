"""McDonald's omega of a scale: one factor by maximum likelihood, and the share that it explains."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import linalg, optimize, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate

Vector = npt.NDArray[np.float64]
SMALLEST = 0.005  # of a uniqueness, as a share of its item's variance; R's factanal has the same


@dataclass(frozen=True)
class OneFactor:
    """Loadings and uniquenesses, both (items,), on the scale of the items' covariance."""

    loadings: Vector
    uniquenesses: Vector


def omega_total(items: pd.DataFrame, level: float = 0.95) -> Estimate:
    """ω = (Σλ)² / ((Σλ)² + Σψ) of items (participants, items), reversed already, complete rows.

    Interval: delta method from the expected information of (λ, ψ), on the logit of ω.
    """
    rows = items.dropna()
    n, k = rows.shape
    if k < 3:
        raise NotEstimableError(f"omega needs three items, the scale has {k}")
    if n <= k:
        raise NotEstimableError(f"omega needs more participants than its {k} items, there are {n}")
    if (rows.std(ddof=1) <= 1e-12).any():
        flat = [str(name) for name in rows if np.ptp(rows[name]) == 0]
        raise NotEstimableError(f"the items {flat} do not vary between participants")
    found = one_factor(rows.cov().to_numpy(float))
    total, rest = float(found.loadings.sum()), float(found.uniquenesses.sum())
    omega = total**2 / (total**2 + rest)
    slope = (
        np.concatenate([np.full(k, 2 * total * rest), np.full(k, -(total**2))])
        / (total**2 + rest) ** 2
    )
    covariance = _inverse(_information(found, n - 1))
    error = float(np.sqrt(slope @ covariance @ slope)) / (omega * (1 - omega))
    z = float(stats.norm.ppf((1 + level) / 2))
    centre = np.log(omega / (1 - omega))
    low, high = (float(1 / (1 + np.exp(-(centre + side * z * error)))) for side in (-1, 1))
    return Estimate("McDonald's omega", omega, low, high, level, n, "one factor, delta on logit")


def one_factor(covariance: Vector) -> OneFactor:
    """Maximum likelihood (Jöreskog, 1967): over the uniquenesses, the loading being concentrated.

    Raises NotEstimableError where a uniqueness ends at its bound (a Heywood case) or the search
    does not converge: such a solution is none.
    """
    sd = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sd, sd)
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise NotEstimableError("an item is a sum of others, so that no factor can be told apart")
    start = np.clip(0.5 / np.diag(np.linalg.inv(correlation)), SMALLEST, 1.0)
    found = optimize.minimize(
        _discrepancy, start, args=(correlation,), jac=True, method="L-BFGS-B",
        bounds=[(SMALLEST, 1.0)] * len(sd), options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )  # fmt: skip
    if (found.x <= SMALLEST * 1.001).any():
        raise NotEstimableError("an item has no variance of its own left (a Heywood case)")
    # The search may stop at the last digit without saying so; the slope says where it stands.
    inside = found.x < 0.9999
    if np.abs(_discrepancy(found.x, correlation)[1][inside]).max(initial=0.0) > 1e-5:
        raise NotEstimableError(f"the one-factor model did not converge: {found.message}")
    loadings = _loadings(found.x, correlation)
    loadings *= np.sign(loadings.sum()) or 1.0
    return OneFactor(loadings * sd, found.x * sd**2)


def _discrepancy(uniquenesses: Vector, correlation: Vector) -> tuple[float, Vector]:
    """Of the likelihood, with its gradient, both up to a factor of n / 2."""
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


def _information(found: OneFactor, n: int) -> Vector:
    """Expected information of (λ, ψ): n/2 tr(Σ⁻¹ ∂Σ Σ⁻¹ ∂Σ)."""
    precision = np.linalg.inv(
        np.outer(found.loadings, found.loadings) + np.diag(found.uniquenesses)
    )
    weighted = precision @ found.loadings
    upper = precision * (found.loadings @ weighted) + np.outer(weighted, weighted)
    cross = precision * weighted[None, :]
    return np.asarray(n * np.block([[upper, cross], [cross.T, precision**2 / 2]]))


def _inverse(information: Vector) -> Vector:
    try:
        return np.asarray(np.linalg.inv(information))
    except np.linalg.LinAlgError as error:
        raise NotEstimableError("the one-factor model is not identified by these items") from error
