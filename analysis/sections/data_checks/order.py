"""Arms and levels of a factor that differ in when they were collected or shown."""

import re
from collections.abc import Iterator
from itertools import permutations

import pandas as pd
from scipy import stats

from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    counted,
)
from analysis.sections.data_checks.times import BEGIN

OF_TIME = re.compile(
    r"phase|time|wave|session|part|block|position|half|round|day|week|order|stage", re.I
)
"""Names of factors whose levels have an order by nature, such as before and after."""
LEVELS_OF_TIME = {"pre", "post", "before", "after", "t0", "t1", "t2", "first", "second", "early"}
NEARLY_ALL = 0.9


def arm_period(material: Material) -> Iterator[DataFinding]:
    """Yield arms that were collected at other times than the others.

    Each arm's times of starting are compared with the others' by Mann and Whitney's test, corrected
    for arms. Allocation by chance gives all arms the same times. A plan that says that nobody was
    randomised is left out.
    """
    source = material.data.plan.source
    if len(material.arms) < 2 or (source is not None and source.randomised is False):
        return
    started = _started(material)
    if started is None:
        return
    name, times = started
    arms = material.people["arm"].to_numpy()[times.notna().to_numpy()]
    seconds = times.dropna().astype("int64").to_numpy().astype(float)
    found = []
    for arm in material.arms:
        own = arms == arm
        if min(own.sum(), (~own).sum()) < SOME:
            continue
        p = float(stats.mannwhitneyu(seconds[own], seconds[~own]).pvalue) * len(material.arms)
        if p < material.level:
            found.append((p, arm))
    if found:
        p, arm = min(found)
        yield _late(material, name, arm, times, p)


def _started(material: Material) -> tuple[str, pd.Series] | None:
    """Return the participants' times of starting, by the column's name."""
    people = material.people
    named = [
        str(name)
        for name in people.columns
        if pd.api.types.is_datetime64_any_dtype(people[name]) and people[name].notna().sum() >= 20
    ]
    best = [name for name in named if BEGIN.search(name)] or named
    return (best[0], people[best[0]]) if best else None


def _late(material: Material, name: str, arm: str, times: pd.Series, p: float) -> DataFinding:
    own = times[(material.people["arm"] == arm).to_numpy()].dropna()
    others = times[(material.people["arm"] != arm).to_numpy()].dropna()
    return DataFinding(
        "arm_period",
        f"By “{name}”, the participants of the arm “{material.data.labels[arm]}” came at other "
        f"times than those of the other arms: half of them between {_middle(own)}, and half of the "
        f"others between {_middle(others)}. A difference between this arm and the others may be a "
        "difference between times or sources of participants.",
        "Find out whether the arm was opened later. Participants who could not have been in "
        "another arm were not randomised between them: say so, and compare arms that ran at the "
        "same time.",
        columns=(name,),
        arms=(arm,),
        outcomes=material.all_outcomes,
        p=p,
    )


def _middle(times: pd.Series) -> str:
    low, high = times.quantile([0.25, 0.75], interpolation="nearest")
    return f"{low:%Y-%m-%d %H:%M} and {high:%Y-%m-%d %H:%M}"


def fixed_order(material: Material) -> Iterator[DataFinding]:
    """Yield levels of a within factor that came in one order for nearly everyone.

    Of participants who saw all trials of one level before all of the other, each order is expected
    in half (binomial test, corrected for pairs of levels). Factors of time have an order by nature.
    """
    trials = material.trials
    names = {outcome.within for outcome in material.data.plan.outcomes if outcome.within}
    if not _positions_recorded(material) or not trials["position"].notna().any():
        return
    for name in sorted(names & set(trials.columns)):
        rows = trials.dropna(subset=[name, "position"])
        levels = [str(level) for level in rows[name].unique()]
        if OF_TIME.search(name) or LEVELS_OF_TIME & {level.lower() for level in levels}:
            continue
        if not 2 <= len(levels) <= 8:
            continue
        positions = rows.assign(_level=rows[name].astype(str)).pivot_table(
            index="participant", columns="_level", values="position", aggfunc=["min", "max"]
        )
        for one, two in permutations(sorted(levels), 2):
            first, last = positions["max"][one], positions["min"][two]
            both = first.notna() & last.notna()
            before = int((first < last)[both].sum())
            p = float(stats.binom.sf(before - 1, int(both.sum()), 0.5))
            p *= len(levels) * (len(levels) - 1) * len(names)
            if before >= NEARLY_ALL * both.sum() and p < material.level:
                yield _in_order(material, name, (one, two), before, int(both.sum()), p)
                break


def _positions_recorded(material: Material) -> bool:
    """Return whether positions are of the study, and not of the rows or columns of a file."""
    source = material.data.plan.source
    return source is None or any(
        "position" in table.columns for table in source.tables if table.into == "trials"
    )


def _in_order(
    material: Material, name: str, levels: tuple[str, str], before: int, total: int, p: float
) -> DataFinding:
    return DataFinding(
        "fixed_order",
        f"{before} of {counted(total, 'participant')} saw all trials with “{name}” = "
        f"“{levels[0]}” before all with “{levels[1]}”. A difference between these levels may be "
        "practice or fatigue as well.",
        "If the order was planned, interpret the difference as one of the levels together with "
        "their order. If the order should have been balanced, find out why it was not.",
        columns=(name, "position"),
        outcomes={
            outcome.key: "" for outcome in material.data.plan.outcomes if outcome.within == name
        },
        p=p,
    )
