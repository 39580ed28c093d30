"""Groups of participants who were asked on another range of answers than the others."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.sections.data_checks.groups import FEWEST_PEOPLE, Grouping
from analysis.sections.data_checks.material import (
    DataFinding,
    Material,
    Numbers,
    once,
    percent,
    plain,
)
from analysis.sections.data_checks.ratings import is_rating, trial_ratings

PILES = ((0.15, 4.0), (0.10, 8.0))
"""Shares of a group's answers at an end, with the factor by which it exceeds the other groups'."""
ARM_PILES = ((0.20, 8.0),)  # the same for arms, which are meant to differ
MOST_AT_END = 0.15
"""Share of scores at an end from which it is a ceiling or floor, which `ceiling` reports."""
LESS_OFTEN = 3.0
"""How much less often a group's participants may use the outer answers for reasons of their own."""
LESS_OFTEN_ARM = 6.0  # the same for arms, which are meant to differ
ADVICE = (
    "Compare the answer options that this group saw with those of the others. Bring answers on "
    "another range to the same one before the analysis; values cut at its end cannot be restored."
)


@dataclass(frozen=True)
class _Block:
    """Answers on one range: rows by participant, a column per item or one for a trial rating."""

    name: str
    columns: tuple[str, ...]
    scale: str | None
    answers: pd.DataFrame
    keyed: pd.DataFrame
    ends: tuple[float, float]


def piles_in_a_group(material: Material) -> Iterator[DataFinding]:
    """Yield groups that choose an end of a range far more often than the other groups.

    Groups by collection, such as batches or languages, answer on the same range alike. The share at
    the end must exceed the others' by the factors of PILES, and differ from it by Mann and
    Whitney's test of the participants' shares. In an arm, the end of a scale's items must also be
    chosen more often than the answer next to it.
    """
    groups = [one for one in material.groupings if one.collection]
    blocks = _blocks(material)
    tests = 2 * len(blocks) * sum(len(grouping.large) for grouping in groups)
    for block in blocks:
        found = []
        for end, word in ((block.ends[1], "highest"), (block.ends[0], "lowest")):
            by_person = _shares_at(block, end)
            for grouping in groups:
                for level, p, shares in _more_often(grouping, by_person):
                    if grouping.name == "arm" and not _piled(block, grouping, level, end):
                        continue
                    if p * tests < material.level:
                        found.append((p * tests, grouping, level, end, word, shares))
        if found:
            p, grouping, level, end, word, shares = min(found, key=lambda one: one[0])
            yield DataFinding(
                "recoded_ratings",
                f"{_first_up(grouping.inside(level))}, {percent(shares[0])} of the answers to "
                f"“{block.name}” are the {word} ({plain(end)}{_after(block)}), and "
                f"{percent(shares[1])} {grouping.elsewhere}. Answers on a wider range may have "
                "been cut to this end there.",
                ADVICE,
                columns=block.columns,
                scales=(block.scale,) if block.scale else (),
                outcomes=material.outcomes_with(columns=block.columns, scale=block.scale),
                p=p,
            )


def _shares_at(block: _Block, end: float) -> pd.Series:
    """Return by participant the share of answers that are at the end."""
    cells = block.keyed.to_numpy(dtype=float)
    known = np.isfinite(cells)
    counts = known.sum(axis=1)
    share = (cells == end).sum(axis=1)[counts > 0] / counts[counts > 0]
    person, names = pd.factorize(block.keyed.index[counts > 0], sort=True)
    return pd.Series(np.bincount(person, weights=share) / np.bincount(person), index=names)


def _piled(block: _Block, arm: Grouping, level: str, end: float) -> bool:
    """Return whether answers, but few scores, of an arm are at an end more often than next to it.

    Ratings of trials are compared between arms by the check `ceiling`.
    """
    if block.scale is None:
        return False
    inside = (arm.levels.reindex(block.keyed.index) == level).to_numpy()
    cells = block.keyed[inside]
    following = end - 1 if end == block.ends[1] else end + 1
    at_end, beside = ((cells == value).to_numpy().sum() for value in (end, following))
    return bool(at_end > beside and (cells == end).all(axis=1).mean() < MOST_AT_END)


def _after(block: _Block) -> str:
    return " after reversal" if block.scale and not block.keyed.equals(block.answers) else ""


def _first_up(text: str) -> str:
    return text[0].upper() + text[1:]


def _more_often(
    grouping: Grouping, by_person: pd.Series
) -> Iterator[tuple[str, float, tuple[float, float]]]:
    """Yield groups whose share exceeds the others' by the factors of PILES, with p and shares."""
    levels = grouping.levels.reindex(by_person.index)
    cells, known, named = by_person.to_numpy(), levels.notna().to_numpy(), levels.to_numpy()
    for level in grouping.large:
        inside = named == level
        own, others = cells[inside], cells[known & ~inside]
        if min(len(own), len(others)) < FEWEST_PEOPLE:
            continue
        shares = (float(own.mean()), float(others.mean()))
        most = ARM_PILES if grouping.name == "arm" else PILES
        if not any(shares[0] >= least and shares[0] >= times * shares[1] for least, times in most):
            continue
        test = stats.mannwhitneyu(own, others, alternative="greater", method="asymptotic")
        yield level, float(test.pvalue), shares


