"""Exclusion rules that a plan can declare.

A new rule is a function and an entry in RULES.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """An exclusion rule: `path` names a function (StudyTables, Exclusion) → exclusions.Flagged."""

    key: str
    label: str
    needs: tuple[str, ...]  # fields of Exclusion that must be given
    path: str


RULES = (
    Rule(
        "not_completed",
        "did not complete the study",
        (),
        "analysis.study_data.exclusions.rules.not_completed",
    ),
    Rule(
        "listed",
        "named in the plan",
        ("participants",),
        "analysis.study_data.exclusions.rules.listed",
    ),
    Rule(
        "participant",
        "a participant's value meets the condition",
        ("column",),
        "analysis.study_data.exclusions.rules.participant_value",
    ),
    Rule(
        "trials",
        "enough trials meet the condition",
        ("column",),
        "analysis.study_data.exclusions.rules.trials_that_fit",
    ),
    Rule(
        "same_choices",
        "the same choice throughout enough blocks of trials",
        ("columns", "block"),
        "analysis.study_data.exclusions.rules.same_choices",
    ),
    Rule(
        "answer",
        "the answer to an item meets the condition",
        ("item",),
        "analysis.study_data.exclusions.rules.answer_that_fits",
    ),
    Rule(
        "same_answers",
        "the same answer to all of these items",
        ("items",),
        "analysis.study_data.exclusions.rules.same_answers",
    ),
    Rule(
        "signals",
        "enough of these signs of programs",
        ("signals",),
        "analysis.study_data.exclusions.rules.signs_of_programs",
    ),
)
