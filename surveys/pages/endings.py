"""The ending that a participant reaches with the page that was just sent, if any."""

from surveys import quizzes
from surveys.models import Participant
from surveys.pages import sequence
from surveys.pages.kinds.attention import failed_checks
from surveys.pages.kinds.instructions import condition_of
from surveys.study_file.branching import GivenAnswers, asking_page
from surveys.study_file.declaration import StudyFile
from surveys.study_file.endings import Ending
from surveys.study_file.parts.quiz import TRIES
from surveys.study_file.step import Step
from surveys.study_file.stored import definition


def reached_ending(participant: Participant, step: Step) -> Ending | None:
    """Return the first ending whose reason holds now that the step's page is stored."""
    declared = definition(participant.study)
    if not declared.endings:
        return None
    given = sequence.answers_by_page(participant, sequence.sent(participant))
    return next((one for one in declared.endings if _holds(participant, one, step, given)), None)


def ending_of(participant: Participant) -> Ending | None:
    """Return the ending that the participant has reached, in the study's own language."""
    return declared_ending(definition(participant.study), participant.ending)


def declared_ending(study: StudyFile, key: str) -> Ending | None:
    """Return the ending with this key, or None if the study has no such ending."""
    return next((one for one in study.endings if one.key == key), None)


def _holds(participant: Participant, ending: Ending, step: Step, given: GivenAnswers) -> bool:
    if ending.failed_attention:
        return step.kind == "attention" and failed_checks(participant) >= ending.failed_attention
    if ending.failed_quizzes:
        return step.kind == "quiz" and failed_quizzes(participant, given) >= ending.failed_quizzes
    return _answers_hold(definition(participant.study), ending, step, given)


def _answers_hold(study: StudyFile, ending: Ending, step: Step, given: GivenAnswers) -> bool:
    """Return whether all rules hold, one of them by the page that was just sent."""
    sent = [page for page in study.steps if page.key in given]
    asked = [asking_page(study, sent, rule, step.block) for rule in ending.when]
    if step not in asked:
        return False
    return all(
        page is not None and rule.holds(given[page.key].get(rule.item))
        for page, rule in zip(asked, ending.when, strict=True)
    )


def failed_quizzes(participant: Participant, given: GivenAnswers) -> int:
    """Count the comprehension checks whose last attempt still has a mistake."""
    failed = 0
    for step in definition(participant.study).steps:
        if step.kind != "quiz" or step.number != TRIES or step.key not in given:
            continue
        questions = quizzes.questions(condition_of(participant, step).method)
        answers = given[step.key]
        failed += any(answers.get(question.id) != question.right for question in questions)
    return failed
