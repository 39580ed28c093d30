"""Kenward and Roger's covariance and degrees of freedom for a linear mixed model fitted by REML.

Kenward & Roger (1997, doi 10.2307/2533558), as in R's pbkrtest (Halekoh & Højsgaard 2014, doi
10.18637/jss.v059.i09): the covariance of the fixed effects is enlarged by the uncertainty of the
variances, and an F is scaled so that its first two moments agree with an F distribution's.

With V = Σ γ_r G_r, where γ contains the variances and covariances of the random effects and the
residual variance, G_r = Z E_r Z' has low rank, so all matrices below have the size of the random
effects or of the fixed effects; no matrix has the size of the rows squared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse, stats

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import HypothesisTest
from analysis.statistics.mixed_models.arrays import Array
from analysis.statistics.mixed_models.design import Design, Grouping
from analysis.statistics.mixed_models.satterthwaite import FixedEffects, independent_rows

MOST_EFFECTS = 6000  # limit of random effects, whose matrices are dense here
NO_SCALE = 0.01  # pbkrtest does not scale F where its df are this close to 2


@dataclass(frozen=True)
class KenwardRoger(FixedEffects):
    """Fixed effects with the adjusted `covariance`; `unadjusted` (p, p) is the covariance before.

    `slopes` (k, p, p) are the matrices P of Kenward and Roger, the derivatives of the information
    by the variance parameters, and `spread` (k, k) is W, the covariance of these parameters.
    """

    unadjusted: Array = field(kw_only=True)

    @property
    def method(self) -> str:
        """Return the name of the method of the degrees of freedom."""
        return "Kenward-Roger"

    def df(self, contrast: Array) -> float:
        """Return Kenward and Roger's degrees of freedom of a contrast (p,)."""
        return self._moments(contrast[None, :])[0]

    def f_test(self, name: str, hypotheses: Array, n: int) -> HypothesisTest:
        """Test that all rows of `hypotheses` (q, p) are zero, with the scaled F.

        Raises NotEstimableError for dependent rows.
        """
        rows = independent_rows(name, hypotheses, self.metric)
        q = len(rows)
        df, scale = self._moments(rows)
        effect = rows @ self.beta
        f = scale * float(effect @ np.linalg.solve(rows @ self.covariance @ rows.T, effect)) / q
        return HypothesisTest(
            name, "F", f, (float(q), df), float(stats.f.sf(f, q, df)), n, self.method
        )

    def _moments(self, rows: Array) -> tuple[float, float]:
        """Return the df of the denominator and the scale of F for the hypotheses (q, p)."""
        phi, q = self.unadjusted, len(rows)
        theta = rows.T @ np.linalg.solve(rows @ phi @ rows.T, rows)
        parts = theta @ phi @ self.slopes @ phi
        traces = np.trace(parts, axis1=1, axis2=2)
        a1 = float(traces @ self.spread @ traces)
        a2 = float(np.einsum("rs,rij,sji->", self.spread, parts, parts))
        if not a2 > 0:  # the variances are known as well as the residual alone tells
            return float("inf"), 1.0
        # The names follow the paper, whose constants make balanced designs exact.
        b = (a1 + 6 * a2) / (2 * q)
        g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
        below = 3 * q + 2 * (1 - g)
        c1, c2, c3 = g / below, (q - g) / below, (q + 2 - g) / below
        v0, v1, v2 = 1 + c1 * b, 1 - c2 * b, 1 - c3 * b
        v0 = 0.0 if abs(v0) < 1e-10 else v0
        is_0_by_0 = abs(1 - a2 / q) < 1e-14 and abs(v1) < 1e-14
        ratio = 1.0 if is_0_by_0 else (1 - a2 / q) / v1
        rho = ratio**2 * v0 / (q * v2)
        df = 4 + (q + 2) / (q * rho - 1)
        scale = 1.0 if abs(df - 2) < NO_SCALE else df * (1 - a2 / q) / (df - 2)
        return float(df), float(scale)


def kenward_roger(
    fixed: FixedEffects, design: Design, factors: list[Array], sigma: float
) -> KenwardRoger:
    """Return the fixed effects with Kenward and Roger's adjustment.

    `factors` contains Λ of each grouping, `sigma` is the residual SD. Raises NotEstimableError for
    more random effects than MOST_EFFECTS.
    """
    effects = sum(grouping.size for grouping in design.groupings)
    if effects > MOST_EFFECTS:
        raise NotEstimableError(
            f"Kenward and Roger's method needs a dense matrix of {effects} random effects, but at "
            f'most {MOST_EFFECTS} are supported; use degrees_of_freedom = "satterthwaite"'
        )
    slopes, seconds, traces = _derivatives(design, factors, sigma)
    phi = fixed.covariance
    between = np.einsum("rij,jk,skl->rsil", slopes, phi, slopes)
    information = (
        traces
        - 2 * np.einsum("ij,rsij->rs", phi, seconds)
        + np.einsum("rij,sji->rs", phi @ slopes, phi @ slopes)
    )
    spread = 2 * np.linalg.inv(information)
    excess = np.einsum("rs,rsij->ij", spread, seconds - between)
    adjusted = phi + phi @ (excess + excess.T) @ phi
    return KenwardRoger(fixed.beta, adjusted, slopes, spread, fixed.metric, unadjusted=phi)


