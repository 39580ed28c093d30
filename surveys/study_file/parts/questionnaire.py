"""A page of a questionnaire."""

from dataclasses import dataclass
from typing import Any, Self

from analysis.toml.problems import did_you_mean
from analysis.toml.table import Table
from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True)
class QuestionnairePart(Part):
    """Asks one instrument, once or, with ``per_block``, in each block."""

    questionnaire: str = ""

    @classmethod
    def read(cls, table: Table, common: dict[str, Any]) -> Self:
        key = table.text("questionnaire")
        if key and not check_questionnaire(table, "questionnaire", key):
            key = ""
        return cls(**common, questionnaire=key)

    def steps(self, place: Place) -> tuple[Step, ...]:
        key = place.key(self.key)
        return (
            Step(
                key,
                "questionnaire",
                part=self.key,
                block=place.block,
                questionnaire=self.questionnaire,
            ),
        )


def check_questionnaire(table: Table, place: str, key: str) -> bool:
    """Whether the key names a usable questionnaire; if not, the table is told."""
    if not questionnaires.is_known(key):
        hint = did_you_mean(key, questionnaires.ids())
        table.add(place, f"unknown questionnaire {key!r}{hint}")
        return False
    try:
        questionnaires.get(key)
    except QuestionnaireError as error:
        table.add(place, str(error))
        return False
    return True
