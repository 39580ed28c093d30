"""A page of a questionnaire."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from analysis.toml.problems import TableProblems, did_you_mean
from analysis.toml.value_types import Words
from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file.answer_rules import AnswerRule
from surveys.study_file.parts.base import Part, Place
from surveys.study_file.step import Step


@dataclass(frozen=True, kw_only=True)
class QuestionnairePart(Part):
    """A questionnaire, asked once or, with ``per_block``, in each block.

    ``show_items`` has the rules of the items that only some people are shown, by item.
    """

    questionnaire: Words
    show_items: Mapping[Words, tuple[AnswerRule, ...]] = field(default_factory=dict)

    @property
    def items_if(self) -> Mapping[str, tuple[AnswerRule, ...]]:
        return self.show_items

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
