"""Functions that compute the cells of the tidy tables that are not a plain field of a row."""

from collections.abc import Callable

from surveys import questionnaires, quizzes, tasks
from surveys.models import Answer, Participant, Trial
from surveys.pages.kinds.instructions import condition_of
from surveys.pages.pace import limit_seconds
from surveys.pages.sequence import step_of
from surveys.questionnaires.base import DOES_NOT_APPLY, NOT_ASKED, SEPARATOR, Item
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition
from surveys.tasks import preference
from surveys.tidy.cells import Cell

NO_METHOD = "neither"
"""Value of preferred_method if neither map was preferred."""


def answer_cell(item: Item) -> Callable[[Trial], Cell]:
    """Return a function that reads the answer to one of a trial's questions, whichever stage asks
    it.
    """

    def source(trial: Trial) -> Cell:
        pages = trial.submissions.all()
        values = (
            answer.value
            for page in pages
            for answer in page.answers.all()
            if answer.item == item.id
        )
        value = next(values, None)  # at most one: a task asks each item at a single stage
        return int(value) if value is not None and item.is_number else value

    return source


def of_stage(name: str, number: int = -1) -> Callable[[Trial], Cell]:
    """Return a function that reads a field of the page of the trial's stage ``number``.

    The default is the last stage.
    """

    def source(trial: Trial) -> Cell:
        stages = tasks.get(task_of(trial)).stages
        step = f"trial:{trial.position}" + (f":{stages[number].key}" if stages[number].key else "")
        value: Cell = next(
            (getattr(page, name) for page in trial.submissions.all() if page.step == step), None
        )
        return value

    return source


def task_of(trial: Trial) -> str:
    """Return the key of the task of the trial's part."""
    part = definition(trial.participant.study).part(trial.stimulus.part)
    return part.task if isinstance(part, TrialsPart) else ""


def predicted_place(trial: Trial) -> Cell:
    """Return the position of the predicted class's map among several. Empty for a single map."""
    places = (
        trial_map.place
        for trial_map in trial.maps.all()
        if trial_map.explanation_id == trial.explanation_id
    )
    return next(places, None)


def classes_in_places(trial: Trial) -> Cell:
    """Return the classes of several maps side by side, in their order. Empty for a single map."""
    predicted = trial.stimulus.prediction.predicted_class
    if not tasks.get(task_of(trial)).classes:  # maps of other methods, all of the predicted class
        return None
    classes = [trial_map.explanation.other_class or predicted for trial_map in trial.maps.all()]
    return SEPARATOR.join(classes) or None


def methods_in_places(trial: Trial) -> Cell:
    """Return the methods of the maps that the trial compares, in their order. Empty otherwise."""
    if not tasks.get(task_of(trial)).compares:
        return None
    return SEPARATOR.join(shown.explanation.method for shown in trial.maps.all()) or None


def preferred_method(trial: Trial) -> Cell:
    """Return the method of the map that the participant preferred, or NO_METHOD.

    Empty without an answer.
    """
    answers = (answer for page in trial.submissions.all() for answer in page.answers.all())
    place = next((one.value for one in answers if one.item == preference.PREFERRED), None)
    if place == preference.NEITHER:
        return NO_METHOD
    shown = {str(one.place): one.explanation.method for one in trial.maps.all()}
    return shown.get(place) if place else None


def limit_of_trial(trial: Trial) -> Cell:
    """Return the time limit of the trial's last page without extensions. Empty without one."""
    stage = tasks.get(task_of(trial)).stages[-1].key
    step = step_of(
        trial.participant.study, f"trial:{trial.position}" + (f":{stage}" if stage else "")
    )
    sent = any(step is not None and page.step == step.key for page in trial.submissions.all())
    if step is None or not sent:
        return None
    return limit_seconds(trial.participant, step) or None


def feedback_shown(trial: Trial) -> Cell:
    """Return whether the participant went through the feedback after the trial."""
    return int(any(page.step.startswith("feedback:") for page in trial.submissions.all()))


def planned_accuracy(trial: Trial) -> Cell:
    """Return the planned share of right predictions of the trial's condition. Empty without one."""
    declared = definition(trial.participant.study)
    return declared.condition(trial.condition.key).accuracy


def factor(name: str) -> Callable[[Trial], Cell]:
    """Return a function that reads the trial's level of a declared factor."""
    return lambda trial: trial.condition.factors.get(name)


def factor_of_person(name: str) -> Callable[[Participant], Cell]:
    """Return a function that reads the participant's level of a between-subjects factor.

    It is the same in all of the arm's blocks. Empty without an arm.
    """

    def source(participant: Participant) -> Cell:
        blocks = participant.arm.blocks.all() if participant.arm else ()
        return next((block.condition.factors.get(name) for block in blocks), None)

    return source


def ticked(key: str) -> Callable[[Participant], Cell]:
    """Return a function that reads whether the participant ticked a check box of the consent."""
    return lambda participant: int(key in participant.consent_checks)


def quiz_mistakes(participant: Participant) -> Cell:
    """Count wrong answers in the last attempt at every comprehension check. Empty without any
    check.
    """
    last: dict[tuple[str, int], int] = {}
    for page in participant.submissions.all():
        step = step_of(participant.study, page.step)
        if step is None or step.kind != "quiz":
            continue
        given = {answer.item: answer.value for answer in page.answers.all()}
        method = condition_of(participant, step).method
        questions = quizzes.questions(method)
        # A later attempt overwrites an earlier attempt at the block's quiz: only the last counts.
        last[step.part, step.block] = sum(
            given.get(question.id) != question.right for question in questions
        )
    return sum(last.values()) if last else None


def block_of(participant: Participant) -> Cell:
    """Return the participant's randomisation block, or 0 for minimisation, which has no blocks."""
    return participant.slot.block or 0


def completed_at(participant: Participant) -> Cell:
    """Return when the study was completed.

    Empty for people who stopped, although they have a finishing time, too.
    """
    completed = participant.state == Participant.State.COMPLETED
    return participant.finished_at if completed else None


def seconds_total(participant: Participant) -> Cell:
    if participant.state != Participant.State.COMPLETED or participant.finished_at is None:
        return None
    return (participant.finished_at - participant.consented_at).total_seconds()


def raw_value(answer: Answer) -> Cell:
    """Return the answer as a number if the item is numeric, otherwise as text (escaped later so
    that spreadsheets do not run it as a formula).
    """
    if answer.pk is None:  # a question that was not shown
        return NOT_ASKED
    items = questionnaires.get(answer.questionnaire).items
    number = any(item.is_number for item in items if item.id == answer.item)
    if not number or answer.value == DOES_NOT_APPLY:
        return answer.value
    return float(answer.value) if "." in answer.value else int(answer.value)


def shown_at(answer: Answer) -> Cell:
    """Return the item's position on its page. Empty for pages stored without an order."""
    order = answer.submission.item_order
    return order.index(answer.item) + 1 if answer.item in order else None


def part_of(answer: Answer) -> Cell:
    """Return the key of the part that asked the question. Empty if its page no longer exists."""
    page = answer.submission
    step = step_of(page.participant.study, page.step)
    return step.part if step else None


def block_condition(answer: Answer) -> Cell:
    """Return the condition of the answer's block, or None without an arm."""
    page = answer.submission
    arm = page.participant.arm
    blocks = arm.blocks.all() if arm else ()
    return next((block.condition.key for block in blocks if block.number == page.block), None)
