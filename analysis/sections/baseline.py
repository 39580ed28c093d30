"""Table 1: what people brought with them, by arm, and how far apart chance has put the arms.

Differences are standardised, not tested: p of a baseline difference asks whether the randomisation
was one, which is known (Senn, 1994; CONSORT 2010, item 15).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.plan.plan import Outcome
from analysis.study_data.codebook_words import codewords
from analysis.study_data.other_studies.asked_before_trials import asked_before
from analysis.study_data.populations import members
from analysis.study_data.scoring import scale_score
from analysis.study_data.study_data import StudyData

NUMERIC = ("integer", "number")
MOST_LEVELS = 12  # the rest of a text's levels stand together
REST = "other answers"


@dataclass(frozen=True)
class ArmBaseline:
    """One covariate in one arm: those who have it, those who lack it, and its distribution.

    Mean and SD of a number, or counts by level. `smd`: standardised difference from the control,
    None where it does not exist; of a category the length of it (Yang & Dalton, 2012).
    """

    arm: str
    n: int
    missing: int
    mean: float | None
    sd: float | None
    counts: Mapping[str, int]
    smd: float | None


@dataclass(frozen=True)
class Covariate:
    """One row of table 1, over everyone randomised whose data exist.

    `together`: all arms. `largest`: the largest standardised difference of any two arms.
    """

    key: str
    label: str
    kind: str  # number, category
    together: ArmBaseline
    arms: tuple[ArmBaseline, ...]
    largest: float | None


def baseline(data: StudyData) -> tuple[Covariate, ...]:
    """The plan's covariates, else what was asked before the trials; none where nothing was."""
    there = members(data, "randomised").to_numpy()
    arms = data.participants["arm"].to_numpy()[there]
    return tuple(
        _covariate(data, key, label, values[there].reset_index(drop=True), arms)
        for key, label, values in (_column(data, key) for key in covariates(data))
        if values[there].notna().any()
    )


def covariates(data: StudyData) -> tuple[str, ...]:
    """Keys of scales, items and columns of participants.csv."""
    return data.plan.covariates or asked_before(data.study, data.codebook)


def smd(one: pd.Series, other: pd.Series) -> float | None:
    """(M₁ - M₂) / √((s₁² + s₂²) / 2) of numbers (Austin, 2009); of texts √(d' S⁻¹ d), where d are
    the differences of the shares of all levels but the last and S their mean covariance.

    None with fewer than two values on a side, or where nothing varies.
    """
    one, other = one.dropna(), other.dropna()
    if len(one) < 2 or len(other) < 2:
        return None
    if pd.api.types.is_numeric_dtype(one):
        spread = float(np.sqrt((one.to_numpy().var(ddof=1) + other.to_numpy().var(ddof=1)) / 2))
        return float(one.mean() - other.mean()) / spread if spread > 1e-12 else None
    levels = sorted({*one, *other})[:-1]
    shares = [_shares(values, levels) for values in (one, other)]
    if not levels or np.allclose(shares[0], shares[1], atol=1e-12, rtol=0):
        return 0.0 if levels else None
    covariance = np.mean([np.diag(share) - np.outer(share, share) for share in shares], axis=0)
    difference = shares[0] - shares[1]
    square = float(difference @ np.linalg.pinv(covariance) @ difference)
    return float(np.sqrt(max(0.0, square)))


def _shares(values: pd.Series, levels: list[str]) -> npt.NDArray[np.float64]:
    return np.array([(values == level).mean() for level in levels], dtype=float)


def _column(data: StudyData, key: str) -> tuple[str, str, pd.Series]:
    """Key, label, and one value per row of participants.csv."""
    book = data.codebook
    if (book["scale"] == key).any():
        score = scale_score(data, Outcome(key, key, "scale", scale=key))
        return key, f"Scale “{key}”, score", _in_rows(score)
    items = book[book["item"] == key]
    if len(items):
        row = items.iloc[0]
        label = str(row["label"]) if pd.notna(row["label"]) else key
        if row["type"] in NUMERIC:
            return key, label, _in_rows(pd.to_numeric(_answers(data, key)))
        return key, label, _texts(_answers(data, key), row["values"])
    rows = book[(book["file"] == "participants.csv") & (book["column"] == key)]
    label = str(rows["label"].iloc[0]) if len(rows) and rows["label"].notna().any() else key
    values = data.participants[key]
    if pd.api.types.is_numeric_dtype(values):
        return key, label, _in_rows(values)
    return key, label, _texts(values, rows["values"].iloc[0] if len(rows) else pd.NA)


def _in_rows(values: pd.Series) -> pd.Series:
    return values.astype("float64").reset_index(drop=True)


def _answers(data: StudyData, item: str) -> pd.Series:
    found = data.answers[data.answers["item"] == item].drop_duplicates("participant")
    return found.set_index("participant")["value"].reindex(data.participants["participant"])


def _texts(values: pd.Series, coded: object) -> pd.Series:
    """Texts with the codebook's words for codes; beyond the most frequent levels one rest."""
    texts = values.astype("object").where(values.notna(), None).reset_index(drop=True)
    words = codewords(coded)
    texts = texts.map(lambda one: None if one is None else words.get(str(one), str(one)))
    counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = set(counts.index if len(counts) <= MOST_LEVELS else counts.index[: MOST_LEVELS - 1])
    return texts.map(lambda one: one if one is None or one in kept else REST)


def _covariate(
    data: StudyData, key: str, label: str, values: pd.Series, arms: npt.NDArray[np.object_]
) -> Covariate:
    number = pd.api.types.is_float_dtype(values)
    own = {arm: values[arms == arm] for arm in data.plan.arms}
    levels = [] if number else sorted(values.dropna().unique())
    differences = [smd(own[a], own[b]) for a, b in combinations(own, 2)]
    known = [abs(one) for one in differences if one is not None]
    control = own[data.plan.control]
    return Covariate(
        key,
        label,
        "number" if number else "category",
        _described("", values, levels, None),
        tuple(
            _described(
                arm, found, levels, None if arm == data.plan.control else smd(found, control)
            )
            for arm, found in own.items()
        ),
        max(known) if known else None,
    )


def _described(
    arm: str, values: pd.Series, levels: list[str], difference: float | None
) -> ArmBaseline:
    there = values.dropna()
    number = not levels
    return ArmBaseline(
        arm,
        len(there),
        len(values) - len(there),
        float(there.mean()) if number and len(there) else None,
        float(there.std(ddof=1)) if number and len(there) > 1 else None,
        {str(level): int((there == level).sum()) for level in levels},
        difference,
    )
