"""Answers on another range or in another unit than declared or than the other answers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.beyond import between_steps, outside_of_wording
from analysis.sections.data_checks.codes import POSITIVE
from analysis.sections.data_checks.group_ratings import narrow_groups
from analysis.sections.data_checks.material import (
    SOME,
    DataFinding,
    Material,
    Numbers,
    counted,
    listed,
    plain,
)

UNIT_GAP = 20.0
"""Ratio of neighbouring medians that separates two units, such as seconds and milliseconds."""
RANGE_GAP = 3.0
"""Ratio of neighbouring maxima that separates two ranges of answers, such as 0 to 10 and to 100."""
FASTEST_MS = 50.0
"""Times in milliseconds whose median is shorter cannot be reactions of people."""
LESS_OFTEN = 3.0
"""How much less often than in any sibling item an end may be chosen because of the wording."""
ADVICE = (
    "Compare the question as shown with the declared range and unit, and bring all answers to one "
    "unit before the analysis."
)


def other_range(material: Material) -> Iterator[DataFinding]:
    """Yield items and columns whose values fit another range or unit.

    Declared ranges are compared with the values; a gap between participants that is wider than
    either group separates units; and an item that never reaches an end of its range is compared
    with its siblings, of which the most reluctant is taken (binomial, corrected for items).
    """
    yield from _different_ranges(material)
    yield from _unused_ends(material)
    yield from _declared(material)
    beyond = list(outside_of_wording(material))
    yield from beyond
    yield from between_steps(material)
    yield from narrow_groups(material)
    yield from _seconds(material)
    # Codes of missing values among ratings are told by the ratings' range.
    named = {name for finding in beyond for name in finding.columns}
    for name, people in _by_person(material):
        if name in named:
            continue
        for finding in _two_units(material, name, people):
            named.add(name)
            yield finding


def _different_ranges(material: Material) -> Iterator[DataFinding]:
    for scale, rows in material.scales:
        ranges = rows[["minimum", "maximum"]].astype(float)
        usual = ranges.value_counts().index[0]
        other = rows[~((ranges["minimum"] == usual[0]) & (ranges["maximum"] == usual[1]))]
        if len(other):
            yield DataFinding(
                "other_range",
                f"In “{scale}”, {listed(other['item'])} is declared from "
                f"{plain(float(other['minimum'].iloc[0]))} to "
                f"{plain(float(other['maximum'].iloc[0]))}, and the other items from "
                f"{plain(float(usual[0]))} to {plain(float(usual[1]))}, so that their mean weights "
                "them unequally.",
                ADVICE,
                columns=tuple(other["item"].astype(str)),
                scales=(scale,),
                outcomes=material.outcomes_with(scale=scale),
            )


def _unused_ends(material: Material) -> Iterator[DataFinding]:
    """Yield items that never use the outer values of a range that their siblings use."""
    tests = 2 * max(1, len(material.items))
    for scale, rows in material.scales:
        raw = material.raw[str(rows["questionnaire"].iloc[0])]
        low, high = float(rows["minimum"].min()), float(rows["maximum"].max())
        if high - low < 4:
            continue
        whole = list(_whole_scale(material, scale, rows, raw, (low, high)))
        yield from whole
        if whole or len(rows) < 3:
            continue
        keyed = material.keyed(rows)
        turned = rows["reversed"].fillna(0) == 1
        for item, reverse in zip(rows["item"].astype(str), turned, strict=True):
            # A reversed item uses the other end of the range, so its siblings are mirrored.
            same_way = low + high - keyed if reverse else keyed
            for side in (1, -1):
                yield from _unused(material, scale, same_way, item, side, (low, high), tests)


def _unused(
    material: Material,
    scale: str,
    values: pd.DataFrame,
    item: str,
    side: int,
    ends: tuple[float, float],
    tests: int,
) -> Iterator[DataFinding]:
    own = side * values[item].dropna()
    end = max(side * ends[0], side * ends[1])
    last = float(own.max()) if len(own) else end
    if len(own) < 20 or end - last < 2 or own.nunique() < 3:
        return
    others = (side * values.drop(columns=item)).apply(lambda column: (column > last).mean())
    p = (1 - float(others.min()) / LESS_OFTEN) ** len(own) * tests
    if p < material.level:
        word = "above" if side == 1 else "below"
        yield DataFinding(
            "other_range",
            f"“{item}” of “{scale}” has no answer {word} {plain(side * last)} among "
            f"{counted(len(own), 'answer')}, although it is declared from {plain(ends[0])} to "
            f"{plain(ends[1])} and each other item has at least "
            f"{100 * float(others.min()):.0f}% of its answers there.",
            ADVICE,
            columns=(item,),
            scales=(scale,),
            outcomes=material.outcomes_with(scale=scale, columns=[item]),
            p=p,
        )


def _whole_scale(
    material: Material, scale: str, rows: pd.DataFrame, raw: pd.DataFrame, ends: tuple[float, float]
) -> Iterator[DataFinding]:
    """Yield a scale none of whose items reaches the outer values that its spread predicts.

    The expected number of answers there comes from a normal distribution with each item's mean and
    standard deviation, divided by the design effect of several answers of one participant.
    """
    items = raw[list(rows["item"])].dropna()
    if len(items) < 20 or items.shape[1] < 2 or (items.nunique() < 2).all():
        return
    correlation = items.corr().to_numpy()
    k = items.shape[1]
    mean_r = np.nanmean(np.abs(correlation[~np.eye(k, dtype=bool)]))
    for side in (1, -1):
        values = side * items
        end, last = max(side * ends[0], side * ends[1]), float(values.to_numpy().max())
        if end - last < 1:
            continue
        z = (last + 0.5 - values.mean()) / values.std()
        expected = float(stats.norm.sf(z).sum()) * len(items) / (1 + (k - 1) * mean_r)
        if np.exp(-expected) * 2 * len(material.scales) < material.level:
            yield DataFinding(
                "other_range",
                f"No item of “{scale}” has an answer {'above' if side == 1 else 'below'} "
                f"{plain(side * last)}, although all are declared from {plain(ends[0])} to "
                f"{plain(ends[1])} and their spread predicts {expected:.0f} such answers.",
                ADVICE,
                columns=tuple(rows["item"].astype(str)),
                scales=(scale,),
                outcomes=material.outcomes_with(scale=scale),
                p=float(np.exp(-expected)),
            )
            return


def _declared(material: Material) -> Iterator[DataFinding]:
    """Yield columns outside, or in a corner of, the range that plan or codebook declares."""
    for name, low, high in _declarations(material):
        values = material.trial_numbers.get(name)
        if values is None:
            continue
        cells = values[np.isfinite(values)]
        if len(cells) < SOME:
            continue
        outside = int(((cells < low) | (cells > high)).sum())
        corner = (
            cells.min() >= low and cells.max() <= low + 0.05 * (high - low) and np.ptp(cells) > 0
        )
        if outside or corner:
            yield DataFinding(
                "other_range",
                f"“{name}” is declared from {plain(low)} to {plain(high)}, but its values lie "
                f"between {plain(cells.min())} and {plain(cells.max())}.",
                ADVICE,
                columns=(name,),
                outcomes=material.outcomes_with(columns=[name]),
            )


def _declarations(material: Material) -> Iterator[tuple[str, float, float]]:
    behaviour = behaviour_of(material.data)
    if behaviour is not None and behaviour.confidence and behaviour.confidence_range:
        low, high = behaviour.confidence_range
        yield behaviour.confidence, float(low), float(high)
    book = material.data.codebook
    rows = book[(book["file"] == "trials.csv") & book["item"].isna()]
    for row in rows.dropna(subset=["minimum", "maximum"]).to_dict("records"):
        yield str(row["column"]), float(row["minimum"]), float(row["maximum"])


def _seconds(material: Material) -> Iterator[DataFinding]:
    values = material.trial_numbers.get("response_time_ms", np.array([np.nan]))
    cells = values[np.isfinite(values)]
    if len(cells) >= SOME and 0 < np.median(cells) < FASTEST_MS:
        yield DataFinding(
            "other_range",
            f"The median of “response_time_ms” is {np.median(cells):.2f}, too short for a "
            "reaction in milliseconds. The times seem to be in seconds.",
            ADVICE,
            columns=("response_time_ms",),
            outcomes=material.outcomes_with(columns=["response_time_ms"]),
        )


def _by_person(material: Material) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield numeric columns with the median, maximum and number of each participant's values."""
    for name, values in material.trial_numbers.items():
        cells = pd.Series(values, index=material.trials["participant"]).dropna()
        if cells.nunique() > 6 and (cells >= 0).all():
            yield name, cells.groupby(level=0).agg(["median", "max", "count"])
    for name, values in material.person_numbers.items():
        cells = pd.Series(values, index=material.people["participant"]).dropna()
        if cells.nunique() > 6 and (cells > 0).all():
            yield name, pd.DataFrame({"median": cells, "max": cells, "count": 1})
    for rows in material.raw.values():
        for item in rows.columns:
            cells = rows[item].droplevel("page").dropna()
            if cells.nunique() > 11 and (cells > 0).all():
                yield str(item), pd.DataFrame({"median": cells, "max": cells, "count": 1})


