"""The optional sections of the report that the plan asks for (plan/catalogues)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd

from analysis.failures import Failures
from analysis.plan.catalogues.optional_sections import OPTIONAL_SECTIONS, OptionalSection
from analysis.plan.plan import resolve
from analysis.study_data.study_data import StudyData


def optional_results(
    data: StudyData, scores: pd.DataFrame, failures: Failures
) -> Mapping[str, Any]:
    """Return the results by key, of each optional section whose table is in the plan.

    A section that failed with an unexpected error is absent.
    """
    asked = [one for one in OPTIONAL_SECTIONS if getattr(data.plan, one.key)]
    found = {
        one.key: failures.guarded(
            f"Section “{one.label}”", partial(resolve(one.path), data, scores), lambda _: None
        )
        for one in asked
    }
    return {key: result for key, result in found.items() if result is not None}


def sections_with_results(found: Mapping[str, Any]) -> tuple[OptionalSection, ...]:
    """List the optional sections that have results, in the list's order."""
    return tuple(one for one in OPTIONAL_SECTIONS if one.key in found)
