"""Ratings that were recoded to a value inside their range."""

from collections.abc import Callable, Hashable, Iterator, Mapping

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.ends import ends_of_trials
from analysis.sections.data_checks.group_ratings import piles_in_a_group
from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    percent,
    plain,
)

FEWEST_ANSWERS = 20
HEAD, ALIKE = 60, 0.3
"""Number of first rows of which that share is equal in a column and its copy."""
ADVICE = (
    "Analyse the ratings as they were clicked. If only the recoded ratings exist, name the "
    "recoding and treat the values at its end as “at least” (or “at most”)."
)


def recoded_ratings(material: Material) -> Iterator[DataFinding]:
    """Yield ratings that pile up inside their declared range, copies that are cut, merging codes.

    A pile-up is decided by a likelihood ratio: a normal distribution in steps of 1 whose values
    beyond the last answer were moved to it, against one in which they would have been answered. By
    Markov's inequality, the second model gives a ratio above 1/p with at most probability p. Two
    more are facts of the tables and the plan. An item in which something else was recoded to an
    end has more answers there than a normal distribution, and the participants who gave them do
    not answer the other items as their neighbours do (both tests combined by Fisher's method).
    """
    yield from _codes(material)
    yield from piles_in_a_group(material)
    yield from ends_of_trials(material)
    yield from _recoded_to_an_end(material)
    copies = list(_copies(material))
    yield from copies
    seen = {name for finding in copies for name in finding.columns}
    columns = [one for one in _ranged(material) if one[0] not in seen]
    tests = 2 * max(1, len(columns)) * (1 + len(material.arms))
    for name, low, high, values in columns:
        yield from _piles(material, name, low, high, values, tests)


def _ranged(material: Material) -> Iterator[tuple[str, float, float, pd.Series]]:
    """Yield items and trial columns with a declared range and whole answers, by participant."""
    for rows in material.items.to_dict("records"):
        raw = material.raw[str(rows["questionnaire"])][rows["item"]].droplevel("page").dropna()
        if len(raw) and (raw % 1 == 0).all():
            yield str(rows["item"]), float(rows["minimum"]), float(rows["maximum"]), raw
    behaviour = behaviour_of(material.data)
    if behaviour is None or behaviour.confidence is None or not behaviour.confidence_range:
        return
    values = material.trial_numbers.get(behaviour.confidence)
    low, high = behaviour.confidence_range
    if values is not None and high - low <= 20:
        rated = pd.Series(values, index=material.trials["participant"]).dropna()
        if len(rated) and (rated % 1 == 0).all():
            yield behaviour.confidence, float(low), float(high), rated


def _piles(
    material: Material, name: str, low: float, high: float, values: pd.Series, tests: int
) -> Iterator[DataFinding]:
    arm = material.arm.reindex(values.index).to_numpy()
    # One observation per participant is the unit: trials of a participant are not independent.
    per_person = len(values) / values.index.nunique()
    groups = [((), values), *(((one,), values[arm == one]) for one in material.arms)]
    for arms, part in groups:
        for side in (1, -1):
            ends = (low, high) if side == 1 else (-high, -low)
            numbers = side * part.to_numpy(dtype=float)
            least = (np.log(tests) - np.log(material.level)) * per_person
            gain = _log_ratio(numbers, ends, least) / per_person - np.log(tests)
            if gain <= -np.log(material.level):
                continue
            end = side * numbers.max()
            share = float((numbers == numbers.max()).mean())
            beyond = "above" if side == 1 else "below"
            inside = f" in the arm {listed(material.data.labels[one] for one in arms)}"
            yield DataFinding(
                "recoded_ratings",
                f"“{name}” is declared from {plain(low)} to {plain(high)}, but "
                f"{percent(share)} of its {counted(len(part), 'answer')}{inside if arms else ''} "
                f"are {plain(end)} and none is {beyond} it. Such a pile-up arises if the ratings "
                f"{beyond} {plain(end)} were recoded to {plain(end)}.",
                ADVICE,
                columns=(name,),
                arms=arms,
                outcomes=material.outcomes_with(columns=[name]),
                p=float(np.exp(-gain)),
            )
            return


def _log_ratio(values: Numbers, ends: tuple[float, float], least: float) -> float:
    """Return the log likelihood ratio of a recoded against an unrecoded normal distribution.

    It is minus infinity if it is certainly below `least`, so that most ratings need no fit.
    """
    top = values.max(initial=-np.inf)
    if len(values) < FEWEST_ANSWERS or top >= ends[1] or len(np.unique(values)) < 3:
        return -np.inf
    cells, tally = np.unique(values, return_counts=True)
    counts = tally.astype(float)
    # No distribution is more likely than the observed shares, and no fit is worse than its start.
    most = float(counts @ np.log(counts / counts.sum()))
    loss, start = _normal(cells, counts, *ends)
    if most + loss(start) < least - 1e-6:
        return -np.inf
    return _best(cells, counts, ends[0], top) - _best(cells, counts, ends[0], ends[1])


