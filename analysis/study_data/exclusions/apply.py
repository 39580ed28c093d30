"""The plan's exclusions carried out in order, with the counts that a flow diagram needs."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import resolve, rule_of
from analysis.plan.tables import Scope
from analysis.study_data.exclusions.rules import Flagged
from analysis.study_data.tables import StudyTables


@dataclass(frozen=True)
class ExclusionStep:
    """One rule: by arm, how many it takes of those still there, and how many then remain.

    `flagged` counts everyone whom the rule fits, taken by an earlier rule or not; `undecided`
    those still there whose data do not say.
    """

    key: str
    label: str
    rule: str
    scope: Scope
    excluded: Mapping[str, int]
    remaining: Mapping[str, int]
    flagged: int
    undecided: int


@dataclass(frozen=True)
class Exclusions:
    """The steps, and per participant (rows of participants.csv) which set they are out of.

    `by_rule`: the key of the rule that took the participant, empty for who stays.
    """

    steps: tuple[ExclusionStep, ...]
    by_rule: pd.Series
    out_of_all: "pd.Series[bool]"
    out_of_protocol: "pd.Series[bool]"


def apply_exclusions(data: StudyTables) -> Exclusions:
    """Each rule of the plan, in the plan's order, on those whom no earlier rule took."""
    people = data.participants
    by_rule = pd.Series("", index=people.index, dtype="object")
    out_of_all = pd.Series(False, index=people.index)
    steps = []
    for exclusion in data.plan.exclusions:
        found: Flagged = resolve(rule_of(exclusion).path)(data, exclusion)
        there = by_rule == ""
        taken = there & found.flagged
        by_rule = by_rule.mask(taken, exclusion.key)
        if exclusion.scope == "all":
            out_of_all |= taken
        steps.append(
            ExclusionStep(
                exclusion.key,
                exclusion.label,
                exclusion.rule,
                exclusion.scope,
                _by_arm(data, taken),
                _by_arm(data, by_rule == ""),
                int(found.flagged.sum()),
                int((there & found.undecided).sum()),
            )
        )
    return Exclusions(tuple(steps), by_rule, out_of_all, by_rule != "")


def _by_arm(data: StudyTables, mask: "pd.Series[bool]") -> dict[str, int]:
    counts = data.participants.loc[mask.astype(bool), "arm"].value_counts()
    return {arm: int(counts.get(arm, 0)) for arm in data.plan.arms}
