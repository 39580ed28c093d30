"""Comprehension check on the meaning of the map. A mistake leads to another attempt."""

from dataclasses import replace

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from explanations import catalogue
from explanations.imagesets.dice import Dice
from surveys import quizzes
from surveys.allocation.shuffling import shuffled
from surveys.models import Answer, Participant
from surveys.pages.kinds import Screen
from surveys.pages.kinds.instructions import condition_of
from surveys.questionnaires.base import Item
from surveys.quizzes import Question
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

ALGORITHM = (
    "option-order-1"  # part of every seed, because another algorithm would give other orders
)


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    """Return the questions, with their options in an order of the participant's own.

    Whoever chooses the same place in every question, such as always the first, never passes:
    orders that put all right options in one place are drawn again.
    """
    questions = _questions(participant, step)
    seed = f"{participant.study.seed}/{participant.pseudonym}/{step.key}"
    dice = Dice(ALGORITHM, seed)
    while True:
        orders = [shuffled(tuple(question.options), dice) for question in questions]
        places = {
            order.index(question.right) for question, order in zip(questions, orders, strict=True)
        }
        if len(questions) < 2 or len(places) > 1:
            break
    return tuple(
        replace(question.item, options={key: question.options[key] for key in order})
        for question, order in zip(questions, orders, strict=True)
    )


def screen(participant: Participant, step: Step) -> Screen:
    condition = condition_of(participant, step)
    wrong = mistakes(participant, step, step.number - 1) if step.number > 1 else ()
    return {
        "heading": _("Did we explain it well?"),
        "mistakes": wrong,
        "method": catalogue.get(condition.method) if condition.method and wrong else None,
    }


def mistakes(participant: Participant, step: Step, number: int) -> tuple[Question, ...]:
    """Return the questions that were answered wrongly in attempt ``number`` at the step's check."""
    given = _answers(participant, _try(participant, step, number))
    asked = _questions(participant, step)
    return tuple(question for question in asked if given.get(question.id) != question.right)


def is_skipped(participant: Participant, step: Step) -> bool:
    """Return whether the step is a second attempt that is not needed."""
    if step.kind != "quiz" or step.number == 1:
        return False
    given = _answers(participant, _try(participant, step, step.number - 1))
    if not given:
        return False
    return all(
        given.get(question.id) == question.right for question in _questions(participant, step)
    )


def _questions(participant: Participant, step: Step) -> tuple[Question, ...]:
    condition = condition_of(participant, step)
    return quizzes.questions(condition.method, get_language() or "en")


def _try(participant: Participant, step: Step, number: int) -> str:
    """Return the key of the step that is attempt ``number`` at the step's check."""
    wanted = ("quiz", step.part, step.block, number)
    return next(
        other.key
        for other in definition(participant.study).steps
        if (other.kind, other.part, other.block, other.number) == wanted
    )


def _answers(participant: Participant, key: str) -> dict[str, str]:
    answers = Answer.objects.filter(submission__participant=participant, submission__step=key)
    return dict(answers.values_list("item", "value"))
