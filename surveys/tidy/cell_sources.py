"""Where the cells of the tidy tables come from, as far as a path through the rows does not say."""

from collections.abc import Callable

from surveys import questionnaires, quizzes, tasks
from surveys.models import Answer, Participant, Trial
from surveys.pages.kinds.instructions import condition_of
from surveys.pages.sequence import step_of
from surveys.questionnaires.base import DOES_NOT_APPLY, SEPARATOR, Item
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition
from surveys.tidy.cells import Cell


def answer_cell(item: Item) -> Callable[[Trial], Cell]:
    """The answer to one of a trial's questions, whichever stage asks it."""

    def source(trial: Trial) -> Cell:
        pages = trial.submissions.all()
        given = (one.value for page in pages for one in page.answers.all() if one.item == item.id)
        value = next(given, None)
        return int(value) if value is not None and item.is_number else value

    return source


def of_stage(name: str, number: int = -1) -> Callable[[Trial], Cell]:
    """The field of the page of the trial's stage ``number``, by default of the last one."""

    def source(trial: Trial) -> Cell:
        stages = tasks.get(task_of(trial)).stages
        step = f"trial:{trial.position}" + (f":{stages[number].key}" if stages[number].key else "")
        found: Cell = next(
            (getattr(page, name) for page in trial.submissions.all() if page.step == step), None
        )
        return found

    return source


def task_of(trial: Trial) -> str:
    """Key of the task of the trial's part."""
    part = definition(trial.participant.study).part(trial.stimulus.part)
    return part.task if isinstance(part, TrialsPart) else ""


def predicted_place(trial: Trial) -> Cell:
    """Of several maps side by side, the place of the predicted class's; empty for one map."""
    places = (one.place for one in trial.maps.all() if one.explanation_id == trial.explanation_id)
    return next(places, None)


def classes_in_places(trial: Trial) -> Cell:
    """The classes of several maps side by side, in their order; empty for one map."""
    predicted = trial.stimulus.prediction.predicted_class
    shown = [one.explanation.other_class or predicted for one in trial.maps.all()]
    return SEPARATOR.join(shown) or None


def factor(name: str) -> Callable[[Trial], Cell]:
    """The trial's level of a declared factor."""
    return lambda trial: trial.condition.factors.get(name)


def quiz_mistakes(participant: Participant) -> Cell:
    """Wrong answers in the last try of every quiz; empty where no quiz was sent."""
    last: dict[tuple[str, int], int] = {}
    for page in participant.submissions.all():
        step = step_of(participant.study, page.step)
        if step is None or step.kind != "quiz":
            continue
        given = {answer.item: answer.value for answer in page.answers.all()}
        method = condition_of(participant, step).method
        wrong = [one for one in quizzes.questions(method) if given.get(one.id) != one.right]
        last[step.part, step.block] = len(wrong)
    return sum(last.values()) if last else None


def block_of(participant: Participant) -> Cell:
    """Minimisation has no blocks."""
    return participant.slot.block or 0


def completed_at(participant: Participant) -> Cell:
    """Empty for who withdrew: that has a time too."""
    completed = participant.state == Participant.State.COMPLETED
    return participant.finished_at if completed else None


def seconds_total(participant: Participant) -> Cell:
    if participant.state != Participant.State.COMPLETED or participant.finished_at is None:
        return None
    return (participant.finished_at - participant.consented_at).total_seconds()


def raw_value(answer: Answer) -> Cell:
    """A number where the item takes numbers, else text: text is guarded against formulas."""
    items = questionnaires.get(answer.questionnaire).items
    number = any(item.is_number for item in items if item.id == answer.item)
    if not number or answer.value == DOES_NOT_APPLY:
        return answer.value
    return float(answer.value) if "." in answer.value else int(answer.value)


def shown_at(answer: Answer) -> Cell:
    """Empty for pages that were sent before orders were stored."""
    order = answer.submission.item_order
    return order.index(answer.item) + 1 if answer.item in order else None


def block_condition(answer: Answer) -> Cell:
    """What the trials of the answer's block showed."""
    page = answer.submission
    arm = page.participant.arm
    blocks = arm.blocks.all() if arm else ()
    return next((one.condition.key for one in blocks if one.number == page.block), None)
