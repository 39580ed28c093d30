"""A page of a questionnaire."""

from dataclasses import dataclass, replace
from typing import Self

from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.value_types import Words
from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True, kw_only=True)
class QuestionnairePart(Part):
    """A questionnaire, asked once or, with ``per_block``, in each block."""

    questionnaire: Words

    def checked(self, at: TableProblems) -> Self:
        key = self.questionnaire
        usable = key and check_questionnaire(at, "questionnaire", key)
        return self if usable else replace(self, questionnaire="")

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


def check_questionnaire(at: TableProblems, place: str | int, key: str) -> bool:
    """Check that the key names a usable questionnaire, and report if not."""
    if not questionnaires.is_known(key):
        hint = did_you_mean(key, questionnaires.ids())
        at.add(place, f"unknown questionnaire {key!r}{hint}")
        return False
    try:
        questionnaires.get(key)
    except QuestionnaireError as error:
        at.add(place, str(error))
        return False
    return True
