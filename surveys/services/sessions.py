"""Later sessions of participants: when each opens, who comes to it, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from surveys.models import FollowUp, Identity, Participant, Study, completion_code
from surveys.models.sealed import keyed_hash
from surveys.recruitment.visitor import Visitor
from surveys.study_file.stored import definition


def plan_sessions(participant: Participant) -> None:
    """Create the later sessions of a participant who has just completed the study.

    A simulated participant's sessions are open at once, as no rehearsal waits for days.
    """
    completed_at = participant.finished_at or timezone.now()
    for session in definition(participant.study).sessions:
        days = timedelta(days=0 if participant.simulated else session.after_days)
        opens_at = completed_at + days
        FollowUp.objects.create(
            participant=participant,
            session=session.key,
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=session.window_days),
        )


def current(participant: Participant, now: datetime | None = None) -> FollowUp | None:
    """Return the session that the participant is to see next: the one under way or open, else the
    next one that will open, else the last one, or None in a study without sessions.
    """
    moment = now or timezone.now()
    rows = list(participant.follow_ups.order_by("opens_at"))
    open_ones = [
        one for one in rows
        if one.completed_at is None and not one.stopped and moment < one.closes_at
    ]  # fmt: skip
    if open_ones and (open_ones[0].opens_at <= moment or open_ones[0] is rows[0]):
        return open_ones[0]
    begun = [one for one in rows if one.opens_at <= moment]
    return begun[-1] if begun else None


def is_open(follow_up: FollowUp, now: datetime | None = None) -> bool:
    """Return whether the participant can begin the session or go on with it."""
    moment = now or timezone.now()
    is_over = follow_up.completed_at is not None or follow_up.stopped
    return not is_over and follow_up.opens_at <= moment < follow_up.closes_at


def is_ahead(follow_up: FollowUp) -> bool:
    """Return whether the participant can still come to the session, now or later."""
    return state_of(follow_up, timezone.now()) in ("waiting", "open", "begun")


@transaction.atomic
def begin_session(*, participant: Participant) -> bool:
    """Begin the session that is open for the participant, and return whether there is one.

    A second call does nothing. Raises Participant.DoesNotExist for an erased participant.
    """
    Participant.objects.select_for_update(of=("self",)).get(pk=participant.pk)
    follow_up = current(participant)
    if follow_up is None or not is_open(follow_up):
        return False
    if follow_up.begun_at is None:
        follow_up.begun_at = timezone.now()
        follow_up.save(update_fields=["begun_at"])
    return True


def complete_session(participant: Participant, session: str) -> None:
    """Complete the session and draw its completion code. Call it in the transaction of its last
    page, which has locked the participant.
    """
    participant.follow_ups.filter(session=session).update(
        completed_at=timezone.now(), completion_code=completion_code()
    )


def stop_session(participant: Participant) -> bool:
    """Stop the session that is under way, and return whether there was one. Answers are kept."""
    return bool(
        participant.follow_ups.filter(
            begun_at__isnull=False, completed_at__isnull=True, stopped=False
        ).update(stopped=True)
    )


@transaction.atomic
def claim_session(*, study: Study, visitor: Visitor) -> Participant | None:
    """Return the participant whose open session the visitor comes to from the recruitment service.

    The service's study must be the one that the session declares. The first submission that comes
    claims the session: a person's id alone could be known to somebody else.
    """
    keys = [
        session.key
        for session in definition(study).sessions
        if session.study_id and session.study_id == visitor.service_study
    ]
    identity = Identity.objects.filter(study=study, external_hash=visitor.external_hash).first()
    if not keys or identity is None or not visitor.session_id:
        return None
    people = Participant.objects.select_for_update(of=("self",)).select_related("study", "arm")
    participant = people.filter(pk=identity.participant_id).first()
    if participant is None:
        return None
    follow_up = participant.follow_ups.filter(session__in=keys).first()
    if follow_up is None or timezone.now() < follow_up.opens_at:
        return None
    claim = keyed_hash("submission", visitor.session_id)
    if follow_up.submission_hash not in ("", claim):
        return None
    if not follow_up.submission_hash:
        if not is_open(follow_up):
            return None
        follow_up.submission_hash = claim
        follow_up.save(update_fields=["submission_hash"])
    return participant


@dataclass(frozen=True)
class Invitation:
    """A participant's later session, with what a recruiter needs to invite or remind the person."""

    participant: str
    external_id: str
    session: str
    state: str
    opens_at: datetime
    closes_at: datetime
    code: str


def state_of(follow_up: FollowUp, now: datetime) -> str:
    """Return how far the session is: waiting, open, begun, completed, stopped or missed."""
    if follow_up.completed_at is not None:
        return "completed"
    if follow_up.stopped:
        return "stopped"
    if now < follow_up.opens_at:
        return "waiting"
    if now >= follow_up.closes_at:
        return "missed"
    return "begun" if follow_up.begun_at is not None else "open"


def invitations(study: Study, session: str, *, simulated: bool = False) -> Iterator[Invitation]:
    """Yield the invitations to the session, in the order in which it opens for people."""
    now = timezone.now()
    rows = FollowUp.objects.filter(
        participant__study=study, participant__simulated=simulated, session=session
    )
    for one in rows.select_related("participant__identity").order_by("opens_at", "pk"):
        identity = getattr(one.participant, "identity", None)
        yield Invitation(
            one.participant.pseudonym,
            identity.external_id if identity else "",
            session,
            state_of(one, now),
            one.opens_at,
            one.closes_at,
            one.participant.code,
        )
