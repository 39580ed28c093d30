"""What a power simulation has to suppose and a study file does not say."""

from dataclasses import dataclass
from typing import Literal

from analysis.errors import ProblemsError

Claim = Literal["test", "contrast"]


class PlanningError(ProblemsError):
    """The simulation cannot be made as asked."""

    heading = "The power cannot be simulated"


@dataclass(frozen=True)
class Assumptions:
    """The defaults are conventions, no facts: replace them by what a pilot or a like study found.

    Shares are of the variance of a single latent answer: `person_share` and `image_share` of its
    random intercepts, `arm_by_image_share` of an arm's effect that differs by image.
    """

    dropout: float = 0.10  # share of the randomised who stop, half of their trials answered
    excluded: float = 0.05  # share that the plan's rules take out of the per-protocol set
    baseline_share: float = 0.5  # of yes in the control arm, yes-or-no trials
    first_right_share: float = 0.6  # of first answers, before advice, in every arm
    person_share: float = 0.2
    image_share: float = 0.1
    arm_by_image_share: float = 0.0
    score_mean: float | None = None  # in the control arm; the middle of the range if None
    score_sd: float | None = None  # of a person's score or a single numeric trial; None: range / 6
    reliability: float = 0.8  # of a scale's score
    stable_share: float = (
        0.5  # of a person's true score, the same in all conditions (within-subjects designs)
    )

    def __post_init__(self) -> None:
        shares = ["person_share", "image_share", "arm_by_image_share", "baseline_share"]
        shares += ["first_right_share"]
        problems = [
            f"{name} must be at least 0 and below 1, got {getattr(self, name)}."
            for name in ("dropout", "excluded", *shares)
            if not 0 <= getattr(self, name) < 1
        ]
        if not 0 <= self.stable_share <= 1:
            problems.append(f"stable_share must be 0 to 1, got {self.stable_share}.")
        if not 0 < self.baseline_share < 1 or not 0 < self.reliability < 1:
            problems.append("baseline_share and reliability must lie between 0 and 1.")
        if self.person_share + self.image_share + self.arm_by_image_share >= 1:
            problems.append("the shares of people, images and arms by image must sum below 1.")
        if self.score_sd is not None and self.score_sd <= 0:
            problems.append(f"score_sd must be above 0, got {self.score_sd}.")
        if problems:
            raise PlanningError(problems)


@dataclass(frozen=True)
class Design:
    """What each participant sees: `right` and `wrong` predictions, the same images in every arm.

    With `conditions` everyone goes through all of them, each with that many predictions on images
    of its own, and the arms are orders.
    """

    right: int
    wrong: int
    conditions: tuple[str, ...] = ()

    @property
    def images(self) -> int:
        """Trials per participant, or per condition in a within-subjects design."""
        return self.right + self.wrong

    def scaled(self, factor: float) -> "Design":
        """About `factor` times as many images, right and wrong in the same ratio."""
        least = 1 if self.right and self.wrong else 0
        right = max(least if self.right else 0, round(self.right * factor))
        wrong = max(least if self.wrong else 0, round(self.wrong * factor))
        return Design(right, wrong, self.conditions)
