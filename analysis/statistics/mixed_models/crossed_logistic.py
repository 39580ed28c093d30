"""Logistic mixed models of many simulated studies at once: answer ~ arm + (1|person) + (1|image).

The model, its Laplace approximation and its test are those of `logistic.fit_logistic`; laplace.py
has the formulas. A simulated study has a regular shape: every person of every arm may answer every
image once. Its rows are therefore a grid, in which sums over levels are sums over axes, and the
searches of many studies proceed together, so that most of the time is spent on numbers and not on
the calls that start each operation. A study whose search leaves the regular course (a variance near
zero, an arm with a single answer, no convergence) is not decided here.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from analysis.statistics.mixed_models.arrays import Array, Codes
from analysis.statistics.mixed_models.optimise import CLOSE, STEP
from analysis.statistics.mixed_models.satterthwaite import FixedEffects

Flags = npt.NDArray[np.bool_]

START_SD = 0.5
# Near zero the numerical Hessian is less exact, and the complete fit may remove the random effect.
NEAR_ZERO = 0.1  # SD of random effects in logits
LARGEST = 15.0  # logits; the search of a larger parameter is left to the complete fit
NEWTON_STEPS = 40
MODE_STEPS = 30
# Expected decrease at which a search for the mode ends. An error of the mode enters the numerical
# Hessian ten thousandfold, so it must be far below the error that the gradient may have.
MODE_END = 1e-22
NEAR = 1e-11  # expected decrease of the deviance at which the Newton steps end
POLISHES = 4
SHORTER = 4  # lengths of a step that are tried
LONGEST = 1.0  # longest step in logits


@dataclass(frozen=True)
class Grid:
    """Answers of S studies: `right` and `seen` (S, images, arms x people) are 1 or 0.

    Each of the `arms` has as many people, one arm after the other. `right` is 0 where a trial was
    not seen. People without a seen trial have no influence.
    """

    right: Array
    seen: Array
    arms: int

    def by_arm(self, people: Array) -> Array:
        """Return sums over each arm's people (…, arms), given values of people (…, people)."""
        sums: Array = people.reshape(*people.shape[:-1], self.arms, -1).sum(axis=-1)
        return sums

    def only(self, studies: Flags | Codes) -> "Grid":
        """Return the grid of some studies."""
        return Grid(self.right[studies], self.seen[studies], self.arms)


@dataclass(frozen=True)
class _Mode:
    """State of each study at parameters (S, arms + 2): modes of the effects and what follows.

    N is the number of people of all arms, J the number of images.
    """

    theta: Array  # (S, 2), SDs of people and images
    people: Array  # (S, N), standardised effects
    images: Array  # (S, J)
    first: Array  # (S, J, N), derivative of the log likelihood by η
    weight: Array  # (S, J, N)
    share: Array  # (S, J, N), probability of a yes
    penalised: Array  # (S,)
    by_person: Array  # diagonal D of M, (S, N)
    half: Array  # B'D⁻¹, (S, J, N)
    schur: Array  # (S, J, J)

    @property
    def deviance(self) -> Array:
        """Return -2 log L by Laplace's approximation."""
        determinant = np.log(self.by_person).sum(axis=1)
        deviance: Array = self.penalised + determinant + np.linalg.slogdet(self.schur)[1]
        return deviance

    def only(self, studies: Flags | Codes) -> "_Mode":
        """Return the states of some studies."""
        return _Mode(*(getattr(self, field.name)[studies] for field in fields(self)))


def fixed_effects(grid: Grid) -> list[FixedEffects | None]:
    """Return each study's fixed effects, with arms as cell means, or None if it is not decided."""
    rows, yes = grid.by_arm(grid.seen.sum(axis=1)), grid.by_arm(grid.right.sum(axis=1))
    # With both answers in every arm the arms separate nothing, so the maximum exists.
    regular = np.flatnonzero(((yes > 0) & (yes < rows)).all(axis=1))
    decided: list[FixedEffects | None] = [None] * len(rows)
    if not len(regular):
        return decided
    search = _Search(grid.only(regular))
    start = special.logit(yes[regular] / rows[regular])
    with np.errstate(all="ignore"):  # the values of an abandoned study may overflow
        point, found = search.approach(np.column_stack([start, np.full((len(start), 2), START_SD)]))
        hessian = search.hessian(point)
        mode, point, found = search.polish(point, hessian, found)
    found &= (np.abs(point[:, grid.arms :]) > NEAR_ZERO).all(axis=1)
    for place in np.flatnonzero(found):
        covariance = np.linalg.inv(hessian[place] / 2).astype(np.float64)
        # As in generalised.py: the slopes belong to the model linearised at the mode.
        whole: Array = covariance[: grid.arms, : grid.arms]
        slopes: Array = -(whole @ search.information_slopes(mode, int(place)) @ whole)
        decided[regular[place]] = FixedEffects(
            point[place, : grid.arms],
            whole,
            slopes,
            covariance[grid.arms :, grid.arms :],
            np.diag(1 / rows[regular[place]]),
        )
    return decided


