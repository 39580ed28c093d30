"""People's submissions at the recruitment service: decisions to carry out, and the comparison."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.translation import gettext

from studyplatform.audit.writing import record
from studyplatform.models import SubmissionDecision
from surveys.models import Identity, Participant, Study
from surveys.recruitment import prolific, reconciliation
from surveys.recruitment.exits import outcome_of
from surveys.recruitment.prolific import Submission
from surveys.recruitment.prolific_studies import study_ids
from surveys.recruitment.reconciliation import Difference
from surveys.services import record_service_statuses
from surveys.study_file.recruitment import Outcome

SETTLED = frozenset(("APPROVED", "PARTIALLY APPROVED", "SCREENED OUT", "REJECTED", "PROCESSING"))
"""Statuses of the service after which nothing is left to carry out. PROCESSING is what a submission
has for a short time after a decision."""
SENT = frozenset(("AWAITING REVIEW", "APPROVED"))
"""Statuses of a submission with which the person says to have finished."""
GIVEN_BACK = frozenset(("RETURNED", "TIMED-OUT"))
MOST_LISTED = 200


@dataclass(frozen=True)
class ToCarryOut:
    """The submissions to approve and to reject at the service, and how many are not decided.

    The ids are sorted, so that their order does not lead from an id to a participant.
    """

    approve: tuple[str, ...]
    reject: tuple[str, ...]
    undecided: int
    without_id: int


@dataclass(frozen=True)
class Statuses:
    """The service's statuses as they were told last: the time of the latest, the numbers by status,
    and the first submissions, ordered by their ids."""

    at: datetime | None
    numbers: Sequence[tuple[str, int]]
    submissions: Sequence[tuple[str, str, datetime | None]]


@dataclass(frozen=True)
class Comparison:
    """What differs between the service's list and the participations here."""

    listed: int
    here: int
    differences: Sequence[Difference]


@dataclass(frozen=True)
class AtTheService:
    """How many submissions have each status that the service told last, and what disagrees.

    ``not_here`` were sent there while the person is still under way here. ``not_there`` completed
    here and gave the submission back there.
    """

    statuses: Sequence[tuple[str, int]]
    not_here: int
    not_there: int


def at_the_service(study: Study) -> AtTheService:
    """Count the submissions by the service's status and by the state here, in one query."""
    told = study.identities.exclude(service_status="").order_by("service_status")
    rows = told.values_list("service_status", "participant__state").annotate(Count("pk"))
    statuses: Counter[str] = Counter()
    not_here = not_there = 0
    for status, state, count in rows:
        statuses[status] += count
        if status in SENT and state == Participant.State.STARTED:
            not_here += count
        if status in GIVEN_BACK and state == Participant.State.COMPLETED:
            not_there += count
    return AtTheService(list(statuses.items()), not_here, not_there)


def to_carry_out(study: Study) -> ToCarryOut:
    """Return the decisions that the service has not told to be carried out yet."""
    identities = study.identities.exclude(service_status__in=SETTLED).select_related(
        "participant__decision"
    )
    ids: dict[str, list[str]] = {"approve": [], "reject": [], "": []}
    without_id = 0
    for identity in identities:
        decision = getattr(identity.participant, "decision", None)
        submission = identity.session_id or identity.external_id
        if decision is not None and not submission:
            without_id += 1  # the ids were forgotten after the payment
        else:
            ids[decision.decision if decision else ""].append(submission)
    return ToCarryOut(
        tuple(sorted(ids["approve"])), tuple(sorted(ids["reject"])), len(ids[""]), without_id
    )


def approve_the_complete(study: Study, by: User) -> int:
    """Decide to approve everybody who completed, passed the checks and is not decided yet.

    Return how many they are.
    """
    open_ones = (
        study.identities.filter(participant__decision=None)
        .exclude(service_status__in=SETTLED)
        .select_related("participant__study")
        .prefetch_related("participant__submissions__answers")
    )
    complete = [one for one in open_ones if outcome_of(one.participant) is Outcome.COMPLETE]
    with transaction.atomic():
        SubmissionDecision.objects.bulk_create(
            SubmissionDecision(
                participant=identity.participant, decision="approve", by=by.get_username()
            )
            for identity in complete
        )
        if complete:
            record(study, "submissions approved", {}, {"people": len(complete)})
    return len(complete)


def compare(study: Study, listed: Sequence[Submission]) -> Comparison:
    """Compare the service's list with the participations here, which changes nothing."""
    people = reconciliation.participations(study)
    differences = reconciliation.compare(listed, people, reconciliation.codes_of(study))
    record(study, "list compared", {}, {"listed": len(listed), "differences": len(differences)})
    return Comparison(len(listed), len(people), differences)


def listed_at_prolific(study: Study) -> list[Submission]:
    """Ask Prolific for the study's submissions, and store their statuses. Raises ProlificError."""
    at = timezone.now()
    listed = [
        submission
        for service_study in study_ids(study)
        for submission in prolific.submissions(service_study)
    ]
    statuses = {submission.id: submission.status for submission in listed}
    record_service_statuses(study=study, statuses=statuses, at=at)
    record(study, "statuses fetched", {}, {"listed": len(listed)})
    return listed


def last_statuses(study: Study) -> Statuses:
    """Return the statuses that the service told last, without asking it."""
    told = study.identities.exclude(service_status="")
    numbers = told.order_by("service_status").values_list("service_status").annotate(Count("pk"))
    # By the id, whose order does not lead to a participant.
    shown = sorted(
        (one.session_id or gettext("forgotten"), one.service_status, one.service_status_at)
        for one in told.order_by("session_hash")[:MOST_LISTED]
    )
    return Statuses(told.aggregate(at=Max("service_status_at"))["at"], list(numbers), shown)


def has_identities(study: Study) -> bool:
    """Return whether somebody has come from a recruitment service."""
    return Identity.objects.filter(study=study).exists()
