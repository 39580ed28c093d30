"""Separation in the words of a plan: which answers, of which arms or levels, are apart."""

from collections.abc import Iterator
from itertools import permutations

import pandas as pd

from analysis.plan.plan import Outcome
from analysis.statistics.mixed_models.errors import SeparationError
from analysis.study_data.rows_in_words import rows_words

MOST_NAMED = 3  # groups named in a message
Groups = list[tuple[str, pd.Series]]


def separation_in_words(
    table: pd.DataFrame, outcome: Outcome, error: SeparationError
) -> SeparationError:
    """Return the refusal of a separated model in terms of the outcome, its arms and its levels.

    `table` contains the rows of the model: `value`, `arm` and, if the plan declares it, the factor
    `within`. The error is returned unchanged if neither a group of constant answers nor two groups
    whose answers do not overlap explain the separation.
    """
    column = outcome.column or outcome.key
    kinds = [*_kinds_of_groups(table, outcome)]
    found = next((said for kind in kinds if (said := [*_constant(table, kind, column)])), [])
    found = found or next((said for kind in kinds if (said := [*_apart(kind, column)])), [])
    if not found:
        return error
    more = len(found) - MOST_NAMED
    named = "; ".join(found[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
    return SeparationError(
        f"{named} (separation), so an odds ratio is 0 or infinite and has no standard error. The "
        "likelihood-ratio test and the permutation test hold for such answers; declare one as the "
        "outcome's fallback, or collect more answers"
    )


def _constant(table: pd.DataFrame, groups: Groups, column: str) -> Iterator[str]:
    """Yield the groups in which everyone gave the lowest, or everyone the highest answer."""
    ends = (table["value"].min(), table["value"].max())
    for name, values in groups:
        if values.nunique() == 1 and values.iloc[0] in ends:
            answers = f"all {len(values)} answers" if len(values) > 1 else "the only answer"
            verb = "are" if len(values) > 1 else "is"
            yield f"{answers} to “{column}” in {name} {verb} {values.iloc[0]:g}"


def _apart(groups: Groups, column: str) -> Iterator[str]:
    """Yield the pairs of groups of which one has no answer above any answer of the other."""
    for (low, lower), (high, higher) in permutations(groups, 2):
        if lower.max() <= higher.min():
            yield f"no answer to “{column}” in {low} is above any answer in {high}"


def _kinds_of_groups(table: pd.DataFrame, outcome: Outcome) -> Iterator[Groups]:
    """Yield the arms, the levels of `within`, and their cells, each with its answers.

    The coarsest groups come first, because an arm without variation leaves its cells none either.
    """
    within, several = outcome.within, table["arm"].nunique() > 1
    if several:
        yield [(f"the arm “{arm}”", rows["value"]) for arm, rows in table.groupby("arm")]
    if within is not None:
        levels = table.groupby(within)
        yield [
            (f"the trials {rows_words({within: level})}", rows["value"]) for level, rows in levels
        ]
    if several and within is not None:
        yield [
            (f"the trials {rows_words({within: level})} of the arm “{arm}”", rows["value"])
            for (arm, level), rows in table.groupby(["arm", within])
        ]