def _best(cells: Numbers, counts: Numbers, low: float, last: float) -> float:
    """Return the largest log likelihood of a normal in steps of 1 with open ends low and last."""
    loss, start = _normal(cells, counts, low, last)
    return -float(optimize.minimize(loss, start, method="Nelder-Mead").fun)


def _normal(
    cells: Numbers, counts: Numbers, low: float, last: float
) -> tuple[Callable[[Numbers], float], Numbers]:
    """Return minus the log likelihood of (mean, log of the standard deviation), and its start."""
    lower = np.where(cells <= low, -np.inf, cells - 0.5)
    upper = np.where(cells >= last, np.inf, cells + 0.5)

    def loss(theta: Numbers) -> float:
        mean, scale = theta[0], np.exp(theta[1])
        share = special.ndtr((upper - mean) / scale) - special.ndtr((lower - mean) / scale)
        return float(-(counts @ np.log(np.maximum(share, 1e-300))))

    centre = float(np.average(cells, weights=counts))
    spread = float(np.sqrt(np.average((cells - centre) ** 2, weights=counts)))
    return loss, np.array([centre, np.log(max(spread, 0.2))])


def _recoded_to_an_end(material: Material) -> Iterator[DataFinding]:
    """Yield items with too many answers at an end, by people who do not fit to that end."""
    tests = 2 * max(1, len(material.items))
    for scale, rows in material.scales:
        values = material.keyed(rows).dropna()
        if values.shape[1] < 3 or len(values) < 2 * FEWEST_ANSWERS:
            continue
        for row in rows.to_dict("records"):
            own = values[str(row["item"])].to_numpy()
            rest = values.drop(columns=row["item"]).mean(axis=1).to_numpy()
            for end, side in ((float(row["minimum"]), -1), (float(row["maximum"]), 1)):
                at_end, following = own == end, own == end - side
                if at_end.sum() < SOME or at_end.sum() <= following.sum() or not following.any():
                    continue
                # Towards this end, the other items must not go on as they did up to it.
                if side * (rest[at_end].mean() - rest[following].mean()) >= 0:
                    continue
                ends = (float(row["minimum"]), float(row["maximum"]))
                joint = _p_inflated(own, ends, end) * _p_unlike(own, rest, end, side)
                p = float(stats.chi2.sf(-2 * np.log(max(joint, 1e-300)), 4)) * tests
                if p < material.level:
                    yield _end_finding(material, scale, row, own, rest, end, p)


def _p_inflated(values: Numbers, ends: tuple[float, float], end: float) -> float:
    """Return the p of a normal distribution with open ends against one with more at an end."""
    cells, tally = np.unique(values, return_counts=True)
    counts = tally.astype(float)
    plain_fit = _best(cells, counts, *ends)
    at_end = cells == end
    share = float(counts[at_end].sum() / counts.sum())

    def loss(theta: Numbers) -> float:
        mean, scale = theta[0], np.exp(theta[1])
        added = 1 / (1 + np.exp(-theta[2]))
        lower = np.where(cells <= ends[0], -np.inf, cells - 0.5)
        upper = np.where(cells >= ends[1], np.inf, cells + 0.5)
        normal = special.ndtr((upper - mean) / scale) - special.ndtr((lower - mean) / scale)
        chance = added * at_end + (1 - added) * normal
        return float(-(counts @ np.log(np.maximum(chance, 1e-300))))

    others = values[values != end]
    start = [float(others.mean()), np.log(max(float(others.std()), 0.2)), np.log(share / 2)]
    fit = optimize.minimize(loss, start, method="Nelder-Mead")
    gain = max(0.0, -float(fit.fun) - plain_fit)
    return float(stats.chi2.sf(2 * gain, 1)) / 2


def _p_unlike(own: Numbers, rest: Numbers, end: float, side: int) -> float:
    """Return the p that people at an end answer the rest as the line through the others predicts.

    One-sided: their answers must lie back from the end.
    """
    others, here = own != end, own == end
    line = stats.linregress(own[others], rest[others])
    n = int(others.sum())
    errors = rest[others] - line.intercept - line.slope * own[others]
    spread = own[others] - own[others].mean()
    variance = float(errors @ errors) / (n - 2)
    leverage = 1 / n + (end - own[others].mean()) ** 2 / float(spread @ spread)
    gap = side * (line.intercept + line.slope * end - rest[here].mean())
    error = np.sqrt(variance * leverage + max(variance, rest[here].var()) / here.sum())
    return float(stats.t.sf(gap / error, min(n - 2, int(here.sum()) - 1)))


