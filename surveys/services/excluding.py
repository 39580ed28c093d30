"""Exclusion of participants from the analysis, one by one and with a reason."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from surveys.models import HandExclusion, Participant, Study
from surveys.services.acts import announce
from surveys.services.errors import StudyError


@transaction.atomic
def exclude(*, participant: Participant, reason: str, by: str, scope: str) -> None:
    """Exclude the participant, whose answers stay, for the reason that the report will print.

    ``scope`` is a value of HandExclusion.Scope. Raises StudyError without a reason, and for
    somebody who is excluded already. Raises Participant.DoesNotExist for an erased participant.
    """
    locked = _locked(participant)
    reason = " ".join(reason.split())
    if not reason:
        raise StudyError(
            gettext("State the reason for the exclusion. It is printed in the report.")
        )
    if HandExclusion.objects.filter(participant=locked).exists():
        raise StudyError(gettext("%(person)s is excluded already.") % {"person": locked.pseudonym})
    HandExclusion.objects.create(
        participant=locked,
        reason=reason,
        scope=HandExclusion.Scope(scope),
        at=timezone.now(),
        by=by,
        after_unblinding=locked.study.unblinded_at is not None,
    )
    # The audit keeps no pseudonym and no free text, so that the person can be erased.
    _announce(locked.study, "participant excluded")


@transaction.atomic
def include_again(*, participant: Participant) -> None:
    """Take an exclusion by hand back.

    Raises StudyError for somebody who is not excluded, and once the study is unblinded: a decision
    that was made blindly must not be changed with knowledge of the arm.
    """
    locked = _locked(participant)
    if locked.study.unblinded_at is not None:
        raise StudyError(
            gettext(
                "The study is unblinded, so an exclusion can no longer be taken back. The report "
                "tests every outcome with the excluded participants as well."
            )
        )
    deleted, _ = HandExclusion.objects.filter(participant=locked).delete()
    if not deleted:
        raise StudyError(gettext("%(person)s is not excluded.") % {"person": locked.pseudonym})
    _announce(locked.study, "exclusion taken back")


def _locked(participant: Participant) -> Participant:
    people = Participant.objects.select_related("study").select_for_update(of=("self",))
    return people.get(pk=participant.pk)


def _announce(study: Study, act: str) -> None:
    excluded = HandExclusion.objects.filter(participant__study=study).count()
    announce(study, act, {}, {"excluded": excluded, "unblinded": study.unblinded_at is not None})