def _two_units(material: Material, name: str, people: pd.DataFrame) -> Iterator[DataFinding]:
    if len(people) < 2 * SOME:
        return
    several = bool(people["count"].median() >= 8)
    split = _gap(people["median"], UNIT_GAP)
    key = "median"
    if split is None and several:
        key, split = "max", _gap(people["max"], RANGE_GAP)
        # A participant may rarely use high values: a range needs a cap that is usual.
        if split is not None and not _capped(people["max"], split):
            return
    if split is None:
        return
    small = people[key] <= split
    few = people[small] if small.sum() <= len(people) / 2 else people[~small]
    rest = people.drop(few.index)
    if len(few) < 2 or (few[key].nunique() == 1 and few[key].iloc[0] in POSITIVE):
        return  # one value far above the others is a code of missing values
    word = ("Median values" if key == "median" else "The highest values") if several else "Values"
    yield DataFinding(
        "other_range",
        f"{word} of “{name}” fall into two groups far apart: {counted(len(few), 'participant')} "
        f"between {plain(few[key].min())} and {plain(few[key].max())}, and "
        f"{len(rest)} between {plain(rest[key].min())} and {plain(rest[key].max())}, as "
        "if two units or ranges had been mixed.",
        ADVICE,
        columns=(name,),
        arms=tuple(arm for arm in material.arms if (material.arm.reindex(few.index) == arm).any()),
        outcomes=material.outcomes_with(columns=[name]),
    )


def _gap(values: pd.Series, ratio: float) -> float | None:
    """Return the end of the lower group if a gap separates two groups more than either is wide."""
    positive: Numbers = np.sort(values[values > 0].to_numpy(dtype=float))
    if len(positive) < 2 * SOME:
        return None
    logs = np.log(positive)
    steps = np.diff(logs)
    at = int(steps.argmax())
    # Groups are compared by their middle four fifths: a single slow participant widens them.
    spread = max(
        np.subtract(*np.quantile(part, [0.9, 0.1])) for part in (logs[: at + 1], logs[at + 1 :])
    )
    if steps[at] < np.log(ratio) or (ratio == UNIT_GAP and steps[at] < spread):
        return None
    return float(positive[at])


def _capped(maxima: pd.Series, split: float) -> bool:
    """Return whether the lower group ends at a usual end of a rating scale."""
    lower = maxima[maxima <= split]
    return any((lower == cap).mean() >= 0.3 for cap in (1, 5, 7, 9, 10, 11)) or bool(
        lower.max() <= 1
    )
