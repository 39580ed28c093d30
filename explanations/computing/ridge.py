"""Weighted ridge regression in closed form, as lime fits it, for several outcomes at once."""

from dataclasses import dataclass

import torch
from torch import Tensor

# Outcomes that vary by less count as constant: float32 probabilities have seven digits.
CONSTANT = 1e-9


@dataclass(frozen=True, eq=False)
class Fit:
    """A linear model for each of k outcomes, in float64."""

    coefficients: Tensor
    """Coefficients, with shape (features, k)."""
    intercepts: Tensor
    """Intercepts, with shape (k,)."""
    r2: Tensor
    """Weighted share of the explained variance, with shape (k,). It is 1 if the outcome does not
    vary."""
    constant: Tensor
    """Whether the outcome does not vary, as bool with shape (k,)."""


def cosine_weights(shown: Tensor, width: float) -> Tensor:
    """Return lime's sample weights, with shape (n,), from the cosine distance to the whole image.

    With s of K patches shown, the distance is 1 - sqrt(s / K); it is 1 if no patch is shown.
    """
    distance = 1 - (shown.sum(1) / shown.shape[1]).sqrt()
    return (-distance.square() / width**2).exp().sqrt()


def weighted_ridge(features: Tensor, outcomes: Tensor, weights: Tensor, penalty: float = 1) -> Fit:
    """Minimise the weighted squares plus ``penalty`` times the squared coefficients.

    ``features`` (n, p), ``outcomes`` (n, k) and ``weights`` (n,) are float64; the intercept is not
    penalised. Solves (X'WX + penalty I) b = X'Wy on centred data by Cholesky decomposition, as
    scikit-learn's Ridge does.
    """
    share = (weights / weights.sum())[:, None]
    centre, level = (features * share).sum(0), (outcomes * share).sum(0)
    x, y = features - centre, outcomes - level
    weighted = x.T * weights
    gram = weighted @ x
    gram.diagonal().add_(penalty)
    coefficients = torch.cholesky_solve(weighted @ y, torch.linalg.cholesky(gram))
    missed = (weights[:, None] * (y - x @ coefficients).square()).sum(0)
    varied = (weights[:, None] * y.square()).sum(0)
    constant = varied <= weights.sum() * CONSTANT**2
    # A constant outcome has no variance to explain, and 0 / 0 would make the diagnostics NaN.
    safe = torch.where(constant, torch.ones_like(varied), varied)
    return Fit(
        coefficients=torch.where(constant, torch.zeros_like(coefficients), coefficients),
        intercepts=level - centre @ coefficients,
        r2=torch.where(constant, torch.ones_like(varied), 1 - missed / safe),
        constant=constant,
    )
