"""The items of a page as one participant gets them: in that person's order."""

from surveys import questionnaires
from surveys.models import Participant
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.questionnaires.base import Item
from surveys.questionnaires.ordering import order


def items(participant: Participant, step: sequence.Step) -> tuple[Item, ...]:
    """What the page asks, in the order in which the participant sees it, each time the same."""
    asked = {item.id: item for item in catalogue.items(participant, step)}
    if not step.questionnaire:
        return tuple(asked.values())
    questionnaire = questionnaires.get(step.questionnaire)
    return tuple(asked[item] for item in order(questionnaire, seed(participant, step.key)))


def seed(participant: Participant, step: str) -> str:
    """What the order of a page follows from: all of it stands in the exported data."""
    return f"{participant.study.seed}/{participant.pseudonym}/{step}"
