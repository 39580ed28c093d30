"""Outcomes whose values lie at an end of their range, where differences cannot show."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

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
from analysis.study_data.scoring import outcome_trials

OF_SCORES = 0.15
"""Share of scale scores at an end that Terwee et al. (2007) call a ceiling or floor effect."""
OF_RATINGS = 1 / 3
"""The same for single ratings, whose few values put a larger share at an end without any fault."""
OF_YES_OR_NO = 0.9
"""Share of a yes-or-no answer above which few trials can tell arms apart."""


@dataclass(frozen=True)
class _Ends:
    """Shares of values at both ends by participant, and the share that counts as too many."""

    shares: pd.DataFrame  # participants × (low, high)
    ends: tuple[float, float]
    most: float
    noun: str


def ceiling(material: Material) -> Iterator[DataFinding]:
    """Yield outcomes whose share at an end exceeds what the kind of outcome allows, for certain.

    The lower bound of the share must exceed it: Clopper and Pearson's for one value per
    participant, the t bound of the participants' shares for trials; corrected for outcomes, ends,
    and arms.
    """
    outcomes = material.data.plan.outcomes
    tests = 2 * len(outcomes) * (len(material.arms) + 1)
    for outcome in outcomes:
        ends = _ends(material, outcome)
        if ends is None:
            continue
        arm = material.arm.reindex(ends.shares.index)
        for side, name in ((1, "ceiling"), (0, "floor")):
            found = [
                (label, shares.mean())
                for label, shares in (
                    ("", ends.shares.iloc[:, side]),
                    *((one, ends.shares.iloc[:, side][arm == one]) for one in material.arms),
                )
                if _p_not_above(shares.to_numpy(dtype=float), ends.most) * tests < material.level
            ]
            if found:
                yield _finding(material, outcome, ends, side, name, found)


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
    return float(stats.t.sf((mean - most) / error, n - 1)) if error > 0 else 0.0


def _ends(material: Material, outcome: Outcome) -> _Ends | None:
    data = material.data
    if outcome.kind in ("scale", "item"):
        key, named = ("scale", outcome.scale) if outcome.scale else ("item", outcome.item)
        rows = material.items[material.items[key] == named]
        scores = outcome_scores(data, outcome).dropna()
        if rows.empty or scores.empty:
            return None
        factor = len(rows) if (rows["score"] == "sum").all() else 1
        low, high = (float(rows[end].mean()) * factor for end in ("minimum", "maximum"))
        if outcome.before and analysis_of(outcome).before == "change":
            low, high = low - high, high - low
        most = OF_SCORES if len(rows) > 1 else OF_RATINGS
        return _Ends(_at(scores, low, high), (low, high), most, "scores")
    if outcome.column is None or outcome.transform is not None:
        return None
    rows = outcome_trials(data, outcome)
    rows = rows[rows["participant"].isin(material.people["participant"])]
    values = rows["value"]
    if values.nunique() < 2:
        return None
    binary = set(values.unique()) <= {0.0, 1.0}
    low, high = _declared(material, outcome.column) or (float(values.min()), float(values.max()))
    shares = _at(values, low, high).groupby(rows["participant"]).mean()
    return _Ends(shares, (low, high), OF_YES_OR_NO if binary else OF_RATINGS, "answers")


def _declared(material: Material, column: str) -> tuple[float, float] | None:
    behaviour = behaviour_of(material.data)
    if behaviour is not None and behaviour.confidence == column and behaviour.confidence_range:
        low, high = behaviour.confidence_range
        return float(low), float(high)
    return None


def _at(values: pd.Series, low: float, high: float) -> pd.DataFrame:
    ends = {"low": values <= low + 1e-9, "high": values >= high - 1e-9}
    return pd.DataFrame(ends).astype(float)


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
        "Read a missing difference with care: the measure cannot show one at its end. Check "
        "whether values beyond the end were recoded to it, and use a test that needs no spread.",
        columns=tuple(name for name in (outcome.column, outcome.item) if name),
        scales=(outcome.scale,) if outcome.scale else (),
        arms=tuple(arm for arm, _ in found if arm),
        outcomes={outcome.key: ""},
        p=material.level,
    )