class _Search:
    """The searches of all studies. Parameters (S, arms + 2): each arm's log odds, then two SDs."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        studies, images, people = grid.seen.shape
        self.places = np.arange(images)
        self.plain = np.zeros((studies, people)), np.zeros((studies, images))

    def mode(self, point: Array, start: tuple[Array, Array]) -> tuple[_Mode, Flags]:
        """Return the modes of the random effects, and the studies whose search ended (S,)."""
        mode = self._at(point, *start)
        for _ in range(MODE_STEPS):
            up = mode.theta[:, :1] * mode.first.sum(axis=1) - mode.people
            upward = mode.theta[:, 1:] * mode.first.sum(axis=2) - mode.images
            step, along = _solved(mode, up, upward)
            decrease = (up * step).sum(axis=1) + (upward * along).sum(axis=1)
            ended = decrease < MODE_END
            if not (decrease >= MODE_END).any():
                break
            mode = self._at(point, mode.people + step, mode.images + along)
        return mode, ended

    def _at(self, point: Array, people: Array, images: Array) -> _Mode:
        grid, theta = self.grid, point[:, self.grid.arms :]
        person, image = theta[:, :1], theta[:, 1:]
        fixed = np.repeat(point[:, : grid.arms], people.shape[1] // grid.arms, axis=1)
        eta = (fixed + person * people)[:, None, :] + (image * images)[:, :, None]
        small = np.exp(-np.abs(eta))  # serves the logistic function and its logarithm
        whole = 1 + small
        share = np.where(eta >= 0, 1.0, small) / whole
        log = grid.right * eta - grid.seen * (np.log(whole) + np.maximum(eta, 0))
        weight = grid.seen * (small / (whole * whole))
        by_person = 1 + person**2 * weight.sum(axis=1)
        cross = (person * image)[:, :, None] * weight
        half = cross / by_person[:, None, :]
        schur = -(half @ np.swapaxes(cross, 1, 2))
        schur[:, self.places, self.places] += 1 + image**2 * weight.sum(axis=2)
        squares = (people**2).sum(axis=1) + (images**2).sum(axis=1)
        first = grid.right - grid.seen * share
        penalised = squares - 2 * log.sum(axis=(1, 2))
        return _Mode(theta, people, images, first, weight, share, penalised, by_person, half, schur)

    def gradient(self, mode: _Mode) -> Array:
        """Return the derivatives of the deviance (S, arms + 2); laplace.py has the formulas."""
        person, image = mode.theta[:, :1], mode.theta[:, 1:]
        inverse = np.linalg.inv(mode.schur)
        diagonal = np.diagonal(inverse, axis1=1, axis2=2)
        cross = -(inverse @ mode.half)  # M⁻¹ between images and people
        within = 1 / mode.by_person - (cross * mode.half).sum(axis=1)
        leverage = (2 * person * image)[:, :, None] * cross
        leverage += (person**2 * within)[:, None, :]
        leverage += (image**2 * diagonal)[:, :, None]
        curve = leverage * mode.weight * (1 - 2 * mode.share)
        lift, above = _solved(mode, person * curve.sum(axis=1), image * curve.sum(axis=2))
        lifted = (person * lift)[:, None, :] + (image * above)[:, :, None]
        by_eta = -2 * mode.first + curve - mode.weight * lifted
        met = (mode.weight * cross).sum(axis=(1, 2))
        of_people = by_eta.sum(axis=1)
        by_people = of_people * mode.people + mode.first.sum(axis=1) * lift
        by_people += 2 * person * mode.weight.sum(axis=1) * within
        by_images = by_eta.sum(axis=2) * mode.images + mode.first.sum(axis=2) * above
        by_images += 2 * image * mode.weight.sum(axis=2) * diagonal
        return np.column_stack(
            [
                self.grid.by_arm(of_people),
                by_people.sum(axis=1) + 2 * mode.theta[:, 1] * met,
                by_images.sum(axis=1) + 2 * mode.theta[:, 0] * met,
            ]
        )

    def curvature(self, mode: _Mode, gradient: Array) -> Array:
        """Return an approximation of the Hessian (S, arms + 2, arms + 2) for Newton's steps.

        The model is linearised at the mode. As in deviance.py, the second derivatives by θ are the
        average of the observed and the expected information.
        """
        arms, grid = self.grid.arms, self.grid
        by_person, by_image = mode.weight.sum(axis=1), mode.weight.sum(axis=2)
        people = 2 * mode.theta[:, :1] * mode.first.sum(axis=1)
        images = 2 * mode.theta[:, 1:] * mode.first.sum(axis=2)
        to_people = (images[:, None, :] @ mode.weight)[:, 0]
        to_images = (mode.weight @ people[:, :, None])[:, :, 0]
        # Z'WC for C of the arms and of the two shifts of the random effects.
        columns = [self._arms(by_person), (by_person * people)[..., None], to_people[..., None]]
        rests = [grid.by_arm(mode.weight), to_images[..., None], (by_image * images)[..., None]]
        square = _through(mode, np.concatenate(columns, axis=2), np.concatenate(rests, axis=2))
        whole = np.zeros_like(square)
        places = np.arange(arms)
        whole[:, places, places] = grid.by_arm(by_person)
        whole[:, :arms, arms] = grid.by_arm(by_person * people)
        whole[:, :arms, arms + 1] = grid.by_arm(to_people)
        whole[:, arms, arms] = (by_person * people**2).sum(axis=1)
        whole[:, arms + 1, arms + 1] = (by_image * images**2).sum(axis=1)
        whole[:, arms, arms + 1] = (to_images * images).sum(axis=1)
        information = whole + np.swapaxes(np.triu(whole, 1), 1, 2) - square
        # Units of the deviance: twice the information of β, and once that of θ.
        scale = np.concatenate([np.full(arms, 2**0.5), np.ones(2)])
        approximate = information * scale[:, None] * scale
        corner = np.arange(arms, arms + 2)
        approximate[:, corner, corner] += gradient[:, arms:] / mode.theta
        return np.asarray(approximate, dtype=np.float64)

    def _arms(self, by_person: Array) -> Array:
        """Return values of people (…, N) in the column of their arm (…, N, arms)."""
        people = by_person.shape[-1] // self.grid.arms
        spread: Array = by_person[..., None] * np.repeat(np.eye(self.grid.arms), people, axis=0)
        return spread

    def information_slopes(self, mode: _Mode, study: int) -> Array:
        """Return the derivatives by θ of the information of the arms (2, arms, arms)."""
        weight, theta, half = mode.weight[study], mode.theta[study], mode.half[study]
        by_person = self._arms(weight.sum(axis=0))
        above = self.grid.by_arm(weight)
        scaled = theta[0] * by_person
        images = np.linalg.solve(mode.schur[study], theta[1] * above - half @ scaled)
        people = scaled / mode.by_person[study][:, None] - half.T @ images
        # Z'V⁻¹X is what remains of Z'WX after the random effects.
        lifted = theta[0] * weight.sum(axis=0)[:, None] * people + theta[1] * weight.T @ images
        raised = theta[1] * weight.sum(axis=1)[:, None] * images + theta[0] * weight @ people
        halves = [(by_person - lifted).T @ people, (above - raised).T @ images]
        return np.array([-(each + each.T) for each in halves])

    def approach(self, point: Array) -> tuple[Array, Flags]:
        """Return where Newton's steps end, and the studies that arrived (S,)."""
        point = point.copy()
        arrived = np.zeros(len(point), dtype=bool)
        going = np.arange(len(point))
        search, mode = self, self.mode(point, self.plain)[0]
        for _ in range(NEWTON_STEPS):
            gradient = search.gradient(mode)
            step = _newton_step(search.curvature(mode, gradient), gradient)
            expected = -(gradient * step).sum(axis=1) / 2
            arrived[going[expected < NEAR]] = True
            self.plain[0][going], self.plain[1][going] = mode.people, mode.images
            left = np.flatnonzero(expected >= NEAR)
            if not len(left):
                break
            going, search, mode = going[left], _Search(search.grid.only(left)), mode.only(left)
            moved, mode, improved = search.advance(mode, point[going], step[left])
            point[going] = moved
            going, mode = going[improved], mode.only(improved)
            search = _Search(search.grid.only(improved))
        return point, arrived

    def advance(self, mode: _Mode, point: Array, step: Array) -> tuple[Array, _Mode, Flags]:
        """Take each study's step if it lowers the deviance, and otherwise a shorter step.

        The last result flags the studies (S,) that a step improved.
        """
        before, share = mode.deviance, np.ones(len(point))
        for _ in range(SHORTER):
            candidate = point + share[:, None] * step
            new, ended = self.mode(candidate, (mode.people, mode.images))
            improved = ended & (new.deviance < before + 1e-9)
            if improved.all():
                break
            share[~improved] *= 0.3
        return candidate, new, improved

    def hessian(self, point: Array) -> Array:
        """Return the Hessian by central differences of the gradient, as optimise.py does."""
        studies, size = point.shape
        hessian = np.empty((studies, size, size))
        centre = self.mode(point, self.plain)[0]
        for k in range(size):
            step = STEP * np.maximum(1.0, np.abs(point[:, k]))
            slopes = []
            near = centre
            for sign in (1, -1):
                moved = point.copy()
                moved[:, k] += sign * step
                near = self.mode(moved, (near.people, near.images))[0]
                slopes.append(self.gradient(near))
                # The mode moves nearly linearly, so its reflection is close to the next mode.
                near = replace(
                    near,
                    people=2 * centre.people - near.people,
                    images=2 * centre.images - near.images,
                )
            hessian[:, k] = (slopes[0] - slopes[1]) / (2 * step[:, None])
        return (hessian + np.swapaxes(hessian, 1, 2)) / 2

    def polish(self, point: Array, hessian: Array, found: Flags) -> tuple[_Mode, Array, Flags]:
        """Take the last Newton steps with the Hessian, and check that each point is a minimum."""
        found = found & np.isfinite(hessian).all(axis=(1, 2))
        safe = np.where(found[:, None, None], hessian, np.eye(point.shape[1]))
        found &= np.linalg.eigvalsh(safe)[:, 0] > 0
        safe = np.where(found[:, None, None], safe, np.eye(point.shape[1]))
        start = self.plain
        for _ in range(POLISHES):
            mode, ended = self.mode(point, start)
            start = mode.people, mode.images
            gradient = self.gradient(mode)
            step = -np.linalg.solve(safe, gradient[..., None])[..., 0]
            decrease = -(gradient * step).sum(axis=1) / 2
            far = found & (decrease > CLOSE * 1e-6)
            if not far.any():
                break
            point = point + step * far[:, None]
        found &= ended & (decrease < CLOSE) & (np.abs(point).max(axis=1) < LARGEST)
        return mode, point, found


