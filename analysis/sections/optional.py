"""The optional sections of the report that the plan asks for (plan/catalogues)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analysis.plan.catalogues.optional_sections import FURTHER, Further
from analysis.plan.plan import resolve
from analysis.study_data.study_data import StudyData


def further_results(data: StudyData, scores: pd.DataFrame) -> Mapping[str, Any]:
    """By key, for each part whose table stands in the plan."""
    asked = [one for one in FURTHER if getattr(data.plan, one.key)]
    return {one.key: resolve(one.path)(data, scores) for one in asked}


def further_parts(found: Mapping[str, Any]) -> tuple[Further, ...]:
    """The entries of the list that have results, in the list's order."""
    return tuple(one for one in FURTHER if one.key in found)
