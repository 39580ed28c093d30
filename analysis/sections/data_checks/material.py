"""Tables as the data checks read them, and the finding that a check returns."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.plan.plan import Outcome, analysis_of
from analysis.sections.behaviour.trials import behaviour_of
from analysis.sections.data_checks.groups import Grouping, groupings
from analysis.study_data.columns import FILES
from analysis.study_data.other_studies.file_columns import FileColumns, stacked
from analysis.study_data.populations import members
from analysis.study_data.scoring import outcome_trials
from analysis.study_data.study_data import StudyData
from analysis.study_data.times import pages_of

T = TypeVar("T")
Numbers = npt.NDArray[np.float64]
# Columns that order or time the rows, from which no check can infer anything.
ADMINISTRATIVE = {
    *(column.name for column in FILES["participants.csv"]),
    *("position", "answered_at", "sequence", "block", "server_seconds", "shown_at", "page"),
}
NOT_ANSWERS = ADMINISTRATIVE | {"participant", "arm", "image"}
NOT_SHOWN = 0.2
"""Share of rows without an answer above which they are images that were not shown."""
SOME = 5  # fewest values from which a check draws a conclusion


@dataclass(frozen=True)
class DataFinding:
    """A fault found in the data, or in the fit of the plan to the data.

    `columns` names columns and items. `outcomes` gives, by key of each outcome concerned, what the
    fault does to it, or "" if that cannot be computed. `p` bounds the probability of such data
    without the fault, and is None for a fact of the table that does not occur by chance. `advice`
    says what to do.
    """

    check: str
    sentence: str
    advice: str
    columns: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    arms: tuple[str, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
    p: float | None = None


@dataclass(frozen=True)
class Material:
    """Data of everyone randomised, and the level at which a statistical check decides.

    `computed` keeps what several checks need (once).
    """

    data: StudyData
    level: float
    computed: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def people(self) -> pd.DataFrame:
        """Return participants.csv without participants who are in no set."""
        kept = members(self.data, "randomised").to_numpy(dtype=bool)
        return self.data.participants[kept].reset_index(drop=True)

    @cached_property
    def trials(self) -> pd.DataFrame:
        """Return their trials by participant and position."""
        rows = self.data.trials
        return rows[rows["participant"].isin(self.people["participant"])].reset_index(drop=True)

    @cached_property
    def answers(self) -> pd.DataFrame:
        """Return their answers."""
        rows = self.data.answers
        return rows[rows["participant"].isin(self.people["participant"])].reset_index(drop=True)

    @cached_property
    def items(self) -> pd.DataFrame:
        """Return the codebook's rows of numeric items with a range."""
        book = self.data.codebook
        numeric = book["type"].isin(["integer", "number"])
        ranged = book["minimum"].notna() & book["maximum"].notna()
        return book[book["item"].notna() & numeric & ranged]

    @cached_property
    def arm(self) -> pd.Series:
        """Return the arm by participant."""
        return self.people.set_index("participant")["arm"]

    @cached_property
    def arms(self) -> list[str]:
        """Return the arms with participants, in the plan's order."""
        return [arm for arm in self.data.plan.arms if (self.people["arm"] == arm).any()]

    @cached_property
    def groupings(self) -> list[Grouping]:
        """Return the arms, and the other groups whose data may have been collected differently."""
        named = self.arm.map(self.data.labels).astype("object")
        return [
            Grouping("arm", named, True),
            *groupings(self.data, self.files, self.people, self.trials),
        ]

    @cached_property
    def files(self) -> tuple[FileColumns, ...]:
        """Return the files of another study, those of the same table and columns as one."""
        return stacked(self.data.files)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """Return the trials without the rows of images that a participant did not see.

        A table with a cell for each participant and image has such rows: they contain no answer.
        """
        rows = self.trials
        names = {outcome.column for outcome in self.data.plan.outcomes}
        source = self.data.plan.source
        if source is not None:
            names |= {name for table in source.tables for name in table.wide}
        answers = [str(name) for name in rows.columns if name in names and name not in NOT_ANSWERS]
        if not answers:
            return rows
        empty = rows[answers].isna().all(axis=1)
        # A few empty rows are answers that were not given to images that were seen.
        return rows[~empty] if empty.mean() >= NOT_SHOWN else rows

    @cached_property
    def raw(self) -> Mapping[str, pd.DataFrame]:
        """Return by questionnaire the answers as clicked: (participant, page) × items.

        Rows are in the order in which the participants first occur in the answers.
        """
        return {
            str(questionnaire): self._raw(str(questionnaire), list(rows["item"]))
            for questionnaire, rows in self.items.groupby("questionnaire", sort=False)
        }

    def _raw(self, questionnaire: str, items: list[str]) -> pd.DataFrame:
        rows = self.answers
        rows = rows[(rows["questionnaire"] == questionnaire) & rows["item"].isin(items)]
        wide = pd.DataFrame(
            {
                "participant": rows["participant"],
                "page": pages_of(rows),
                "item": rows["item"],
                "value": pd.to_numeric(rows["value"], errors="coerce").astype("float64"),
            }
        ).pivot_table(
            index=["participant", "page"], columns="item", values="value", aggfunc="first",
            sort=False,
        )  # fmt: skip
        return wide.reindex(columns=items)

    def keyed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return the answers to the items of these codebook rows after reversal."""
        questionnaire, items = str(rows["questionnaire"].iloc[0]), list(rows["item"])
        turned = (rows["reversed"] == 1).fillna(False).to_numpy(dtype=bool)
        key = (questionnaire, *items, *turned)
        if key not in self.computed:
            values = self.raw[questionnaire][items]
            sums = (rows["minimum"] + rows["maximum"]).to_numpy(dtype=float)
            cells = values.to_numpy(dtype=float)
            self.computed[key] = pd.DataFrame(
                np.where(turned, sums - cells, cells), index=values.index, columns=values.columns
            )
        keyed: pd.DataFrame = self.computed[key]
        return keyed

    @cached_property
    def scales(self) -> list[tuple[str, pd.DataFrame]]:
        """Return each scale with its rows of the codebook."""
        rows = self.items.dropna(subset=["scale"])
        return [
            (str(scale), group)
            for (_, scale), group in rows.groupby(["questionnaire", "scale"], sort=False)
        ]

    @cached_property
    def trial_numbers(self) -> Mapping[str, Numbers]:
        """Return the numeric columns of trials, missing cells as NaN."""
        return numeric_columns(self.trials)

    @cached_property
    def person_numbers(self) -> Mapping[str, Numbers]:
        """Return the numeric columns of participants, missing cells as NaN."""
        return numeric_columns(self.people)

    def trials_of(self, outcome: Outcome) -> pd.DataFrame:
        """Return the answered trials of an outcome of the plan, with their `value`."""
        if outcome.key not in self.computed:
            rows = outcome_trials(self.data, outcome)
            there = rows["participant"].isin(self.people["participant"])
            self.computed[outcome.key] = rows[there]
        kept: pd.DataFrame = self.computed[outcome.key]
        return kept

    def labels(self, table: pd.DataFrame, most: int) -> list[str]:
        """Return the columns of words or whole numbers with two to `most` values."""
        names = []
        for name in map(str, table.columns):
            if name in ADMINISTRATIVE or name in ("participant", "arm"):
                continue
            if pd.api.types.is_datetime64_any_dtype(table[name]):
                continue
            if 2 <= table[name].nunique() <= most:
                names.append(name)
        return names

    def outcomes_with(
        self, *, columns: Iterable[str] = (), scale: str | None = None, any_trials: bool = False
    ) -> dict[str, str]:
        """Return, without a consequence, the outcomes that use a column, item or scale."""
        names = set(columns)
        in_scale = set(self.items.loc[self.items["item"].isin(names), "scale"].dropna())
        behaviour = behaviour_of(self.data)
        used = set() if behaviour is None else names & set(_columns(behaviour))
        return {
            outcome.key: ""
            for outcome in self.data.plan.outcomes
            if (outcome.scale is not None and outcome.scale in {scale, *in_scale})
            or names & set(_columns_of(outcome))
            or (outcome.measure is not None and (used or any_trials))
            or (outcome.column is not None and any_trials)
        }

    @property
    def all_outcomes(self) -> dict[str, str]:
        """Return every outcome, without a consequence."""
        return {outcome.key: "" for outcome in self.data.plan.outcomes}


def once(function: Callable[[Material], T]) -> Callable[[Material], T]:
    """Let the function compute its result a single time for each Material."""

    @wraps(function)
    def kept(material: Material) -> T:
        if kept not in material.computed:
            material.computed[kept] = function(material)
        result: T = material.computed[kept]
        return result

    return kept


def numeric_columns(table: pd.DataFrame) -> dict[str, Numbers]:
    """Return the numeric columns of the table, without positions and times."""
    return {
        str(name): table[name].to_numpy(dtype=float, na_value=np.nan)
        for name in table.columns
        if name not in ADMINISTRATIVE
        and pd.api.types.is_numeric_dtype(table[name])
        and table[name].notna().any()
    }


def _columns(behaviour: object) -> list[str]:
    return [value for value in vars(behaviour).values() if isinstance(value, str)]


def _columns_of(outcome: Outcome) -> list[str]:
    random = outcome.random if analysis_of(outcome).random else ()
    named = (outcome.column, outcome.item, outcome.within, outcome.factor, *outcome.where, *random)
    return [name for name in named if name is not None]


def listed(names: Iterable[object], most: int = 5) -> str:
    """Return the names as “a”, “b” and 3 more."""
    distinct = list(dict.fromkeys(str(name) for name in names))
    shown = ", ".join(f"“{name}”" for name in distinct[:most])
    return shown + (f" and {len(distinct) - most} more" if len(distinct) > most else "")


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 row", "3 rows" or "2 people"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def percent(share: float) -> str:
    """Return a share as a whole percentage, or with a decimal below 10 %."""
    return f"{100 * share:.0f}%" if share >= 0.1 or share == 0 else f"{100 * share:.1f}%"


def plain(value: float) -> str:
    """Return a value without a needless decimal point."""
    return f"{value:.10g}".replace("-", "−")


def signed(value: float) -> str:
    """Return a correlation or coefficient as APA prints it: .44 or −.44."""
    text = f"{abs(value):.2f}"
    return ("−" if value < 0 and float(text) else "") + text.removeprefix("0")
