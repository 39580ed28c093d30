"""The questionnaires that were used: scales, how well their items hold together, wording."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.estimate import Estimate, NotEstimable, attempt
from analysis.populations import members
from analysis.reliability import cronbach_alpha, item_rest_correlations
from analysis.scoring import scale_items
from analysis.table import StudyData


@dataclass(frozen=True)
class Instrument:
    """One scale, over all arms together, in participants who completed the study."""

    questionnaire: str
    scale: str
    items: int
    reversed_items: tuple[str, ...]
    minimum: float
    maximum: float
    wording: tuple[str, ...]  # "own", "verbatim"; both if the scale mixes them
    source: str
    alpha: Estimate | NotEstimable
    item_rest: Mapping[str, Estimate | NotEstimable]


def instruments(data: StudyData) -> tuple[Instrument, ...]:
    """Every scale of the codebook, in its order."""
    rows = data.codebook.dropna(subset=["scale", "item"])
    return tuple(
        _instrument(data, str(questionnaire), str(scale), own)
        for (questionnaire, scale), own in rows.groupby(["questionnaire", "scale"], sort=False)
    )


def _instrument(data: StudyData, questionnaire: str, scale: str, rows: pd.DataFrame) -> Instrument:
    items = scale_items(data, questionnaire, scale)
    values = items[members(data.participants, "completed").to_numpy()]
    level = data.plan.level
    return Instrument(
        questionnaire,
        scale,
        len(rows),
        tuple(rows.loc[rows["reversed"] == 1, "item"].astype(str)),
        float(rows["minimum"].min()),
        float(rows["maximum"].max()),
        tuple(sorted(set(rows["wording"].dropna().astype(str)))),
        str(rows["source"].dropna().iloc[0]) if rows["source"].notna().any() else "",
        attempt("Cronbach's alpha", lambda: cronbach_alpha(values, level=level)),
        item_rest_correlations(values, level),
    )
