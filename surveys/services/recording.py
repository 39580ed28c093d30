"""Pages that participants send, which are stored once, never changed, and confirmed after the
commit.
"""

import enum
from collections.abc import Mapping, Set
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from surveys.models import (
    Answer,
    Event,
    PageView,
    Participant,
    Submission,
    Trial,
    Uncovering,
    completion_code,
)
from surveys.models.prepared_query import PreparedQuery
from surveys.pages import sequence, uncovering
from surveys.pages.endings import reached_ending
from surveys.pages.lapse import has_lapsed
from surveys.pages.sent_page import SentPage
from surveys.pages.time_limit import extensions_left, limit_of
from surveys.services import places
from surveys.services.allocating import allocate
from surveys.services.bonus import bonus_of
from surveys.services.durability import atomic_without_waiting
from surveys.services.locking import lock
from surveys.services.sessions import complete_session, plan_sessions
from surveys.study_file import page_kinds
from surveys.study_file.endings import Ending

CHANGING = ("state", "arm_id", "rotation", "finished_at", "completion_code", "bonus", "ending")
ENDED_WORDS = "ended by the study"
"""The ledger's reason, which tells neither answers nor checks."""
MOST_EVENTS = 1000  # per participant, so that a script that repeats a request cannot fill the disk


class Recorded(enum.Enum):
    """Outcome of a page that was sent. All outcomes except RECORDED leave the stored data
    unchanged.
    """

    RECORDED = "recorded"
    REPLAYED = "replayed"
    """The page was sent again with the same answers, by a double click or after a lost
    confirmation.
    """
    CONFLICT = "conflict"
    """The page was sent again with other answers. The first answers are kept."""
    OUT_OF_ORDER = "out of order"
    """The page is not the participant's current page."""
    LAPSED = "lapsed"
    """The participant was away for longer than the study allows."""
    REFUSED = "refused"
    """The participant has stopped."""
    ENDED = "ended"
    """The study has ended the participation early."""


class InvalidAnswersError(ValueError):
    """Answers that do not fit the page. The message names items, never answers."""


_VIEW = PreparedQuery(
    lambda person, step: PageView.objects.filter(participant=person, step=step), int, str
)


def record_view(*, participant: Participant, step: str) -> int:
    """Record that the page with this step's key is sent to the participant.

    Returns how often that has happened, including this time. The first page that differs between
    arms triggers the allocation, unless ``come_to_arm`` did. Raises Participant.DoesNotExist if the
    participant was erased in the meantime, and StudyFullError if their place was given away in the
    meantime.
    """
    shown = sequence.step_of(participant.study, step)
    # Whoever has seen an arm's page has the arm for good. A view may be lost by a power cut: the
    # page is then displayed again, and the answer that follows is durable with all before it.
    allocates = shown is not None and _is_unseen(participant, shown)
    with transaction.atomic() if allocates else atomic_without_waiting():
        _lock(participant)
        if shown is not None and _is_unseen(participant, shown):
            allocate(participant)
        return _count_view(participant, step)


def _count_view(participant: Participant, step: str) -> int:
    now = timezone.now()
    for view in _VIEW(participant.pk, step):
        view.last_shown_at = now
        view.times += 1
        view.save(update_fields=["last_shown_at", "times"])
        return view.times
    # No other request can create a view in the meantime, because the participant is locked.
    PageView.objects.create(
        participant=participant, step=step, first_shown_at=now, last_shown_at=now
    )
    return 1


def record_words(*, participant: Participant, step: str, words: int) -> None:
    """Record how many words the page with this step's key had when it was first shown."""
    participant.views.filter(step=step, words__isnull=True).update(words=words)


def record_picture(*, trial: Trial) -> None:
    """Record that a picture of the trial is sent to the participant."""
    Trial.objects.filter(pk=trial.pk).update(pictures_sent=F("pictures_sent") + 1)


@transaction.atomic
def come_to_arm(*, participant: Participant) -> None:
    """Allocate the participant if the current page is the first that needs an arm.

    The arm may turn out not to show this page. Raises the errors of ``record_view``.
    """
    _lock(participant)
    step = sequence.current_step(participant)
    if step is not None and _is_unseen(participant, step):
        allocate(participant)


@transaction.atomic
def record_page(*, participant: Participant, page: SentPage) -> Recorded:
    """Store a page's answers under the key of its step, in one transaction.

    The last page completes the participation and draws its completion code. A page with which the
    reason of a declared ending holds ends it early. ``participant`` is
    updated in place. Fields that the page does not have are noted. The first page takes a place and
    raises StudyFullError if none is left. Raises InvalidAnswersError if a
    required item is not answered, an item is not on the page, or a value is not an option, and
    Participant.DoesNotExist for an erased participant.
    """
    _lock(participant)  # before any read, so that two tabs cannot both find the page unsent
    sent = sequence.sent(participant)
    outcome = _outcome(participant, page, sent)
    key = page.step.key
    if outcome is Recorded.RECORDED:
        _store(participant, page)
        ending = None if page.step.session else reached_ending(participant, page.step)
        if ending is not None:
            _end(participant, ending)
        else:
            # Behind the check of endings: nobody who is screened out may take a place.
            places.hold(participant)
            session = page.step.session
            if sequence.first_unsent(participant, sent | {key}, session) is None:
                if session:
                    complete_session(participant, session)
                else:
                    _complete(participant)
    else:
        differing = _differing(participant, page) if outcome is Recorded.CONFLICT else []
        note(participant, outcome.value, key, differing)
    if page.extra_fields:
        note(participant, "extra fields", key)
    return outcome


