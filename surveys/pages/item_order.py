"""The items of a page in the participant's order."""

from surveys import questionnaires
from surveys.models import Participant
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.questionnaires.base import Item
from surveys.questionnaires.ordering import order


def items(participant: Participant, step: sequence.Step) -> tuple[Item, ...]:
    """Return the items of the page in the participant's order, which never changes."""
    asked = {item.id: item for item in catalogue.items(participant, step)}
    if not step.questionnaire:
        return tuple(asked.values())
    questionnaire = questionnaires.get(step.questionnaire)
    return tuple(asked[item] for item in order(questionnaire, seed(participant, step.key)))


def seed(participant: Participant, step: str) -> str:
    """Return the seed of a page's item order. The exported data contain all its parts."""
    return f"{participant.study.seed}/{participant.pseudonym}/{step}"
