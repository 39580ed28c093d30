"""What participants send, page by page: stored once, never changed, confirmed after commit."""

import enum
from collections.abc import Mapping, Set

from django.db import transaction
from django.utils import timezone

from surveys import asking, flow
from surveys.models import Answer, Event, PageView, Participant, Submission, Trial, completion_code


class Recorded(enum.Enum):
    """What became of a page that was sent. All but RECORDED leave what is stored unchanged."""

    RECORDED = "recorded"
    REPLAYED = "replayed"
    """The same page with the same answers again: a double click, or a lost confirmation."""
    CONFLICT = "conflict"
    """The page again with other answers: the first ones stay."""
    OUT_OF_ORDER = "out of order"
    """Not the participant's current page."""
    REFUSED = "refused"
    """The participant has withdrawn."""


class InvalidAnswersError(ValueError):
    """The answers do not fit the page; the message names items, never what was answered."""


def record_view(*, participant: Participant, step: str) -> None:
    """Remember when the page (the key of its step) was first sent to the participant."""
    if PageView.objects.filter(participant=participant, step=step).exists():
        return
    # Two tabs may come here at once; the constraint lets the first of them win.
    PageView.objects.bulk_create(
        [PageView(participant=participant, step=step)], ignore_conflicts=True
    )


@transaction.atomic
def record_page(
    *,
    participant: Participant,
    step: str,
    answers: Mapping[str, str],
    response_time_ms: float | None,
) -> Recorded:
    """Store a page's answers (item → value) under the key of its step, in one transaction.

    With the last page the participant is complete and gets a code. ``participant`` is brought up
    to date in place. An empty value means not answered, like an item left out. Raises
    InvalidAnswersError when a required item is not answered, an item is not on the page, or a
    value is none of those offered.
    """
    answers = {item: value for item, value in answers.items() if value}
    # Waits for a second tab that sends the same page; on SQLite the IMMEDIATE transaction waits.
    participant.refresh_from_db(
        from_queryset=Participant.objects.select_for_update(of=("self",)).select_related("study")
    )
    sent = flow.sent(participant)
    outcome = _outcome(participant, step, answers, sent)
    if outcome is Recorded.RECORDED:
        _store(participant, step, answers, response_time_ms)
        if flow.first_unsent(participant.study, sent | {step}) is None:
            _complete(participant)
    else:
        Event.objects.create(participant=participant, kind=outcome.value, step=step[:80])
    return outcome


@transaction.atomic
def withdraw(*, participant: Participant) -> None:
    """End the participation at the person's wish; what was answered stays. Twice does nothing."""
    locked = Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    if locked.state == Participant.State.STARTED:
        locked.state = Participant.State.WITHDRAWN
        locked.finished_at = timezone.now()
        locked.save(update_fields=["state", "finished_at"])
        Event.objects.create(participant=locked, kind="withdrawn")
    participant.refresh_from_db()


def _outcome(
    participant: Participant, step: str, answers: Mapping[str, str], sent: Set[str]
) -> Recorded:
    if participant.state == Participant.State.WITHDRAWN:
        return Recorded.REFUSED
    if step in sent:
        earlier = participant.submissions.get(step=step)
        stored = dict(earlier.answers.values_list("item", "value"))
        return Recorded.REPLAYED if stored == dict(answers) else Recorded.CONFLICT
    current = flow.first_unsent(participant.study, sent)
    if current is None or current.key != step:
        return Recorded.OUT_OF_ORDER
    _check(current, answers)
    return Recorded.RECORDED


def _check(step: flow.Step, answers: Mapping[str, str]) -> None:
    items = {item.id: item for item in flow.items(step)}
    required = {key for key, item in items.items() if item.required}
    missing, unknown = sorted(required - answers.keys()), sorted(answers.keys() - items.keys())
    if missing or unknown:
        raise InvalidAnswersError(
            f"The page {step.key!r} must answer its own items: missing {missing}, "
            f"unknown {unknown}."
        )
    refused = sorted(key for key, value in answers.items() if not items[key].accepts(value))
    if refused:
        raise InvalidAnswersError(
            f"The page {step.key!r}: the answers to {refused} are none of those offered."
        )


def _store(
    participant: Participant, key: str, answers: Mapping[str, str], response_time_ms: float | None
) -> None:
    step = next(step for step in flow.steps(participant.study) if step.key == key)
    now = timezone.now()
    view = PageView.objects.filter(participant=participant, step=key).first()
    shown = asking.items(participant, step)
    submission = Submission.objects.create(
        participant=participant,
        step=key,
        trial=_trial(participant, step),
        submitted_at=now,
        # The server's clock may be set back; a time that is not known stays empty.
        server_seconds=max(0.0, (now - view.first_shown_at).total_seconds()) if view else None,
        response_time_ms=response_time_ms,
        item_order=[item.id for item in shown],
    )
    Answer.objects.bulk_create(
        Answer(
            submission=submission,
            questionnaire=step.questionnaire,
            item=item.id,
            value=answers[item.id],
        )
        for item in shown
        if item.id in answers
    )


def _trial(participant: Participant, step: flow.Step) -> Trial | None:
    if step.trial_position is None:
        return None
    return participant.trials.get(position=step.trial_position)


def _complete(participant: Participant) -> None:
    participant.state = Participant.State.COMPLETED
    participant.finished_at = timezone.now()
    participant.completion_code = completion_code()
    participant.save(update_fields=["state", "finished_at", "completion_code"])