@transaction.atomic
def extend_time(*, participant: Participant, step: str) -> bool:
    """Give the participant more time on the page with this step's key, and return whether it was
    given.

    Only the current page can be extended, and only as often as the study allows. Raises
    Participant.DoesNotExist for an erased participant.
    """
    _lock(participant)
    current = sequence.current_step(participant)
    view = next(iter(_VIEW(participant.pk, step)), None)
    is_under_way = participant.state == Participant.State.STARTED
    if current is None or view is None or current.key != step or not is_under_way:
        return False
    if limit_of(participant, current) is None or not extensions_left(participant, current, view):
        return False
    view.extensions += 1
    view.save(update_fields=["extensions"])
    note(participant, "more time", step)
    return True


@transaction.atomic
def uncover_cell(*, participant: Participant, step: str, cell: str) -> bool:
    """Record that the participant clears a cell of the current page's blurred picture, without a
    script. Return whether the page has such a cell.

    Raises Participant.DoesNotExist for an erased participant.
    """
    _lock(participant)
    current = sequence.current_step(participant)
    view = next(iter(_VIEW(participant.pk, step)), None)
    is_under_way = participant.state == Participant.State.STARTED and not has_lapsed(participant)
    if current is None or view is None or current.key != step or not is_under_way:
        return False
    part, trial = uncovering.uncovers(participant, current), _trial(participant, current)
    centre = uncovering.centre_of(part, cell) if part else None
    if centre is None or trial is None:
        return False
    path, _ = Uncovering.objects.get_or_create(trial_id=trial)
    if len(path.points) < uncovering.MOST_POINTS:
        path.points.append([_milliseconds(view), *centre, "c"])
        path.save(update_fields=["points"])
    return True


def _milliseconds(view: PageView) -> int:
    """Return the time since the page was first shown, by the server's clock."""
    return max(0, round(1000 * (timezone.now() - view.first_shown_at).total_seconds()))


@transaction.atomic
def refuse_page(*, participant: Participant, step: str) -> Recorded:
    """Note a request that cannot be stored as a page, and return the reason.

    Raises Participant.DoesNotExist for an erased participant.
    """
    _lock(participant)
    if participant.state == Participant.State.STOPPED:
        outcome = Recorded.REFUSED
    elif step in sequence.sent(participant):
        outcome = Recorded.CONFLICT
    elif participant.state == Participant.State.ENDED:
        outcome = Recorded.ENDED
    else:
        outcome = Recorded.LAPSED if has_lapsed(participant) else Recorded.OUT_OF_ORDER
    note(participant, outcome.value, step)
    return outcome


def note(
    participant: Participant, kind: str, step: str = "", items: list[str] | None = None
) -> None:
    """Record an event that is not an answer. It names items, never answers."""
    if participant.events.count() < MOST_EVENTS:
        Event.objects.create(
            participant=participant,
            kind=kind,
            step=step[:80],
            items=" ".join(items or [])[:200],
        )


_LOCKED = PreparedQuery(
    lambda pk: Participant.objects.select_for_update().filter(pk=pk).values_list(*CHANGING), int
)


def _lock(participant: Participant) -> None:
    """Lock the participant and update it in place. A second tab and a withdrawal have to wait.

    On SQLite they wait for the IMMEDIATE transaction. Only fields that can have changed are read.
    """
    for values in _LOCKED(participant.pk):
        for name, value in zip(CHANGING, values, strict=True):
            setattr(participant, name, value)
        return
    raise Participant.DoesNotExist("The participant was deleted in the meantime.")


def _outcome(participant: Participant, page: SentPage, sent: Set[str]) -> Recorded:
    if participant.state == Participant.State.STOPPED:
        return Recorded.REFUSED
    if page.step.key in sent:
        same = not _differing(participant, page)
        return Recorded.REPLAYED if same else Recorded.CONFLICT
    if participant.state == Participant.State.ENDED:
        return Recorded.ENDED
    # After the replay: a lost confirmation may be repeated however late.
    if has_lapsed(participant):
        return Recorded.LAPSED
    current = sequence.first_unsent(participant, sent)
    if current != page.step or _is_unseen(participant, page.step):
        return Recorded.OUT_OF_ORDER
    _check(page)
    return Recorded.RECORDED


