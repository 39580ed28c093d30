"""Sending decisions on submissions to Prolific: what would be sent, and the sending itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext

from studyplatform.audit.writing import record
from studyplatform.panel.submissions import listed_at_prolific, to_carry_out
from surveys.models import Study
from surveys.recruitment import prolific_decisions
from surveys.recruitment.prolific import ProlificError
from surveys.recruitment.prolific_decisions import AWAITING
from surveys.services import record_service_status

MOST_AT_ONCE = 50
"""Submissions of one act. Each is a request of its own, and somebody waits for the page."""


@dataclass(frozen=True)
class Left:
    """A decided submission that cannot be sent, with its status at Prolific."""

    submission: str
    status: str


@dataclass(frozen=True)
class Prepared:
    """What would be sent: the submissions that await a review at Prolific, and those left out."""

    approve: tuple[str, ...]
    reject: tuple[str, ...]
    left: tuple[Left, ...]
    more: int
    """Decided submissions beyond MOST_AT_ONCE, for another act."""


@dataclass(frozen=True)
class Sent:
    """What was sent, and why the sending stopped early, if it did."""

    approved: int
    rejected: int
    problem: str = ""


def prepare(study: Study) -> Prepared:
    """Ask Prolific for the states of the submissions, and send nothing. Raises ProlificError."""
    # Before the statuses are stored, which take what is settled off the list.
    decided = to_carry_out(study)
    states = {submission.id: submission.status for submission in listed_at_prolific(study)}
    every = [*decided.approve, *decided.reject]
    ready = [submission for submission in every if states.get(submission) == AWAITING]
    now = set(ready[:MOST_AT_ONCE])
    return Prepared(
        approve=tuple(one for one in decided.approve if one in now),
        reject=tuple(one for one in decided.reject if one in now),
        left=tuple(
            Left(one, states.get(one, gettext("unknown there")))
            for one in every
            if states.get(one) != AWAITING
        ),
        more=len(ready) - len(now),
    )


def send(
    study: Study, approve: Sequence[str], reject: Sequence[str], *, category: str, message: str
) -> Sent:
    """Send the decisions that are still the same, and note each new status.

    The first error ends the sending: what comes after it stays to be carried out.
    """
    decided = to_carry_out(study)
    counts = {"approve": 0, "reject": 0}
    problem = ""
    acts: list[tuple[str, str, Callable[[str], str]]] = [
        *(("approve", one, prolific_decisions.approve) for one in approve
          if one in decided.approve),
        *(("reject", one, partial(prolific_decisions.reject, category=category, message=message))
          for one in reject if one in decided.reject),
    ]  # fmt: skip
    for kind, submission, act in acts:
        try:
            status = act(submission)
        except ProlificError as error:
            problem = str(error)
            break
        record_service_status(session_id=submission, status=status, at=timezone.now())
        counts[kind] += 1
    # Counts alone: an id in the audit would outlive the erasure of the person.
    told = {"approved": counts["approve"], "rejected": counts["reject"]}
    record(study, "decisions sent", {}, told | ({"stopped": "yes"} if problem else {}))
    return Sent(counts["approve"], counts["reject"], problem)
