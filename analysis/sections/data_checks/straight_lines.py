"""Blocks of items that more people answered with a straight line than attentive answers explain."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from analysis.sections.data_checks.material import (
    DataFinding,
    Material,
    Numbers,
    counted,
    percent,
)

FEWEST_LINES = 3
MARGIN = 2.0
"""Factor by which the fitted share of straight lines may be too low, as the model is simple."""


def straight_lining(material: Material) -> Iterator[DataFinding]:
    """Yield blocks with more straight lines than the other people's consistency predicts.

    A block is a questionnaire with a common range, or one of its scales. In a block with items of
    both keys, a line off the middle contradicts itself: it is expected as often as the answers to
    the two kinds of items coincide if they are independent. In any block of at least five items,
    the number of items on which the other people gave their most frequent answer is fitted by a
    beta-binomial distribution, which predicts lines. The smaller expectation counts.
    """
    blocks = [
        (name, rows)
        for name, rows in _blocks(material)
        if len(rows) >= 4 and len(rows[["minimum", "maximum"]].drop_duplicates()) == 1
    ]
    reported: set[str] = set()
    for name, rows in blocks:
        raw = material.raw[str(rows["questionnaire"].iloc[0])][list(rows["item"])].dropna()
        if len(raw) < 10 or reported & set(rows["item"]):
            continue
        lines, expected = _lines(raw, rows)
        p = float(stats.poisson.sf(lines.sum() - 1, expected)) * len(blocks)
        if lines.sum() >= FEWEST_LINES and p < material.level:
            reported |= set(rows["item"])
            yield _finding(material, name, rows, lines, expected, p)
    yield from _in_trials(material)


def _in_trials(material: Material) -> Iterator[DataFinding]:
    """Yield ratings of trials that more people left unchanged than their consistency predicts.

    Only lines inside the range count: a person may honestly rate every trial at an end.
    """
    trials = material.trials
    columns = [
        name
        for name, values in material.trial_numbers.items()
        if 3 <= len(np.unique(values[np.isfinite(values)])) <= 11
        and material.outcomes_with(columns=[name])
    ]
    for name in columns:
        wide = trials.drop_duplicates(["participant", "position"]).pivot(
            index="participant", columns="position", values=name
        )
        rated = wide.loc[:, wide.notna().mean() > 0.8].dropna().astype(float)
        # With fewer trials or people, honest straight lines are too frequent to be told apart.
        if rated.shape[1] < 5 or len(rated) < 10:
            continue
        cells = rated.to_numpy()
        lines = _straight(rated) & rated.iloc[:, 0].between(
            cells.min(), cells.max(), inclusive="neither"
        )
        expected = _expected_lines(rated, lines)
        p = float(stats.poisson.sf(lines.sum() - 1, expected)) * len(columns)
        if lines.sum() >= FEWEST_LINES and p < material.level:
            people = rated.index[lines.to_numpy()]
            yield DataFinding(
                "straight_lining",
                f"{counted(len(people), 'participant')} ({percent(len(people) / len(rated))}) gave "
                f"the same answer in all {rated.shape[1]} trials of “{name}”. At most "
                f"{expected:.1f} such people are expected from the consistency of the others.",
                "Report the outcome also without these participants.",
                columns=(name,),
                outcomes=material.outcomes_with(columns=[name]),
                p=min(1.0, p),
            )


def _blocks(material: Material) -> Iterator[tuple[str, pd.DataFrame]]:
    for questionnaire, rows in material.items.groupby("questionnaire", sort=False):
        yield str(questionnaire), rows
    yield from material.scales


def _lines(raw: pd.DataFrame, rows: pd.DataFrame) -> tuple["pd.Series[bool]", float]:
    """Flag the people with a telling straight line, and return how many are expected."""
    low, high = float(rows["minimum"].iloc[0]), float(rows["maximum"].iloc[0])
    straight = _straight(raw)
    value = raw.iloc[:, 0]
    turned = (rows["reversed"] == 1).fillna(False).to_numpy(dtype=bool)
    middle = value == (low + high) / 2
    inside = value.between(low, high, inclusive="neither")
    if turned.any() and not turned.all():
        telling = straight & ~middle
        cells = raw.to_numpy(dtype=float)
        expected = sum(
            float((cells[:, turned] == c).all(axis=1).mean())
            * float((cells[:, ~turned] == c).all(axis=1).mean())
            for c in np.unique(cells)
            if c != (low + high) / 2
        )
        independent = expected * len(raw)
        if raw.shape[1] < 5:
            return telling, independent
        return telling, min(independent, _expected_lines(raw, telling))
    # Everyone at an end of a scale without reversed items may be a ceiling.
    telling = straight & inside
    return telling, _expected_lines(raw[straight | inside], telling) if raw.shape[1] > 4 else np.inf


def _straight(complete: pd.DataFrame) -> "pd.Series[bool]":
    """Flag the rows of a table without missing cells whose cells are all equal."""
    cells = complete.to_numpy(dtype=float)
    return pd.Series((cells == cells[:, :1]).all(axis=1), index=complete.index)


def _expected_lines(raw: pd.DataFrame, lines: "pd.Series[bool]") -> float:
    others = raw[~lines.reindex(raw.index, fill_value=False)]
    others = others[~_straight(others)]
    if len(others) < 10:
        return np.inf
    k = raw.shape[1]
    cells = others.to_numpy(dtype=float)
    same = np.max([(cells == column[:, np.newaxis]).sum(axis=1) for column in cells.T], axis=0)
    share = _line_share(same.astype(float), k)
    return MARGIN * len(others) * share / (1 - share) + 0.1


def _line_share(same: Numbers, k: int) -> float:
    """Return the probability of k under a beta-binomial fitted to counts below k."""
    counts = np.arange(k + 1)

    def log_probabilities(theta: Numbers) -> Numbers:
        a, b = np.exp(theta)
        result: Numbers = (
            special.gammaln(k + 1) - special.gammaln(counts + 1) - special.gammaln(k - counts + 1)
            + special.betaln(counts + a, k - counts + b) - special.betaln(a, b)
        )  # fmt: skip
        return result

    tally = np.bincount(same.astype(int), minlength=k + 1)[: k + 1]

    def loss(theta: Numbers) -> float:
        logs = log_probabilities(theta)
        return float(-(tally @ (logs - np.log1p(-np.exp(logs[k])))))

    fit = optimize.minimize(loss, np.log([2.0, 2.0]), method="L-BFGS-B", bounds=[(-3, 6)] * 2)
    return float(min(np.exp(log_probabilities(fit.x)[k]), 0.99))


def _finding(
    material: Material,
    name: str,
    rows: pd.DataFrame,
    lines: "pd.Series[bool]",
    expected: float,
    p: float,
) -> DataFinding:
    people = lines.index.get_level_values("participant")[lines.to_numpy()].unique()
    arms = material.arm.reindex(people)
    share = len(people) / lines.index.get_level_values("participant").nunique()
    mixed = (rows["reversed"] == 1).any() and not (rows["reversed"] == 1).all()
    reason = ", although some of its items are keyed in reverse" if mixed else ""
    scales = tuple(str(scale) for scale in rows["scale"].dropna().unique())
    outcomes: dict[str, str] = {}
    for scale in scales:
        outcomes |= material.outcomes_with(scale=scale)
    outcomes |= material.outcomes_with(columns=rows["item"].astype(str))
    return DataFinding(
        "straight_lining",
        f"{counted(len(people), 'participant')} ({percent(share)}) gave the same answer to all "
        f"{len(rows)} items of “{name}”{reason}. At most {expected:.1f} such people are expected "
        "from the consistency of the others.",
        "Report the outcome also without these participants, for instance by an exclusion of rule "
        '"same_answers".',
        columns=tuple(rows["item"].astype(str)),
        scales=scales,
        arms=tuple(arm for arm in material.arms if (arms == arm).any()),
        outcomes=outcomes,
        p=min(1.0, p),
    )
