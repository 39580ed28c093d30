"""The analysis "mixed_anova": arms between subjects by times or conditions within subjects."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome
from analysis.statistics.comparisons.arm_by_time import EFFECTS, ArmByTime, arm_by_time
from analysis.statistics.comparisons.planned import ContrastResult, planned_contrasts
from analysis.statistics.comparisons.two_factors import partial_eta_squared
from analysis.statistics.comparisons.two_samples import welch_t
from analysis.statistics.descriptives import ArmSummary, mean, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, Scores, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class CellMean:
    """Mean score of an arm at a time."""

    arm: str
    label: str
    time: str
    n: int
    mean: Estimate | NotEstimable


@dataclass(frozen=True)
class ChangeContrast:
    """An arm's change from the first time to `time`, minus the control's change.

    `p_adjusted` is Holm's over all arms and times.
    """

    arm: str
    label: str
    time: str
    reference: str
    difference: Estimate | NotEstimable
    p_adjusted: float | None


@dataclass(frozen=True)
class MixedAnova:
    """Tests of arm, time and their interaction, which enters the outcome's family.

    `arms` summarises the participants' means over the times. `planned` are contrasts of the change
    from the first to the last time. `epsilon` is Greenhouse and Geisser's. `incomplete` counts the
    participants who lack a time and are left out.
    """

    arms: tuple[ArmSummary, ...]
    times: tuple[str, ...]
    cells: tuple[CellMean, ...]
    effects: Mapping[str, HypothesisTest | NotEstimable]
    sizes: Mapping[str, Estimate | NotEstimable]
    epsilon: float | None
    contrasts: tuple[ChangeContrast, ...]
    planned: tuple[ContrastResult, ...]
    incomplete: int

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test of the interaction: whether the change differs between the arms."""
        return self.effects["arm:time"]


def mixed_anova(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> MixedAnova:
    """Compare the arms' changes over the times, in participants who have all of them."""
    plan, arms = data.plan, data.plan.arms_of(outcome)
    wide = condition_means(data, outcome)
    complete = wide.dropna()
    arm = data.participants.set_index("participant")["arm"].reindex(complete.index)
    found = attempt("mixed ANOVA", partial(arm_by_time, complete, arm, arms, data.labels))
    effects = {name: attempt(name, partial(_effect, found, name)) for name in EFFECTS}
    # F is one-sided, so an interval of 1 − 2α excludes 0 exactly where the test rejects.
    level = 1 - 2 * plan.alpha
    times = tuple(map(str, complete))
    of_arm = {name: complete[(arm == name).to_numpy()] for name in arms}
    return MixedAnova(
        tuple(
            summarise(name, data.labels[name], rows.mean(axis=1).to_numpy(float), plan.level)
            for name, rows in of_arm.items()
        ),
        times,
        tuple(
            CellMean(
                name,
                data.labels[name],
                time,
                len(rows),
                attempt("mean", partial(mean, rows[time].to_numpy(float), plan.level)),
            )
            for name, rows in of_arm.items()
            for time in times
        ),
        effects,
        {name: attempt(name, partial(_size, test, level)) for name, test in effects.items()},
        found.epsilon if isinstance(found, ArmByTime) else None,
        _contrasts(data, of_arm, times),
        planned_contrasts(
            {name: _change(rows, times[-1], times[0]) for name, rows in of_arm.items()},
            plan.contrasts,
            plan.level,
        )
        if times
        else (),
        len(wide) - len(complete),
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Report complete participants, and sphericity, which is corrected for and not assumed."""
    if not isinstance(found, MixedAnova):
        return ()
    values = {
        "complete": sum(arm.n for arm in found.arms),
        "incomplete": found.incomplete,
    }
    complete = Assumption("complete", "doubtful" if found.incomplete else "met", values)
    if found.epsilon is None or len(found.times) < 3:
        return (complete,)
    return (complete, Assumption("sphericity", "not needed", {"epsilon": found.epsilon}))


def _contrasts(
    data: StudyData, of_arm: Mapping[str, pd.DataFrame], times: tuple[str, ...]
) -> tuple[ChangeContrast, ...]:
    control, level = data.plan.control, data.plan.level
    differences = {
        (arm, time): attempt(
            "difference of changes",
            partial(
                welch_t,
                _change(of_arm[arm], time, times[0]),
                _change(of_arm[control], time, times[0]),
                level,
            ),
        )
        for arm in of_arm
        if arm != control
        for time in times[1:]
    }
    adjusted = holm(
        {
            f"{arm} {time}": difference.p if isinstance(difference, Estimate) else None
            for (arm, time), difference in differences.items()
        }
    )
    return tuple(
        ChangeContrast(arm, data.labels[arm], time, times[0], difference, adjusted[f"{arm} {time}"])
        for (arm, time), difference in differences.items()
    )


def _change(rows: pd.DataFrame, last: str, first: str) -> Scores:
    return (rows[last] - rows[first]).round(12).to_numpy(float)


def _effect(found: ArmByTime | NotEstimable, name: str) -> HypothesisTest:
    if isinstance(found, NotEstimable):
        raise NotEstimableError(found.reason)
    return found.effects[name]


def _size(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return partial_eta_squared(test, level)
