"""Notes on participants, and decisions on their submissions at the recruitment service."""

from django.contrib.auth.models import User
from django.db import transaction

from studyplatform.audit.writing import record
from studyplatform.models import ParticipantNote, SubmissionDecision
from surveys.models import Participant


def add_note(participant: Participant, text: str, by: User) -> None:
    """Add a note. No audit entry: it would remain after the participant is erased."""
    ParticipantNote.objects.create(participant=participant, text=text, by=by.get_username())


def decide(participant: Participant, decision: str, by: User) -> None:
    """Decide to approve or reject the participant's submission. An empty text takes it back."""
    with transaction.atomic():
        decisions = SubmissionDecision.objects.filter(participant=participant)
        before = decisions.values_list("decision", flat=True).first() or ""
        if decision:
            SubmissionDecision.objects.update_or_create(
                participant=participant,
                defaults={"decision": decision, "by": by.get_username()},
            )
        else:
            decisions.delete()
        record(
            participant.study,
            "submission decided",
            {"decision": before},
            {"decision": decision},
        )
