"""The sequence of pages that a participant goes through."""

from collections.abc import Set

from django.utils import timezone

from surveys.models import Answer, Participant, Study, Submission
from surveys.models.prepared_query import PreparedQuery
from surveys.pages.kinds.quiz import is_skipped
from surveys.study_file import stored
from surveys.study_file.branching import GivenAnswers, is_shown
from surveys.study_file.step import Step

__all__ = ["Step", "current_step", "progress", "steps"]


def steps(study: Study) -> tuple[Step, ...]:
    """Return every page between consent and debrief, in order, including pages that only some arms
    show.
    """
    return stored.definition(study).steps


def steps_of(participant: Participant) -> tuple[Step, ...]:
    """Return the pages of the participant's arm and session.

    Before the allocation, these are the pages of all arms.
    """
    return steps_in(participant, session_of(participant))


def steps_in(participant: Participant, session: str) -> tuple[Step, ...]:
    """Return the pages of the session with this key, which is empty for the study itself."""
    declared = stored.definition(participant.study)
    pages = declared.steps if participant.arm is None else declared.steps_of(participant.arm.key)
    if not declared.sessions:
        return pages
    return tuple(page for page in pages if page.session == session)


def session_of(participant: Participant) -> str:
    """Return the key of the later session that the participant is in, or an empty text."""
    if participant.state != Participant.State.COMPLETED:
        return ""
    if not stored.definition(participant.study).sessions:
        return ""
    now = timezone.now()
    under_way = participant.follow_ups.filter(
        begun_at__isnull=False, completed_at__isnull=True, stopped=False, closes_at__gt=now
    )
    return under_way.values_list("session", flat=True).first() or ""


def step_of(study: Study, key: str) -> Step | None:
    """Return the step with this key, or None if the study has no such step."""
    return next((step for step in steps(study) if step.key == key), None)


_SENT = PreparedQuery(
    lambda person: Submission.objects.filter(participant=person).order_by().values_list("step"), int
)


def sent(participant: Participant) -> set[str]:
    """Return the keys of the steps that the participant has sent."""
    return {step for (step,) in _SENT(participant.pk)}


def first_unsent(
    participant: Participant, sent: Set[str], session: str | None = None
) -> Step | None:
    """Return the first page still to be sent, given the keys already sent, or None at the end.

    By default it is a page of the session that the participant is in.
    """
    own = session_of(participant) if session is None else session
    sequence = steps_in(participant, own)
    # Pages are accepted in their order alone, so whatever lies before a sent page was skipped.
    following = next((n for n in range(len(sequence), 0, -1) if sequence[n - 1].key in sent), 0)
    declared, given = stored.definition(participant.study), given_answers(participant, sent)
    return next(
        (
            step
            for step in sequence[following:]
            if is_shown(declared, step, given) and not is_skipped(participant, step)
        ),
        None,
    )


_GIVEN = PreparedQuery(
    lambda person: (
        Answer.objects.filter(submission__participant=person)
        .order_by()
        .values_list("submission__step", "item", "value")
    ),
    int,
)


def given_answers(participant: Participant, sent: Set[str]) -> GivenAnswers:
    """Return the answers on the pages that were sent, if any page depends on them, else nothing."""
    if not stored.definition(participant.study).branches:
        return {}
    return answers_by_page(participant, sent)


def answers_by_page(participant: Participant, sent: Set[str] = frozenset()) -> GivenAnswers:
    """Return the answers by the key of their page. Pages of ``sent`` without any have none."""
    given: dict[str, dict[str, str]] = {step: {} for step in sent}
    for step, item, value in _GIVEN(participant.pk):
        given.setdefault(step, {})[item] = value
    return given


def current_step(participant: Participant) -> Step | None:
    """Return the first page that the participant has not sent, or None when all are sent."""
    return first_unsent(participant, sent(participant))


def progress(participant: Participant, step: Step) -> tuple[int, int]:
    """Return the page's number, from 1, and the number of pages.

    Pages that an answer has excluded do not count. Pages that a later answer can exclude count
    until then, so that the share of pages never falls.
    """
    declared, given = stored.definition(participant.study), {}
    if declared.branches:
        given = dict(given_answers(participant, sent(participant)))
    sequence = [
        one
        for one in steps_in(participant, step.session)
        if one == step or is_shown(declared, one, given)
    ]
    return sequence.index(step) + 1, len(sequence)
