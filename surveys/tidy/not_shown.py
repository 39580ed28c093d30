"""Questions that a participant was not shown because of an earlier answer, as rows of the data."""

from collections.abc import Collection, Iterator, Sequence

from surveys import questionnaires
from surveys.models import Answer, Participant, Submission
from surveys.study_file.branching import GivenAnswers, hidden_items, is_shown
from surveys.study_file.step import Step
from surveys.study_file.stored import definition


def not_shown(participant: Participant, hidden: Collection[str] = ()) -> Iterator[Answer]:
    """Yield an unsaved answer for each question that the participant passed without seeing it.

    Pages whose keys are in ``hidden`` are left out. A page that the participant never came to is
    none that was passed.
    """
    declared = definition(participant.study)
    if not declared.branches:
        return
    given: GivenAnswers = {
        page.step: {answer.item: answer.value for answer in page.answers.all()}
        for page in participant.submissions.all()
    }
    for step in _passed(participant, given):
        if not step.questionnaire or step.key in hidden:
            continue
        items = [item.id for item in questionnaires.get(step.questionnaire).items]
        if step.key in given:
            excluded = hidden_items(declared, step, given)
            items = [item for item in items if item in excluded]
        elif is_shown(declared, step, given):
            items = []
        page = Submission(participant=participant, step=step.key, block=step.block)
        for item in items:
            yield Answer(submission=page, questionnaire=step.questionnaire, item=item)


def _passed(participant: Participant, given: GivenAnswers) -> tuple[Step, ...]:
    """Return the pages up to the last that was sent, or all of a completed participation."""
    declared = definition(participant.study)
    arm = participant.arm
    pages = declared.steps if arm is None else declared.steps_of(arm.key)
    sessions = ("", *(session.key for session in declared.sessions))
    return tuple(
        page
        for session in sessions
        for page in _passed_in([one for one in pages if one.session == session], participant, given)
    )


def _passed_in(
    pages: Sequence[Step], participant: Participant, given: GivenAnswers
) -> Sequence[Step]:
    """Return the pages of a session that the participant has passed."""
    is_own = not any(page.session for page in pages)
    if is_own and participant.state == Participant.State.COMPLETED:
        return pages
    last = max((number for number, page in enumerate(pages, 1) if page.key in given), default=0)
    return pages[:last]