def _derivatives(design: Design, factors: list[Array], sigma: float) -> tuple[Array, Array, Array]:
    """Return P (k, p, p), Q (k, k, p, p) and tr(V⁻¹G_rV⁻¹G_s) (k, k); the residual comes last.

    P_r = -X'V⁻¹G_rV⁻¹X and Q_rs = X'V⁻¹G_rV⁻¹G_sV⁻¹X.
    """
    x, n = design.fixed.matrix, design.rows
    z = sparse.hstack([_indicators(grouping) for grouping in design.groupings], format="csr")
    root = sparse.block_diag(
        [
            sparse.kron(sparse.identity(grouping.count), factor)
            for grouping, factor in zip(design.groupings, factors, strict=True)
        ],
        format="csr",
    ).toarray()
    square, zx = (z.T @ z).toarray(), z.T @ x
    m = root.T @ square @ root + np.eye(len(root))
    inner = root @ np.linalg.solve(m, root.T)  # V⁻¹ = (I - Z inner Z') / σ²
    shrink = np.eye(len(root)) - square @ inner
    # Products with powers of V⁻¹; a trailing digit is the power.
    a1, b1 = shrink @ square, shrink @ zx
    a2, b2 = shrink @ a1, shrink @ b1
    c1 = x.T @ x - zx.T @ inner @ zx
    c2 = c1 - b1.T @ inner @ zx
    c3 = c2 - b2.T @ inner @ zx
    trace = n - 2 * np.sum(inner * square) + np.sum((inner @ square) * (inner @ square).T)
    basis = list(_basis(design.groupings))
    moved = [b1.T @ part for part in basis]
    k, p = len(basis) + 1, x.shape[1]
    slopes, seconds, traces = np.empty((k, p, p)), np.empty((k, k, p, p)), np.empty((k, k))
    weighted = [a1 @ part for part in basis]
    for r, part in enumerate(basis):
        slopes[r] = -moved[r] @ b1
        seconds[r, -1] = moved[r] @ b2
        seconds[-1, r] = seconds[r, -1].T
        traces[r, -1] = traces[-1, r] = part.multiply(a2).sum()
        for s in range(k - 1):
            seconds[r, s] = moved[r] @ a1 @ moved[s].T
            traces[r, s] = np.sum(weighted[r] * weighted[s].T)
    slopes[-1], seconds[-1, -1], traces[-1, -1] = -c2, c3, trace
    return slopes / sigma**4, seconds / sigma**6, traces / sigma**4


def _indicators(grouping: Grouping) -> sparse.csr_matrix:
    """Return Z (rows, L q) of a grouping."""
    rows, q = grouping.columns.shape
    places = grouping.codes[:, None] * q + np.arange(q)
    index = np.repeat(np.arange(rows), q)
    return sparse.csr_matrix(
        (grouping.columns.ravel(), (index, places.ravel())), shape=(rows, grouping.size)
    )


def _basis(groupings: tuple[Grouping, ...]) -> Iterator[sparse.csr_matrix]:
    """Yield E_r (Q, Q), the derivative of the effects' covariance, for each (co)variance."""
    total = sum(grouping.size for grouping in groupings)
    start = 0
    for grouping in groupings:
        first = 0
        for block in grouping.blocks:
            for small in _block_basis(block.kind, block.width):
                padded = np.zeros((grouping.width, grouping.width))
                padded[first : first + block.width, first : first + block.width] = small
                own = sparse.kron(sparse.identity(grouping.count), padded)
                before, after = start, total - start - grouping.size
                yield sparse.block_diag(
                    [
                        sparse.csr_matrix((before, before)),
                        own,
                        sparse.csr_matrix((after, after)),
                    ],
                    format="csr",
                )
            first += block.width
        start += grouping.size


def _block_basis(kind: str, width: int) -> Iterator[Array]:
    if kind == "tied":
        yield np.eye(width)
        return
    for i in range(width):
        for j in range(i if kind == "diagonal" else 0, i + 1):
            small = np.zeros((width, width))
            small[i, j] = small[j, i] = 1.0
            yield small
