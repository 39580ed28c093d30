"""Agreement within an arm, as a function of the quality of the map shown."""

from dataclasses import dataclass
from functools import partial

import pandas as pd

from analysis.errors import NotEstimableError
from analysis.statistics.estimate import Estimate, NotEstimable, attempt
from analysis.statistics.mixed_models.logistic import fit_logistic
from analysis.statistics.mixed_models.specification import (
    Categorical,
    MixedModel,
    Numeric,
    Random,
    Term,
)
from analysis.study_data.populations import members
from analysis.study_data.study_data import StudyData

DIGITS = 12  # digits of the image's hash in trials.csv


@dataclass(frozen=True)
class Following:
    """Odds ratio of accepting a prediction whose map is one SD better than its method's mean.

    From a logistic mixed model of the trials whose map was measured, adjusted for arm and for
    whether the prediction was right, with random participants and images.
    """

    measure: str
    trials: int
    participants: int
    images: int
    odds_ratio: Estimate | NotEstimable


def following(data: StudyData, measured: pd.DataFrame, measure: str, better: str) -> Following:
    """Estimate the odds ratio over everyone randomised.

    Trials without an answer or a measured map are left out.
    """
    table = _trials(data, measured, measure, better)
    return Following(
        measure,
        len(table),
        int(table["participant"].nunique()),
        int(table["image"].nunique()),
        attempt("odds ratio", partial(_odds_ratio, table, data.plan.level)),
    )


def _trials(data: StudyData, measured: pd.DataFrame, measure: str, better: str) -> pd.DataFrame:
    rows = measured[measured["measure"] == measure]
    values = pd.DataFrame(
        {
            "image": rows["image"].astype(str).str[:DIGITS],
            "method": rows["method"].astype(str),
            "quality": rows["value"].astype(float) * (-1.0 if better == "lower" else 1.0),
        }
    )
    people = data.participants["participant"][members(data, "randomised").to_numpy()]
    trials = data.trials[data.trials["agreed"].notna() & data.trials["participant"].isin(people)]
    columns = ["participant", "arm", "image", "method", "agreed", "prediction_correct"]
    shown = trials[columns].astype({"image": str, "method": str, "agreed": float})
    shown["image"] = shown["image"].str[:DIGITS]
    table = shown.merge(values, on=["image", "method"], how="inner")
    if table.empty:
        return table
    # Quality is standardised over images, so that an image shown more often does not count more.
    by_image = table.drop_duplicates(["method", "image"]).groupby("method")["quality"]
    centre, spread = by_image.mean(), by_image.std(ddof=1)
    table["quality"] -= table["method"].map(centre)
    table["quality"] /= table["method"].map(spread)
    return table[table["quality"].abs() < float("inf")].dropna().reset_index(drop=True)


def _odds_ratio(table: pd.DataFrame, level: float) -> Estimate:
    if table.empty or table["quality"].nunique() < 3:
        raise NotEstimableError("fewer than three maps of different quality were shown")
    fixed: list[Term] = [Numeric("quality")]
    for column in ("arm", "prediction_correct"):
        if table[column].nunique() > 1:
            fixed.append(Categorical(column, coding="sum"))
    table = table.assign(
        arm=table["arm"].astype(str), prediction_correct=table["prediction_correct"].astype(str)
    )
    model = MixedModel("agreed", tuple(fixed), (Random("participant"), Random("image")))
    return fit_logistic(table, model, level=level).odds_ratio({"quality": 1.0}, "odds ratio")