def _is_unseen(participant: Participant, step: sequence.Step) -> bool:
    """Return whether the page differs between arms and the participant has no arm yet."""
    return participant.arm_id is None and page_kinds.needs_arm(step)


def _differing(participant: Participant, page: SentPage) -> list[str]:
    """Return the items whose answers differ from those stored for the page."""
    earlier = participant.submissions.get(step=page.step.key)
    stored = dict(earlier.answers.values_list("item", "value"))
    items = stored.keys() | page.answers.keys()
    return sorted(item for item in items if stored.get(item) != page.answers.get(item))


def _check(page: SentPage) -> None:
    items = {item.id: item for item in page.items}
    may_lack = page.timed_out or page.is_skipped
    required = {key for key, item in items.items() if item.required and not may_lack}
    missing = sorted(required - page.answers.keys())
    unknown = sorted(page.answers.keys() - items.keys())
    if missing or unknown:
        raise InvalidAnswersError(
            f"The page {page.step.key!r} must answer its required items, and no items of other "
            f"pages. Missing: {', '.join(missing) or 'none'}. Unknown: "
            f"{', '.join(unknown) or 'none'}."
        )
    # The form has checked this, but a service must not depend on its caller.
    refused = sorted(key for key, value in page.answers.items() if not items[key].accepts(value))
    if refused:
        raise InvalidAnswersError(
            f"The page {page.step.key!r} has an answer that its item does not accept, for "
            f"{', '.join(refused)}."
        )


def _store(participant: Participant, page: SentPage) -> None:
    step, now = page.step, timezone.now()
    view = next(iter(_VIEW(participant.pk, step.key)), None)
    submission = Submission.objects.create(
        participant=participant,
        step=step.key,
        trial_id=_trial(participant, step),
        block=step.block,
        timed_out=page.timed_out,
        extensions=view.extensions if view else 0,
        option_order=_option_order(page),
        submitted_at=now,
        # The server's clock may have been set back; an unknown time stays empty.
        server_seconds=max(0.0, (now - view.first_shown_at).total_seconds()) if view else None,
        response_time_ms=page.response_time_ms,
        item_order=[item.id for item in page.items],
        times_shown=view.times if view else 0,
        timings=page.timings.stored() if page.timings else None,
        signals=_with_words(page.signals, view),
    )
    _store_path(submission, page, view)
    Answer.objects.bulk_create(
        Answer(
            submission=submission,
            questionnaire=step.questionnaire,
            item=item.id,
            value=page.answers[item.id],
        )
        for item in page.items
        if item.id in page.answers
    )


def _store_path(submission: Submission, page: SentPage, view: PageView | None) -> None:
    """Store the path by the page's script behind the cells that were cleared without it."""
    if submission.trial_id is None or not uncovering.uncovers(submission.participant, page.step):
        return
    path, _ = Uncovering.objects.get_or_create(trial_id=submission.trial_id)
    if path.points and not page.path and view is not None:
        # The last cell stayed clear until the page was sent.
        path.points.append([max(path.points[-1][0], _milliseconds(view))])
    path.points = uncovering.joined(path.points, page.path)
    path.save(update_fields=["points"])


def _with_words(signals: Mapping[str, Any] | None, view: PageView | None) -> dict[str, Any] | None:
    """Return the page's counts with the number of its words, or None if nothing is counted."""
    if signals is None:
        return None
    words = view.words if view else None
    return {**signals, **({} if words is None else {"words": words})}


def _option_order(page: SentPage) -> dict[str, list[str]]:
    """Return the options of each item of a comprehension check, which shuffles them."""
    if page.step.kind != "quiz":
        return {}
    return {item.id: list(item.options) for item in page.items}


_TRIAL = PreparedQuery(
    lambda person, position: (
        Trial.objects.order_by().filter(participant=person, position=position).values_list("pk")
    ),
    int,
    int,
)


def _trial(participant: Participant, step: sequence.Step) -> int | None:
    """Return the primary key of the step's trial."""
    if step.trial_position is None:
        return None
    ((key,),) = _TRIAL(participant.pk, step.trial_position)
    return key


def _complete(participant: Participant) -> None:
    participant.state = Participant.State.COMPLETED
    participant.finished_at = timezone.now()
    participant.completion_code = completion_code()
    # Stored, so that what is paid is what the person was told.
    participant.bonus = bonus_of(participant)
    participant.save(update_fields=["state", "finished_at", "completion_code", "bonus"])
    plan_sessions(participant)


def _end(participant: Participant, ending: Ending) -> None:
    """End the participation early. Without an arm the person takes no place.

    With an arm the place stays taken, unless the ending lets somebody else have it.
    """
    participant.state = Participant.State.ENDED
    participant.finished_at = timezone.now()
    participant.ending = ending.key
    participant.save(update_fields=["state", "finished_at", "ending"])
    note(participant, "ended", items=[ending.key])
    lock(participant.study)
    places.give_back(participant, ENDED_WORDS)
    if ending.replace:
        places.let_replace(participant, ENDED_WORDS)
