"""The analysis "factorial_within": two factors, of which participants see several levels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.outcomes.finding import OutcomeFinding
from analysis.outcomes.repeated import condition_means
from analysis.plan.plan import Outcome, effect_names, tested_effect
from analysis.statistics.comparisons.arm_by_time import arm_by_time
from analysis.statistics.comparisons.two_factors import EFFECTS, SimpleEffect, partial_eta_squared
from analysis.statistics.comparisons.two_samples import paired_t, welch_t
from analysis.statistics.comparisons.two_within import TwoWithin, two_within
from analysis.statistics.descriptives import ArmSummary, summarise
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable, Scores, attempt
from analysis.statistics.multiplicity import holm
from analysis.study_data.codebook_words import codewords
from analysis.study_data.study_data import StudyData


@dataclass(frozen=True)
class FactorialWithin:
    """Effects "a" and "b" (the plan's two factors) and "a:b" (their interaction).

    `arms` summarises the cells, whose levels of both factors are `cells`. `within` names the
    factors that vary within participants, `tested` is the effect that enters the outcome's family,
    and `epsilons` are Greenhouse and Geisser's. `incomplete` counts the participants who lack a
    cell and are left out.
    """

    arms: tuple[ArmSummary, ...]
    cells: tuple[tuple[str, str], ...]
    factors: tuple[str, str]
    within: tuple[str, ...]
    tested: str
    effects: Mapping[str, HypothesisTest | NotEstimable]
    sizes: Mapping[str, Estimate | NotEstimable]
    epsilons: Mapping[str, float]
    simple_effects: tuple[SimpleEffect, ...]
    incomplete: int

    @property
    def test(self) -> HypothesisTest | NotEstimable:
        """Return the test of the effect that the plan names."""
        return self.effects[self.tested]


@dataclass(frozen=True)
class Cells:
    """Scores (participants, (level of a, level of b)), and which factors vary within participants.

    A participant has every cell, or every cell of one level of the factor that does not vary
    within participants. `incomplete` counts the participants who lack a cell and are left out.
    """

    scores: pd.DataFrame
    varies: tuple[bool, bool]
    incomplete: int

    def levels(self, place: int) -> list[str]:
        return list(dict.fromkeys(self.scores.columns.get_level_values(place)))

    def complete(self, a: str, b: str) -> Scores:
        """Return the scores of everybody who has the cell."""
        return self.scores[(a, b)].dropna().to_numpy(float)


def factorial_within(data: StudyData, scores: pd.DataFrame, outcome: Outcome) -> FactorialWithin:
    """Compare the levels of both factors, in participants who have all the cells they could have.

    A participant's score in a cell is a mean over images, which are treated as fixed.
    """
    plan, names = data.plan, effect_names(outcome)
    cells = _cells(data, outcome)
    found = attempt("ANOVA", partial(cell_tests, cells))
    effects = dict.fromkeys(EFFECTS, found) if isinstance(found, NotEstimable) else found.effects
    level = 1 - 2 * plan.alpha
    columns = [(str(column[0]), str(column[1])) for column in cells.scores.columns]
    summaries = [(f"{a} × {b}", cells.complete(a, b)) for a, b in columns]
    return FactorialWithin(
        tuple(summarise(name, name, values, plan.level) for name, values in summaries),
        tuple(columns),
        (names["a"], names["b"]),
        tuple(names[key] for key, varies in zip(("a", "b"), cells.varies, strict=True) if varies),
        tested_effect(outcome),
        effects,
        {name: attempt(name, partial(_size, effects[name], level)) for name in EFFECTS},
        {} if isinstance(found, NotEstimable) else found.epsilons,
        (*_simple(cells, "a", plan.level), *_simple(cells, "b", plan.level)),
        cells.incomplete,
    )


def factorial_within_model(outcome: Outcome) -> str:
    """Return the formula of the outcome's model."""
    names = effect_names(outcome)
    return (
        f"score ~ {names['a']} * {names['b']} + error(participant), type III, Greenhouse-Geisser "
        "corrected"
    )


def assumptions(
    data: StudyData, scores: pd.DataFrame, outcome: Outcome, found: OutcomeFinding
) -> tuple[Assumption, ...]:
    """Report complete participants, and sphericity, which is corrected for and not assumed."""
    if not isinstance(found, FactorialWithin):
        return ()
    complete = len(_cells(data, outcome).scores)
    values = {"complete": complete, "incomplete": found.incomplete}
    of_people = Assumption("complete", "doubtful" if found.incomplete else "met", values)
    least = min(found.epsilons.values(), default=1.0)
    if all(
        not isinstance(test, HypothesisTest) or test.df[0] == 1 for test in found.effects.values()
    ):
        return (of_people,)
    return (of_people, Assumption("sphericity", "not needed", {"epsilon": least}))


def _cells(data: StudyData, outcome: Outcome) -> Cells:
    """Return the mean scores by participant and combination of levels."""
    wide = condition_means(data, outcome)
    levels = _levels(data, outcome)
    # In the codebook's order of the conditions, which is that of the study file.
    words = data.codebook[
        (data.codebook["file"] == "trials.csv") & (data.codebook["column"] == outcome.within)
    ]
    order = list(codewords(words["values"].iloc[0] if len(words) else ""))
    known = sorted(
        (name for name in wide if name in levels),
        key=lambda name: order.index(name) if name in order else len(order),
    )
    return complete_cells(wide[known], [levels[name] for name in known])


def complete_cells(scores: pd.DataFrame, levels: Sequence[tuple[str, str]]) -> Cells:
    """Return the scores of the participants who have all the cells that they could have.

    `levels` are the levels of both factors of each column of `scores` (participants, cells).
    """
    scores = scores.set_axis(pd.MultiIndex.from_tuples(levels, names=["a", "b"]), axis=1)
    there = scores.notna()
    varies = tuple(_varies(there, place) for place in ("a", "b"))
    if all(varies) or not any(varies):
        complete = there.all(axis=1)
    else:
        between, within = ("a", "b") if varies[1] else ("b", "a")
        count = scores.columns.get_level_values(within).nunique()
        by_level = there.T.groupby(level=between).sum().T
        complete = (by_level == count).sum(axis=1) == 1
    return Cells(scores[complete], (varies[0], varies[1]), int((~complete).sum()))


def _levels(data: StudyData, outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Return the levels of both factors by the value of the column `within`.

    Raises NotEstimableError if a value has several levels of a factor, so that it is not a cell.
    """
    columns = [str(outcome.within), *outcome.factors]
    rows = data.trials[columns].dropna().astype(str).drop_duplicates()
    repeated = rows[rows[columns[0]].duplicated()]
    if len(repeated):
        raise NotEstimableError(
            f"{columns[0]} = {repeated[columns[0]].iloc[0]!r} has several combinations of "
            f"{columns[1]} and {columns[2]}"
        )
    return {name: (a, b) for name, a, b in rows.itertuples(index=False)}


def _varies(there: pd.DataFrame, place: str) -> bool:
    """Check whether any participant has scores at two levels of the factor."""
    return bool((there.T.groupby(level=place).any().sum() > 1).any())


def cell_tests(cells: Cells) -> TwoWithin:
    """Return the tests of both factors and of their interaction, each with its own error.

    Raises NotEstimableError if neither factor varies within participants, or if a combination of
    levels or participants are lacking.
    """
    if all(cells.varies):
        return two_within(cells.scores)
    if not any(cells.varies):
        raise NotEstimableError(
            "neither factor varies within participants; 'factorial' compares two between-subjects "
            "factors"
        )
    return _mixed(cells)


def _mixed(cells: Cells) -> TwoWithin:
    """Return the tests where one factor varies between participants."""
    between = 0 if cells.varies[1] else 1
    groups, times = cells.levels(between), cells.levels(1 - between)
    stacked, group = _stacked(cells.scores, between, groups, times)
    found = arm_by_time(stacked, group, groups)
    keys = {"ab"[between]: "arm", "ab"[1 - between]: "time", "a:b": "arm:time"}
    epsilons = {name: 1.0 if keys[name] == "arm" else found.epsilon for name in EFFECTS}
    return TwoWithin({name: found.effects[keys[name]] for name in EFFECTS}, epsilons)


def _stacked(
    scores: pd.DataFrame, between: int, groups: Sequence[str], times: Sequence[str]
) -> tuple[pd.DataFrame, pd.Series]:
    """Return (participants, levels of the within factor) of all groups, and everybody's group."""
    parts: list[pd.DataFrame] = []
    of_group: list[str] = []
    for name in groups:
        rows: pd.DataFrame = scores.xs(name, axis=1, level=between)  # type: ignore[assignment]
        rows = rows.reindex(columns=list(times)).dropna()
        parts.append(rows)
        of_group += [name] * len(rows)
    stacked = pd.concat(parts)
    return stacked, pd.Series(of_group, index=stacked.index)


def _simple(cells: Cells, factor: str, level: float) -> tuple[SimpleEffect, ...]:
    """Compare the levels of the factor at each level of the other, Holm over all of them.

    Differences are paired where the factor varies within participants, otherwise Welch's.
    """
    place = "ab".index(factor)
    paired = cells.varies[place]
    entries: list[tuple[str, str, str, Estimate | NotEstimable]] = []
    for at in cells.levels(1 - place):
        for reference, later in combinations(cells.levels(place), 2):
            pair = [(one, at) if place == 0 else (at, one) for one in (later, reference)]
            if not set(pair) <= set(cells.scores.columns):
                continue
            estimate = attempt("difference", partial(_difference, cells, pair, paired, level))
            entries.append((at, later, reference, estimate))
    adjusted = holm(
        {
            str(number): one.p if isinstance(one, Estimate) else None
            for number, (_, _, _, one) in enumerate(entries)
        }
    )
    return tuple(
        SimpleEffect(factor, at, later, reference, estimate, adjusted[str(number)])
        for number, (at, later, reference, estimate) in enumerate(entries)
    )


def _difference(
    cells: Cells, pair: Sequence[tuple[str, str]], paired: bool, level: float
) -> Estimate:
    if not paired:
        return welch_t(cells.complete(*pair[0]), cells.complete(*pair[1]), level)
    both = cells.scores[list(pair)].dropna().to_numpy(float)
    first, second = np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])
    return paired_t(first, second, level)


def _size(test: HypothesisTest | NotEstimable, level: float) -> Estimate:
    if isinstance(test, NotEstimable):
        raise NotEstimableError(test.reason)
    return partial_eta_squared(test, level)
