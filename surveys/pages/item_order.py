"""The items of a page in the participant's order."""

from surveys import questionnaires
from surveys.models import Participant
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.questionnaires.base import Item
from surveys.questionnaires.ordering import order
from surveys.study_file.branching import hidden_items
from surveys.study_file.stored import definition


def items(participant: Participant, step: sequence.Step) -> tuple[Item, ...]:
    """Return the items of the page in the participant's order, which never changes."""
    asked = {item.id: item for item in catalogue.items(participant, step)}
    if not step.questionnaire:
        return tuple(asked.values())
    questionnaire = questionnaires.get(step.questionnaire)
    hidden = _hidden(participant, step)
    return tuple(
        asked[item]
        for item in order(questionnaire, seed(participant, step.key))
        if item not in hidden
    )


def _hidden(participant: Participant, step: sequence.Step) -> frozenset[str]:
    """Return the items of the page that an earlier answer excludes."""
    declared = definition(participant.study)
    if not declared.part(step.part).items_if:
        return frozenset()
    given = sequence.given_answers(participant, sequence.sent(participant))
    return hidden_items(declared, step, given)


def seed(participant: Participant, step: str) -> str:
    """Return the seed of a page's item order. The exported data contain all its parts."""
    return f"{participant.study.seed}/{participant.pseudonym}/{step}"
