"""Participants flagged by each rule in each arm, and what the results are without them."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.outcomes.answer import Answer
from analysis.plan.catalogues.signal_rules import SIGNAL_RULES, Group
from analysis.plan.tables import Exclusion, SignalsPlan
from analysis.sections.signals.clean_walks import CleanWalks, clean_walks
from analysis.statistics.estimate import HypothesisTest, NotEstimable
from analysis.study_data.signals import any_flag, flags
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class RuleCount:
    """Participants of an arm whom a rule flags, of the participants for whom it is decided."""

    flagged: int
    decided: int


@dataclass(frozen=True)
class RuleShare:
    """A rule with its counts by arm.

    `used` tells whether the plan's flag includes the rule. `clean_walks` are walks like a person's
    through a browser that the shipped benchmark has counted, if any.
    """

    key: str
    label: str
    words: str
    group: Group
    used: bool
    arms: Mapping[str, RuleCount]
    clean_walks: CleanWalks | None


@dataclass(frozen=True)
class WithoutFlagged:
    """A confirmatory outcome's result without the flagged participants.

    `p_adjusted` is adjusted over its family, and `shown` tells whether it is below alpha.
    """

    outcome: str
    label: str
    participants: int
    test: HypothesisTest | NotEstimable
    p_adjusted: float | None
    shown: bool
    answer: Answer | None


@dataclass(frozen=True)
class SignsOfPrograms:
    """Counts of every rule, the participants flagged by the plan's rules, and the results without
    them.

    `without` is empty if nobody is flagged, or if an arm would be empty without the flagged;
    `left_empty` lists such arms.
    """

    rules: tuple[RuleShare, ...]
    flagged: Mapping[str, RuleCount]
    participants: tuple[str, ...]
    left_empty: tuple[str, ...] = ()
    without: tuple[WithoutFlagged, ...] = ()


def signals(data: StudyData, scores: pd.DataFrame) -> SignsOfPrograms:
    """Return the participants whom the rules flag. The results without them are added later."""
    plan = data.plan.signals or SignalsPlan()
    people = data.participants
    by_rule = flags(people, [rule.key for rule in SIGNAL_RULES])
    flagged = any_flag(people, plan.rules)
    chosen = flagged.fillna(False).astype(bool)
    return SignsOfPrograms(
        tuple(
            RuleShare(
                rule.key,
                rule.label,
                rule.words,
                rule.group,
                rule.key in plan.rules,
                _by_arm(data, by_rule[rule.key]),
                clean_walks(rule.key),
            )
            for rule in SIGNAL_RULES
            if set(rule.needs) <= set(people.columns)
        ),
        _by_arm(data, flagged),
        tuple(people.loc[chosen, "participant"]),
        tuple(arm for arm in data.plan.arms if not (people.loc[~chosen, "arm"] == arm).any()),
    )


def without_flagged(found: SignsOfPrograms) -> Exclusion:
    """Return the rule that leaves the flagged participants out of every set."""
    return Exclusion(
        key="signs of programs",
        label="signs of programs",
        rule="listed",
        scope="all",
        participants=found.participants,
    )


def _by_arm(data: StudyData, flag: pd.Series) -> dict[str, RuleCount]:
    arms = data.participants["arm"]
    return {
        arm: RuleCount(int(flag[arms == arm].sum()), int(flag[arms == arm].notna().sum()))
        for arm in data.plan.arms
    }