def _through(mode: _Mode, people: Array, images: Array) -> Array:
    """Return C'WZΛM⁻¹Λ'Z'WC (S, k, k), given Z'WC as `people` (S, N, k) and `images` (S, J, k)."""
    scaled = mode.theta[:, :1, None] * people
    rest = mode.theta[:, 1:, None] * images - mode.half @ scaled
    through: Array = np.swapaxes(scaled, 1, 2) @ (scaled / mode.by_person[..., None])
    return through + np.swapaxes(rest, 1, 2) @ np.linalg.solve(mode.schur, rest)


def _solved(mode: _Mode, people: Array, images: Array) -> tuple[Array, Array]:
    """Return M⁻¹ times a column."""
    rest = images[..., None] - mode.half @ people[..., None]
    above: Array = np.linalg.solve(mode.schur, rest)[..., 0].astype(np.float64)
    return people / mode.by_person - (above[:, None, :] @ mode.half)[:, 0], above


def _newton_step(curvature: Array, gradient: Array) -> Array:
    """Return the step by the absolute curvature, which leads away from saddles, of limited length.

    Studies whose curvature is not finite get a step of nan.
    """
    finite: Flags = np.asarray(np.isfinite(curvature).all(axis=(1, 2)))
    identity = np.eye(gradient.shape[1])
    values, vectors = np.linalg.eigh(np.where(finite[:, None, None], curvature, identity))
    sizes = np.maximum(np.abs(values), 1e-6 * np.abs(values).max(axis=1)[:, None])
    turned = (gradient[:, None, :] @ vectors)[:, 0] / sizes
    step: Array = -(vectors @ turned[..., None])[..., 0]
    step *= np.minimum(1.0, LONGEST / np.abs(step).max(axis=1))[:, None]
    return np.where(finite[:, None], step, np.nan)
