"""Notes on participants, and decisions on their submissions at the recruitment service."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from studyplatform.audit.writing import record
from studyplatform.models import ParticipantNote, SubmissionDecision
from surveys.models import Participant

ERASED: Mapping[str, Promise] = {
    "answers": _("answers to questions"),
    "bonus payments": _("the record of the bonus"),
    "decisions on the submission": _("the decision on the submission at the recruitment service"),
    "events": _("events on pages, such as showing a map"),
    "exclusions by hand": _("the record of an exclusion by hand"),
    "identities": _("the ID at the recruitment service"),
    "later sessions": _("later sessions"),
    "notes": _("notes of the researchers"),
    "page views": _("pages that were seen, with their times"),
    "participants": _("the participation itself, with code and consent"),
    "submissions": _("pages that were sent"),
    "trial maps": _("maps that were shown"),
    "trials": _("images that were shown"),
    "uncoverings": _("places of images that were uncovered"),
}
"""What an erasure deletes, in the words of the receipt, by the tables' names."""


def erased_in_words(rows: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return what was deleted in the words of the receipt, each with its number."""
    return sorted((str(ERASED.get(name, name)), number) for name, number in rows.items())


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
