"""Exclusion criteria, applied in order, with the counts for a flow diagram."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import resolve, rule_of
from analysis.plan.tables import Exclusion, Scope
from analysis.study_data.exclusions.rules import Flagged
from analysis.study_data.tables import StudyTables


@dataclass(frozen=True)
class ExclusionStep:
    """A rule with the number of participants it excludes and leaves, by arm.

    `flagged` counts all participants who match the rule, including those excluded earlier;
    `undecided` counts the remaining participants whose data are insufficient.
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
    """The steps, and for each row of participants.csv the sets from which it is excluded.

    `by_rule` is the key of the excluding rule, empty for participants who are kept.
    """

    steps: tuple[ExclusionStep, ...]
    by_rule: pd.Series
    out_of_all: "pd.Series[bool]"
    out_of_protocol: "pd.Series[bool]"


def apply_exclusions(data: StudyTables, exclusions: Sequence[Exclusion]) -> Exclusions:
    """Apply each rule in its order to the participants not yet excluded."""
    people = data.participants
    by_rule = pd.Series("", index=people.index, dtype="object")
    out_of_all = pd.Series(False, index=people.index)
    steps = []
    for exclusion in exclusions:
        result: Flagged = resolve(rule_of(exclusion).path)(data, exclusion)
        # A participant is counted under the first rule that matches, as in a flow diagram.
        there = by_rule == ""
        taken = there & result.flagged
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
                int(result.flagged.sum()),
                int((there & result.undecided).sum()),
            )
        )
    return Exclusions(tuple(steps), by_rule, out_of_all, by_rule != "")


def _by_arm(data: StudyTables, mask: "pd.Series[bool]") -> dict[str, int]:
    counts = data.participants.loc[mask.astype(bool), "arm"].value_counts()
    return {arm: int(counts.get(arm, 0)) for arm in data.plan.arms}
