"""Questionnaires used in the study: scales, their reliability and their wording."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.statistics.reliability import cronbach_alpha, item_rest_correlations, omega_total
from analysis.statistics.response_quality import ceiling_share, floor_share, straight_line_share
from analysis.study_data.populations import members
from analysis.study_data.scoring import mean_of_items, minimum_share, raw_items, reverse
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import pages_asked


@dataclass(frozen=True)
class ScaleInArm:
    """Properties of a scale among the participants of an arm who completed the study.

    `straight_lined` is the share who gave the same answer to every item, which is not an opinion
    if the scale has reversed items. Floor and ceiling are the shares of scores at the ends of the
    scale.
    """

    arm: str
    label: str
    n: int
    alpha: Estimate | NotEstimable
    omega: Estimate | NotEstimable
    floor: Estimate | NotEstimable
    ceiling: Estimate | NotEstimable
    straight_lined: Estimate | NotEstimable


@dataclass(frozen=True)
class Instrument:
    """A scale, over all arms and by arm, in participants who completed the study.

    `time` is the page (or else part and block) of a scale that was asked more than once, which has
    an entry per time; otherwise it is empty.
    """

    questionnaire: str
    scale: str
    time: str
    items: int
    reversed_items: tuple[str, ...]
    minimum: float
    maximum: float
    wording: tuple[str, ...]  # "own" or "verbatim", or both if the scale mixes them
    source: str
    construct: str
    licence: str
    languages: tuple[str, ...]  # languages of the items' texts in the codebook
    minimum_answered: float  # share of the items required for a score
    alpha: Estimate | NotEstimable
    omega: Estimate | NotEstimable
    item_rest: Mapping[str, Estimate | NotEstimable]
    straight_lined: Estimate | NotEstimable
    arms: tuple[ScaleInArm, ...]

    @property
    def name(self) -> str:
        """Return the scale with its time, as tables name it."""
        return f"{self.scale} ({self.time})" if self.time else self.scale


def instruments(data: StudyData) -> tuple[Instrument, ...]:
    """Return every scale of the codebook, in its order and in the order of its times."""
    rows = data.codebook.dropna(subset=["scale", "item"])
    return tuple(
        _instrument(data, str(questionnaire), str(scale), items, time)
        for (questionnaire, scale), items in rows.groupby(["questionnaire", "scale"], sort=False)
        for time in _times(data, str(questionnaire), items)
    )


def _times(data: StudyData, questionnaire: str, items: pd.DataFrame) -> list[str]:
    answers = data.answers
    asked = (answers["questionnaire"] == questionnaire) & answers["item"].isin(items["item"])
    return pages_asked(answers[asked])


def _instrument(
    data: StudyData, questionnaire: str, scale: str, rows: pd.DataFrame, time: str
) -> Instrument:
    # Straight-lining is counted before reversal, because afterwards it no longer looks straight.
    finished = members(data, "completed").to_numpy()
    raw = raw_items(data, questionnaire, rows, time)[finished]
    values = reverse(raw, rows).astype("float64")
    arms = data.participants["arm"][finished].to_numpy()
    level = data.plan.level
    return Instrument(
        questionnaire,
        scale,
        time,
        len(rows),
        tuple(rows.loc[rows["reversed"] == 1, "item"].astype(str)),
        float(rows["minimum"].min()),
        float(rows["maximum"].max()),
        tuple(sorted(set(rows["wording"].dropna().astype(str)))),
        _first(rows, "source"),
        _first(rows, "construct"),
        _first(rows, "licence"),
        tuple(sorted(set(rows["language"].dropna().astype(str)))),
        minimum_share(rows),
        attempt("Cronbach's alpha", lambda: cronbach_alpha(values, level=level)),
        attempt("McDonald's omega", lambda: omega_total(values, level)),
        item_rest_correlations(values, level),
        attempt("straight-lining", lambda: straight_line_share(raw, level)),
        tuple(
            _in_arm(raw[arms == arm], values[arms == arm], rows, arm, label, level)
            for arm, label in data.labels.items()
        ),
    )


def _first(rows: pd.DataFrame, column: str) -> str:
    stated = rows[column].dropna()
    return "" if stated.empty else str(stated.iloc[0])


def _in_arm(
    raw: pd.DataFrame, values: pd.DataFrame, rows: pd.DataFrame, arm: str, label: str, level: float
) -> ScaleInArm:
    scores = mean_of_items(values, minimum_share(rows))
    lowest, highest = float(rows["minimum"].mean()), float(rows["maximum"].mean())
    return ScaleInArm(
        arm,
        label,
        int(scores.notna().sum()),
        attempt("Cronbach's alpha", lambda: cronbach_alpha(values, level=level)),
        attempt("McDonald's omega", partial(omega_total, values, level)),
        attempt("floor", partial(floor_share, scores, lowest, level)),
        attempt("ceiling", partial(ceiling_share, scores, highest, level)),
        attempt("straight-lining", partial(straight_line_share, raw, level)),
    )
