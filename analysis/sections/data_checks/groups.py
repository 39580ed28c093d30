"""Groups of participants whose data may have been collected or stored in different ways."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analysis.study_data.other_studies.file_columns import FileColumns, files_by_participant
from analysis.study_data.study_data import StudyData

MOST_LEVELS = 12
FEWEST_PEOPLE = 10
NOT_GROUPS = {"participant", "arm", "arm_label", "state", "simulated", "consented_at"}
WORD = re.compile(r"[A-ZÄÖÜ]?[a-zäöüß]+|[A-ZÄÖÜ]+|\d+")
OF_COLLECTION = re.compile(
    r"lang|sprach|locale|batch|charge|tranche|wave|welle|session|sitzung|site|standort|lab|country|"
    r"land|browser|device|ger(ä|ae)t|version|build|release|form|list|cohort|kohorte|source|quelle|"
    r"platform|plattform|panel|recruit|medium|mode|modus|client|app|os|screen|display|room|raum|"
    r"run|round|runde|experimenter|versuchsleit|tester|interviewer|group|gruppe|export|file|datei|"
    r"school|schule|clinic|klinik|hospital|cent(er|re)|zentrum|semester|tablet|server|system",
)
"""Beginnings of words in names of columns that say where, when or with what data were collected."""


@dataclass(frozen=True)
class Grouping:
    """A column that divides the participants into groups, and the group by participant.

    `collection` tells whether it says how data were collected; people of other groups, such as
    experts, may truly answer in another way.
    """

    name: str
    levels: pd.Series
    collection: bool

    def inside(self, level: str) -> str:
        """Return the group in words, such as where “language” is “de”."""
        if self.name == "arm":
            return f"in the arm “{level}”"
        if self.name == "file":
            return f"in the file “{level}”"
        return f"where “{self.name}” is “{level}”"

    @property
    def elsewhere(self) -> str:
        """Return the other groups in words."""
        return {"arm": "in the other arms", "file": "in the other files"}.get(
            self.name, "elsewhere"
        )

    @cached_property
    def large(self) -> list[str]:
        """Return the groups with enough participants for a comparison."""
        sizes = self.levels.value_counts()
        return [str(level) for level in sizes.index[sizes >= FEWEST_PEOPLE]]


def groupings(
    data: StudyData, files: Iterable[FileColumns], people: pd.DataFrame, trials: pd.DataFrame
) -> list[Grouping]:
    """Return the groupings of participants other than by arm, each partition once.

    They are the files of a stacked table, and columns of words or of collection with a value per
    participant: of the tables, or of `files` if the plan does not map them.
    """
    index = pd.Index(people["participant"])
    seen = {_partition(people.set_index("participant")["arm"])}
    kept = []
    for name, values in _columns(data, files, people, trials):
        levels = values.reindex(index)
        collection = name == "file" or _is_of_collection(name)
        number = levels.nunique()
        if not 2 <= number <= MOST_LEVELS or (levels.value_counts() >= FEWEST_PEOPLE).sum() < 1:
            continue
        if pd.api.types.is_numeric_dtype(levels) and not collection:
            continue
        partition = _partition(levels)
        if partition not in seen:
            seen.add(partition)
            written = levels.map(_written, na_action="ignore").astype("object")
            kept.append(Grouping(name, written.mask(written == ""), collection))
    return kept


def _columns(
    data: StudyData, files: Iterable[FileColumns], people: pd.DataFrame, trials: pd.DataFrame
) -> Iterator[tuple[str, pd.Series]]:
    for levels in files_by_participant(data.files):
        yield "file", levels
    tables = [(people, list(people.columns)), (trials, list(trials.columns))]
    tables += [(file.table, list(file.unmapped)) for file in files]
    for table, names in tables:
        codes, persons = pd.factorize(table["participant"])
        if not len(persons):
            continue
        first = np.unique(codes, return_index=True)[1]
        for name in map(str, names):
            column = table[name]
            if name in NOT_GROUPS or pd.api.types.is_datetime64_any_dtype(column):
                continue
            # The first values tell most columns with many values apart, without a look at all.
            if column.iloc[:200].nunique() > MOST_LEVELS:
                continue
            values, distinct = pd.factorize(column)
            if 2 <= len(distinct) <= MOST_LEVELS and (values == values[first][codes]).all():
                yield name, pd.Series(column.iloc[first].to_numpy(), index=persons[codes[first]])


def _is_of_collection(name: str) -> bool:
    return any(OF_COLLECTION.match(word.lower()) for word in WORD.findall(name))


def _partition(levels: pd.Series) -> bytes:
    return pd.factorize(levels)[0].tobytes()


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
