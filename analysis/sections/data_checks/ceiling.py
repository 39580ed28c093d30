"""Outcomes whose values lie at an end of their range, where differences cannot show."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special, stats

from analysis.plan.plan import Outcome, analysis_of
from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    percent,
    plain,
)
from analysis.study_data.populations import outcome_scores

OF_SCORES = 0.15
"""Share of scale scores at an end that Terwee et al. (2007) call a ceiling or floor effect."""
OF_RATINGS = 1 / 3
"""The same for single ratings, whose few values put a larger share at an end without any fault."""
OF_ITEMS = 1.5
"""Share of answers to a scale's items at an end, in shares of equally frequent answers."""
OF_COUNTS = 0.2
"""Share of participants whose count is at an end, such as those who found nothing."""
COUNT_STEPS, MOST_COUNTED = 5, 30  # least and largest maximum of a count, unlike percentages
OF_PEOPLE = 1 / 3
"""Share of participants with all of several yes-or-no answers at one end."""
SEVERAL = 5  # yes-or-no answers per participant that are taken as a count of them
PERCENT = (0.0, 100.0)  # range of a slider for which the plan declares none
RATES_OF_FEW = frozenset(
    float(rounded)
    for cases in range(1, 13)
    for hits in range(cases + 1)
    for rounded in (round(100 * hits / cases), int(100 * hits / cases + 0.5), 100 * hits // cases)
)
"""Whole percentages, rounded or cut, of at most twelve cases."""
FINE = 20  # a rating with more distinct values is judged like a scale score
ABOVE_NEIGHBOURS = 5.0
"""Factor by which an end of a fine rating exceeds the values next to it if answers pile up."""
OF_GROUPS = ((0.25, 4.0), (0.15, 10.0))
"""Shares of a group's ratings at an end, with the factor by which it exceeds the other groups'."""
OF_YES_OR_NO = 0.9
"""Share of a yes-or-no answer above which few trials can tell arms apart."""
ADVICE = (
    "Read a missing difference with care: the measure cannot show one at its end. Check whether "
    "values beyond the end were recoded to it, and use a test that needs no spread."
)


@dataclass(frozen=True)
class _Ends:
    """Shares of values at both ends by participant, and the share that counts as too many."""

    people: pd.Index
    shares: Numbers  # participants × (low, high)
    ends: tuple[float, float]
    most: float
    noun: str


def ceiling(material: Material) -> Iterator[DataFinding]:
    """Yield outcomes whose share at an end exceeds what the kind of outcome allows, for certain.

    The lower bound of the share must exceed it: Clopper and Pearson's for one value per
    participant, the t bound of the participants' shares for trials; corrected for outcomes, ends,
    and arms. Counts, and yes-or-no answers whose mean is compared, are looked at by participant.
    The items of a scale may lie at an end although few scores do. A rating with many
    values also piles up if its end is far more frequent than the values next to it, and the
    ratings of an arm, of a level of the within factor, or of one item of a scale if their end is
    far more frequent than in the others.
    """
    outcomes = material.data.plan.outcomes
    # A quarter of the level each is for scores and answers, pile-ups, people, and groups.
    tests, piles = 8 * len(outcomes) * (len(material.arms) + 1), 8 * len(outcomes)
    for outcome in outcomes:
        found = list(_of_outcome(material, outcome, tests))
        yield from found
        if not found:
            found = [
                *_of_items(material, outcome, piles),
                *_of_fine_ratings(material, outcome, piles),
            ]
            yield from found
        if not found:
            found = list(_of_people(material, outcome, piles))
            yield from found
        if not found:
            yield from _of_groups(material, outcome, piles)


def _of_outcome(material: Material, outcome: Outcome, tests: int) -> Iterator[DataFinding]:
    ends = _ends(material, outcome)
    if ends is not None:
        arm = material.arm.reindex(ends.people).to_numpy()
        for side, name in ((1, "ceiling"), (0, "floor")):
            at_end = ends.shares[:, side]
            found = [
                (label, float(shares.mean()))
                for label, shares in (
                    ("", at_end),
                    *((one, at_end[arm == one]) for one in material.arms),
                )
                if _p_not_above(shares, ends.most) * tests < material.level
            ]
            if found:
                yield _finding(material, outcome, ends, side, name, found)


def _of_items(material: Material, outcome: Outcome, tests: int) -> Iterator[DataFinding]:
    """Yield scales whose items have more answers at an end than next to it."""
    rows = material.items[material.items["scale"] == outcome.scale]
    if outcome.scale is None or len(rows) < 2:
        return
    low, high = float(rows["minimum"].min()), float(rows["maximum"].max())
    values = material.keyed(rows).dropna()
    if values.empty:
        return
    most = OF_ITEMS / (high - low + 1)
    for end, following, name in ((high, high - 1, "ceiling"), (low, low + 1, "floor")):
        at_end = (values == end).mean(axis=1).groupby(level="participant").mean()
        share, beside = float(at_end.mean()), float((values == following).to_numpy().mean())
        p = _p_not_above(at_end.to_numpy(dtype=float), most) * tests
        if share <= beside or p >= material.level:
            continue
        yield DataFinding(
            "ceiling",
            f"The answers to the items of “{outcome.label}” pile up at the {name}: "
            f"{percent(share)} are {plain(end)} after reversal, and {percent(beside)} are "
            f"{plain(following)}. Either the scale has no room for stronger answers, or answers "
            "beyond its end were recoded to it.",
            ADVICE,
            columns=tuple(rows["item"].astype(str)),
            scales=(outcome.scale,),
            outcomes={outcome.key: ""},
            p=p,
        )


def _of_fine_ratings(material: Material, outcome: Outcome, tests: int) -> Iterator[DataFinding]:
    """Yield ratings in many whole numbers that pile up at the highest or lowest value."""
    if outcome.column is None or outcome.transform is not None:
        return
    rows = material.trials_of(outcome)
    values = rows["value"].to_numpy(dtype=float)
    distinct = np.unique(values)
    if len(distinct) <= FINE or (distinct % 1 != 0).any():
        return  # few values, or computed: a weight of advice is naturally often 0
    if set(distinct) <= RATES_OF_FEW:
        return  # a percentage of a few cases is often 0 or 100
    low, high = _declared(material, outcome.column) or PERCENT
    if distinct[0] < low or distinct[-1] != high:
        return  # not a rating on this range: a count, for instance, has no end
    for end, beside, name in (
        (distinct[-1], distinct[-6:-1], "highest"),
        (distinct[0], distinct[1:6], "lowest"),
    ):
        share = float((values == end).mean())
        if share <= OF_SCORES or end not in (low, high):
            continue
        # By participant, because the trials of a participant are not independent.
        excess = (values == end) - ABOVE_NEIGHBOURS * np.isin(values, beside) / len(beside)
        by_person = pd.Series(excess).groupby(rows["participant"].to_numpy()).mean()
        if len(by_person) < SOME or by_person.std() == 0:
            continue
        t = float(by_person.mean() / by_person.std() * np.sqrt(len(by_person)))
        p = float(stats.t.sf(t, len(by_person) - 1)) * tests
        if p < material.level:
            yield DataFinding(
                "ceiling",
                f"“{outcome.label}” piles up at its {name} value: {percent(share)} of the answers "
                f"are {plain(float(end))}, and {percent(float(np.isin(values, beside).mean()))} "
                "are one of the five values next to it. Either the rating has no room beyond it, "
                "or values beyond it were cut to it.",
                ADVICE,
                columns=(outcome.column,),
                outcomes={outcome.key: ""},
                p=p,
            )


def _of_groups(material: Material, outcome: Outcome, tests: int) -> Iterator[DataFinding]:
    """Yield a group of ratings with an end that the other groups use far more rarely."""
    for noun, at_ends in _groups(material, outcome):
        for side, name in ((1, "highest"), (0, "lowest")):
            shares = {group: by_end[:, side] for group, by_end in at_ends.items()}
            for group, own in shares.items():
                rest = np.concatenate([one for other, one in shares.items() if other != group])
                if not len(rest):
                    continue
                beside = float(rest.mean())
                most = min(max(share, times * beside) for share, times in OF_GROUPS)
                p = _p_not_above(own, most) * tests * len(shares)
                if p < material.level:
                    yield DataFinding(
                        "ceiling",
                        f"In {noun} “{group}”, {percent(float(own.mean()))} of the ratings of "
                        f"“{outcome.label}” are the {name} value, and {percent(beside)} elsewhere. "
                        "Either this end has no room for stronger answers there, or values beyond "
                        "it were recoded to it.",
                        ADVICE,
                        columns=tuple(one for one in (outcome.column, outcome.item) if one),
                        scales=(outcome.scale,) if outcome.scale else (),
                        outcomes={outcome.key: ""},
                        p=p,
                    )


def _of_people(material: Material, outcome: Outcome, tests: int) -> Iterator[DataFinding]:
    """Yield yes-or-no outcomes whose means by participant are mostly all or nothing."""
    if outcome.column is None or outcome.transform is not None or analysis_of(outcome).random:
        return
    rows = material.trials_of(outcome)
    given = rows["value"].to_numpy(dtype=float)
    if not np.isin(given, (0.0, 1.0)).all():
        return
    number = rows["participant"].value_counts()
    several = number.index[number >= SEVERAL]
    if len(several) < 0.8 * len(number):
        return
    means = pd.Series(given).groupby(rows["participant"].to_numpy()).mean()[several].to_numpy()
    for end, name in ((1.0, "ceiling"), (0.0, "floor")):
        p = _p_not_above((means == end).astype(float), OF_PEOPLE) * tests
        if p < material.level:
            yield DataFinding(
                "ceiling",
                f"“{outcome.label}” is at the {name} for many participants: "
                f"{percent(float((means == end).mean()))} of them have the value {plain(end)} in "
                f"all of their trials, {number[several].mean():.0f} on average.",
                ADVICE,
                columns=(outcome.column,),
                outcomes={outcome.key: ""},
                p=p,
            )


def _is_count(values: Numbers) -> bool:
    """Return whether the values are counts from 0, not ratings or codes."""
    distinct = np.unique(values)
    return bool(
        (distinct % 1 == 0).all()
        and distinct[0] == 0
        and COUNT_STEPS <= distinct[-1] <= MOST_COUNTED
    )


def _groups(material: Material, outcome: Outcome) -> Iterator[tuple[str, dict[str, Numbers]]]:
    """Yield the shares of ratings at both ends (participants, 2), in groups to be compared."""
    data = material.data
    if outcome.scale is not None:
        rows = material.items[material.items["scale"] == outcome.scale]
        if len(rows) > 2:
            low, high = float(rows["minimum"].min()), float(rows["maximum"].max())
            values = material.keyed(rows)
            people = values.index.get_level_values("participant")
            yield (
                "the item",
                {
                    str(item): _by_person(people, values[item].to_numpy(), (low, high))[1]
                    for item in values.columns
                },
            )
        return
    if outcome.column is None or outcome.transform is not None:
        return
    rows = material.trials_of(outcome)
    given = rows["value"].to_numpy(dtype=float)
    if len(np.unique(given)) < 5 or (given % 1 != 0).any():
        return  # yes or no, or computed
    low, high = _declared(material, outcome.column) or (float(given.min()), float(given.max()))
    factors: list[tuple[str, pd.Series]] = [
        ("the arm", rows["participant"].map(material.arm).map(data.labels))
    ]
    if outcome.within is not None and outcome.within in rows:
        factors.append((f"the level of {outcome.within}", rows[outcome.within].astype(str)))
    people = pd.Index(rows["participant"])
    for noun, levels in factors:
        codes, names = pd.factorize(levels, sort=True)
        parts = {
            str(level): _by_person(people[codes == code], given[codes == code], (low, high))[1]
            for code, level in enumerate(names)
        }
        if len(parts) > 1:
            yield noun, parts


def _by_person(
    people: pd.Index, values: Numbers, ends: tuple[float, float]
) -> tuple[pd.Index, Numbers]:
    """Return the participants with values, and the shares of each at both ends."""
    known = ~np.isnan(values)
    person, names = pd.factorize(people[known], sort=True)
    total = np.bincount(person)
    at_ends = [np.bincount(person, weights=side) / total for side in _at(values[known], ends)]
    return pd.Index(names), np.column_stack(at_ends)


def _p_not_above(shares: Numbers, most: float) -> float:
    """Return the p of the hypothesis that the mean share is at most `most`."""
    n = len(shares)
    if n < SOME:
        return 1.0
    mean = float(shares.mean())
    if np.isin(shares, (0.0, 1.0)).all():
        return float(stats.binom.sf(round(mean * n) - 1, n, most))
    if mean <= most:
        return 1.0
    # The binomial variance is a floor: participants who are all alike prove little.
    error = np.sqrt(max(shares.var(ddof=1), mean * (1 - mean) / 20) / n)
    return float(special.stdtr(n - 1, -(mean - most) / error)) if error > 0 else 0.0


def _ends(material: Material, outcome: Outcome) -> _Ends | None:
    data = material.data
    if outcome.kind in ("scale", "item"):
        key, named = ("scale", outcome.scale) if outcome.scale else ("item", outcome.item)
        rows = material.items[material.items[key] == named]
        # A change has another range than the score: the later score is examined.
        scored = replace(outcome, before={}, analysis="one_way") if outcome.before else outcome
        scores = outcome_scores(data, scored).dropna()
        if rows.empty or scores.empty:
            return None
        factor = len(rows) if (rows["score"] == "sum").all() else 1
        low, high = (float(rows[end].mean()) * factor for end in ("minimum", "maximum"))
        values = scores.to_numpy(dtype=float)
        counts = len(rows) == 1 and low == 0 and _is_count(values)
        most = OF_SCORES if len(rows) > 1 else OF_COUNTS if counts else OF_RATINGS
        shares = np.column_stack(_at(values, (low, high)))
        return _Ends(scores.index, shares, (low, high), most, "scores")
    if outcome.column is None or outcome.transform is not None:
        return None
    rows = material.trials_of(outcome)
    values = rows["value"].to_numpy(dtype=float)
    distinct = np.unique(values)
    if len(distinct) < 2:
        return None
    most = OF_YES_OR_NO if set(distinct) <= {0.0, 1.0} else OF_RATINGS
    if not rows["participant"].duplicated().any() and _is_count(values):
        most = OF_COUNTS
    ends = _declared(material, outcome.column) or (float(distinct[0]), float(distinct[-1]))
    return _Ends(*_by_person(pd.Index(rows["participant"]), values, ends), ends, most, "answers")


def _declared(material: Material, column: str) -> tuple[float, float] | None:
    behaviour = behaviour_of(material.data)
    if behaviour is not None and behaviour.confidence == column and behaviour.confidence_range:
        low, high = behaviour.confidence_range
        return float(low), float(high)
    return None


def _at(values: Numbers, ends: tuple[float, float]) -> tuple[Numbers, Numbers]:
    """Flag the values at the low and at the high end, as 1 or 0."""
    low, high = ends
    return (values <= low + 1e-9).astype(float), (values >= high - 1e-9).astype(float)


def _finding(
    material: Material,
    outcome: Outcome,
    ends: _Ends,
    side: int,
    name: str,
    found: list[tuple[str, float]],
) -> DataFinding:
    labels = material.data.labels
    where = ", ".join(
        f"{percent(share)} {f'in the arm “{labels[arm]}”' if arm else 'overall'}"
        for arm, share in found
    )
    end = "highest" if side else "lowest"
    sentence = (
        f"“{outcome.label}” is at the {name}: the share of {ends.noun} at the {end} value "
        f"({plain(ends.ends[side])}) is {where}."
    )
    return DataFinding(
        "ceiling",
        sentence,
        ADVICE,
        columns=tuple(name for name in (outcome.column, outcome.item) if name),
        scales=(outcome.scale,) if outcome.scale else (),
        arms=tuple(arm for arm, _ in found if arm),
        outcomes={outcome.key: ""},
        p=material.level,
    )
