"""Assumptions that a power simulation needs and a study file does not contain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from analysis.errors import ProblemsError

Claim = Literal["test", "contrast"]


class PlanningError(ProblemsError):
    """The simulation cannot be run as requested.

    `problems` lists the reasons.
    """

    heading = "The power cannot be simulated"


@dataclass(frozen=True)
class Assumptions:
    """Assumptions of a simulation, whose default values are better replaced by pilot results.

    `person_share` and `image_share` are the shares of the random intercepts in the variance of a
    single latent answer, `arm_by_image_share` is the share of arm effects that differ by image.
    Raises PlanningError for values out of range.
    """

    dropout: float = 0.10  # share of the randomised who stop after half of their trials
    excluded: float = 0.05  # share that the plan's rules exclude from the per-protocol set
    baseline_share: float = 0.5  # share of yes in the control arm, in yes-or-no trials
    first_right_share: float = 0.6  # share of right first answers, before advice, in every arm
    person_share: float = 0.2
    image_share: float = 0.1
    arm_by_image_share: float = 0.0
    score_mean: float | None = None  # mean in the control arm; the middle of the range if None
    score_sd: float | None = None  # SD of a score or a single numeric trial; range / 6 if None
    reliability: float = 0.8  # reliability of a scale's score
    stable_share: float = 0.5  # share of a true score that is constant over within-subjects blocks
    before_correlation: float = 0.5  # of the scores of an earlier and a later measurement, per arm

    def __post_init__(self) -> None:
        # All problems are reported at once, so that a command line needs a single correction.
        shares = ["person_share", "image_share", "arm_by_image_share", "baseline_share"]
        shares += ["first_right_share"]
        problems = [
            f"{name} must be at least 0 and below 1, but is {getattr(self, name)}."
            for name in ("dropout", "excluded", *shares)
            if not 0 <= getattr(self, name) < 1
        ]
        if not 0 <= self.stable_share <= 1:
            problems.append(f"stable_share must be from 0 to 1, but is {self.stable_share}.")
        if not 0 <= self.before_correlation < 1:
            problems.append(
                "before_correlation must be at least 0 and below 1, but is "
                f"{self.before_correlation}."
            )
        if not 0 < self.baseline_share < 1 or not 0 < self.reliability < 1:
            problems.append("baseline_share and reliability must be between 0 and 1.")
        if self.person_share + self.image_share + self.arm_by_image_share >= 1:
            problems.append(
                "person_share, image_share and arm_by_image_share must sum to less than 1."
            )
        if self.score_sd is not None and self.score_sd <= 0:
            problems.append(f"score_sd must be above 0, but is {self.score_sd}.")
        if problems:
            raise PlanningError(problems)


@dataclass(frozen=True)
class Design:
    """The trials of each participant, with as many `right` and `wrong` predictions in every arm.

    With `conditions` the design is within-subjects: each condition has that many predictions on
    images of its own, and the arms are orders of the conditions. `seen_by` contains each arm's
    conditions in a mixed design and is empty where everyone sees every condition. `levels` contains
    the levels of the declared factors by arm, or by condition in a within-subjects design.
    `accuracy` is the share of right predictions, in place of `right` and `wrong`, of the arms or
    conditions whose share differs; their number of trials is unchanged.
    """

    right: int
    wrong: int
    conditions: tuple[str, ...] = ()
    levels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seen_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    accuracy: Mapping[str, float] = field(default_factory=dict)

    @property
    def images(self) -> int:
        """Return the trials per participant, or per condition in a within-subjects design."""
        return self.right + self.wrong

    def shown(self, key: str) -> tuple[int, int]:
        """Return the numbers of right and of wrong predictions in the arm or condition."""
        if key not in self.accuracy:
            return self.right, self.wrong
        right = round(self.accuracy[key] * self.images)
        return right, self.images - right

    def pool(self, keys: Sequence[str]) -> tuple[int, int]:
        """Return the fewest right and wrong predictions from which all the keys can be shown."""
        shown = [self.shown(key) for key in keys]
        return max(right for right, _ in shown), max(wrong for _, wrong in shown)

    def conditions_of(self, arm: str) -> tuple[str, ...]:
        """Return the conditions that participants of the arm see."""
        return self.seen_by.get(arm, self.conditions)

    def scaled(self, factor: float) -> "Design":
        """Return a design with about `factor` times as many images in an unchanged ratio."""
        least = 1 if self.right and self.wrong else 0
        right = max(least if self.right else 0, round(self.right * factor))
        wrong = max(least if self.wrong else 0, round(self.wrong * factor))
        return replace(self, right=right, wrong=wrong)