def _end_finding(
    material: Material,
    scale: str,
    row: Mapping[Hashable, object],
    own: Numbers,
    rest: Numbers,
    end: float,
    p: float,
) -> DataFinding:
    item = str(row["item"])
    turned = row["reversed"] == 1
    low, high = float(str(row["minimum"])), float(str(row["maximum"]))
    stored = low + high - end if turned else end
    here = own == end
    return DataFinding(
        "recoded_ratings",
        f"{percent(float(here.mean()))} of the answers to “{item}” of “{scale}” are "
        f"{plain(stored)}, an end of its range, and fewer are next to it. The participants who "
        f"gave them have a mean of {rest[here].mean():.2f} in the other items, and all others "
        f"{rest[~here].mean():.2f}: they do not answer like people at this end. Something else, "
        "such as “does not apply” or no answer, may have been recoded to this value.",
        "Compare the item with the original file. If answers were recoded, declare them as missing "
        "with `missing` in the plan's [source].",
        columns=(item,),
        scales=(scale,),
        outcomes=material.outcomes_with(columns=[item]),
        p=p,
    )


def _copies(material: Material) -> Iterator[DataFinding]:
    """Yield columns that equal another column except for its values beyond a range.

    Such values became an end of the range, or one value inside it. The files are looked at, too,
    because the column with all values may not be mapped.
    """
    for table in (material.trial_numbers, material.person_numbers):
        for whole, cut, first, second in _alike(table, set(table)):
            yield _copy_finding(material, [(whole, cut)], first, second)
    for file in material.data.files:
        unmapped = set(file.unmapped)
        numbers = file.numbers(material.people["participant"])
        if unmapped & set(numbers):
            pairs = [pair for pair in _alike(numbers, unmapped) if pair[1] not in unmapped]
            if pairs:
                names = [(whole, cut) for whole, cut, _, _ in pairs]
                first, second = (np.concatenate([pair[one] for pair in pairs]) for one in (2, 3))
                yield _copy_finding(material, names, first, second)


def _alike(
    table: Mapping[str, Numbers], wholes: set[str]
) -> Iterator[tuple[str, str, Numbers, Numbers]]:
    """Yield pairs of columns of which the second has the first one's values, but fewer extremes."""
    names = list(table)
    if len(names) < 2:
        return
    cells = np.column_stack([table[name] for name in names])[:HEAD]
    equal = (cells[:, :, None] == cells[:, None, :]).mean(axis=0)
    for one, two in zip(*np.nonzero(equal >= ALIKE), strict=True):
        first, second = table[names[one]], table[names[two]]
        both = np.isfinite(first) & np.isfinite(second)
        differs = both & (first != second)
        if one == two or names[one] not in wholes or not differs.any():
            continue
        low, high = second[both].min(), second[both].max()
        beyond = (first[differs] < low) | (first[differs] > high)
        same = both & ~differs
        if not beyond.all() or len(np.unique(second[differs])) > 2:
            continue
        if len(np.unique(first[same])) >= 3 and same.sum() >= SOME:
            yield names[one], names[two], first, second


def _copy_finding(
    material: Material, pairs: list[tuple[str, str]], first: Numbers, second: Numbers
) -> DataFinding:
    (whole, cut), more = pairs[0], len(pairs) - 1
    differs = np.isfinite(first) & np.isfinite(second) & (first != second)
    changes = []
    for end in np.unique(second[differs]):
        old = first[differs & (second == end)]
        rest = second[np.isfinite(second)]
        side = " above" if (old > end).all() and rest.max() == end else ""
        side = " below" if (old < end).all() and rest.min() == end else side
        edge = plain(end) if side else f"beyond {plain(rest.min())} to {plain(rest.max())}"
        changes.append(f"{counted(len(old), 'value')}{side} {edge} became {plain(end)}")
    others = f" (and {counted(more, 'other pair')} of columns)" if more else ""
    return DataFinding(
        "recoded_ratings",
        f"“{cut}” is a copy of “{whole}”{others} in which {' and '.join(changes)}.",
        ADVICE,
        columns=(cut, whole),
        outcomes=material.outcomes_with(columns=[cut]) or material.all_outcomes,
    )


def _codes(material: Material) -> Iterator[DataFinding]:
    """Yield codes of the plan by which two numbers of a file become one rating."""
    source = material.data.plan.source
    if source is None:
        return
    tables = [(ours, codes) for table in source.tables for ours, codes in table.codes.items()]
    for ours, codes in [*source.codes.items(), *tables]:
        numbers = {old: new for old, new in codes.items() if _number(old) and _number(new)}
        moved = {old: new for old, new in numbers.items() if float(old) != float(new)}
        reached = [float(new) for new in numbers.values()]
        merged = {
            old: new
            for old, new in moved.items()
            # A code merges ratings if another code, or the number itself, gives the same value.
            if reached.count(float(new)) > 1 or str(new) not in numbers
        }
        scaled = len(moved) > 1 and len(set(reached)) == len(reached) and len(merged) == len(moved)
        if not merged or scaled or ours in ("arm", "participant", "item"):
            continue
        words = ", ".join(f"{old} becomes {new}" for old, new in merged.items())
        columns = (ours,) if ours != "value" else tuple(material.items["item"].astype(str))
        yield DataFinding(
            "recoded_ratings",
            f"The plan's codes merge values of “{ours}”: {words}.",
            ADVICE,
            columns=columns,
            outcomes=material.outcomes_with(columns=columns),
        )


def _number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True