def narrow_groups(material: Material) -> Iterator[DataFinding]:
    """Yield groups none of whose participants uses outer answers that many of the others use.

    With s the share of the other participants who use them, a participant of the group would use
    them with a probability of at least s divided by LESS_OFTEN.
    """
    blocks = [block for block in _blocks(material) if is_rating(_cells(block.answers))]
    # Other groups, such as people who chose one of two methods, may truly answer in another way.
    groupings = [one for one in material.groupings if one.collection or one.name == "arm"]
    tests = 2 * len(blocks) * sum(len(grouping.large) for grouping in groupings)
    for block in blocks:
        rows = block.answers.groupby(level=0)
        most, least = rows.max().max(axis=1), rows.min().min(axis=1)
        found = []
        for grouping in groupings:
            factor = LESS_OFTEN_ARM if grouping.name == "arm" else LESS_OFTEN
            for side, extreme in ((1, most), (-1, -least)):
                for level, p, last, share in _never(grouping, extreme.dropna(), factor):
                    if p * tests < material.level:
                        found.append((p * tests, grouping, level, side, last, share))
        if found:
            p, grouping, level, side, last, share = min(found, key=lambda one: one[0])
            labels = material.data.labels
            arms = [arm for arm in material.arms if labels[arm] == level]
            yield DataFinding(
                "other_range",
                f"{_first_up(grouping.inside(level))}, no answer to “{block.name}” is "
                f"{'above' if side == 1 else 'below'} {plain(side * last)}, which "
                f"{percent(share)} of the participants {grouping.elsewhere} have. The group may "
                "have been asked with fewer answer options.",
                ADVICE,
                columns=block.columns,
                scales=(block.scale,) if block.scale else (),
                arms=tuple(arms) if grouping.name == "arm" else (),
                outcomes=material.outcomes_with(columns=block.columns, scale=block.scale),
                p=p,
            )


def _never(
    grouping: Grouping, extreme: pd.Series, factor: float
) -> Iterator[tuple[str, float, float, float]]:
    """Yield groups with p, their most extreme answer, and the others' share beyond it."""
    levels = grouping.levels.reindex(extreme.index)
    cells, known, named = extreme.to_numpy(), levels.notna().to_numpy(), levels.to_numpy()
    for level in grouping.large:
        inside = named == level
        own, others = cells[inside], cells[known & ~inside]
        if min(len(own), len(others)) < FEWEST_PEOPLE:
            continue
        share = float((others > own.max()).mean())
        if share > 0:
            yield level, (1 - share / factor) ** len(own), float(own.max()), share


def _cells(answers: pd.DataFrame) -> Numbers:
    cells: Numbers = answers.to_numpy(dtype=float).ravel()
    finite: Numbers = cells[np.isfinite(cells)]
    return finite


@once
def _blocks(material: Material) -> list[_Block]:
    """Return scales whose items share a range, single items, and ratings of trials."""
    return list(_all_blocks(material))


def _all_blocks(material: Material) -> Iterator[_Block]:
    items = material.items
    alone = [(str(row), items.loc[[row]]) for row in items.index[items["scale"].isna()]]
    for scale, rows in (*material.scales, *alone):
        low, high = float(rows["minimum"].min()), float(rows["maximum"].max())
        if low != rows["minimum"].max() or high != rows["maximum"].min() or high - low < 2:
            continue
        named = tuple(rows["item"].astype(str))
        raw = material.raw[str(rows["questionnaire"].iloc[0])][list(named)].droplevel("page")
        keyed = material.keyed(rows).droplevel("page")
        single = rows["scale"].isna().all()
        yield _Block(
            named[0] if single else scale, named, None if single else scale, raw, keyed, (low, high)
        )
    stated = {rating.name for rating in trial_ratings(material)}
    for rating in trial_ratings(material):
        rows = rating.values.to_frame(rating.name)
        yield _Block(rating.name, (rating.name,), None, rows, rows, (rating.low, rating.high))
    for outcome in material.data.plan.outcomes:
        values = material.trial_numbers.get(outcome.column or "")
        if values is None or outcome.column in stated:
            continue
        cells = values[np.isfinite(values)]
        ends = (float(cells.min(initial=np.inf)), float(cells.max(initial=-np.inf)))
        if is_rating(cells) or _is_slider(cells):
            name = str(outcome.column)
            stated.add(name)
            rows = pd.DataFrame({name: values}, index=material.trials["participant"])
            yield _Block(name, (name,), None, rows, rows, ends)


def _is_slider(cells: Numbers) -> bool:
    """Return whether the values are whole numbers from 0 to 100 that reach both ends."""
    return bool(
        len(cells)
        and (cells % 1 == 0).all()
        and cells.min() == 0
        and cells.max() == 100
        and len(np.unique(cells)) > 12
    )
