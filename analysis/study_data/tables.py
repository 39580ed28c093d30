"""A study's tidy tables and plan, from which exclusions and scores are computed."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.plan.plan import Plan


@dataclass(frozen=True)
class StudyTables:
    """The tidy tables (columns: study_data.columns) and the plan that is applied to them.

    `trials` contains the columns decisions.DERIVED in addition to the file's columns; `answers`
    includes the answers to questionnaires shown in blocks. `missing` gives, by file and column,
    the kind of missing value of each cell (csv_files.kinds_of_missing).
    """

    participants: pd.DataFrame
    trials: pd.DataFrame
    answers: pd.DataFrame
    codebook: pd.DataFrame
    missing: Mapping[str, pd.DataFrame]
    plan: Plan
