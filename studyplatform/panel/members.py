"""Writes to a study's members, each in one transaction. The last owner stays."""

from django.contrib.auth.models import User
from django.db import transaction

from studyplatform.accounts.links import Switches
from studyplatform.audit.writing import record
from studyplatform.models import AccountLink, StudyMember
from surveys.models import Study


class LastOwnerError(Exception):
    """A change that would leave the study without an owner."""


def begin(study: Study, user: User) -> None:
    """Make the user the owner of a study that was just created."""
    switches = Switches(owner=True)
    with transaction.atomic():
        StudyMember.objects.create(study=study, user=user, **switches.columns())
        record(study, "member added", after=_said(user) | switches.columns())


def change(member: StudyMember, switches: Switches) -> None:
    """Set the member's switches. Raises LastOwnerError."""
    with transaction.atomic():
        _keep_an_owner(member, stays=switches.owner)
        before = {column: getattr(member, column) for column in switches.columns()}
        for column, value in switches.columns().items():
            setattr(member, column, value)
        member.save(update_fields=list(switches.columns()))
        who = _said(member.user)
        record(member.study, "member changed", who | before, who | switches.columns())


def remove(member: StudyMember) -> None:
    """Remove the member from the study. Raises LastOwnerError."""
    with transaction.atomic():
        _keep_an_owner(member, stays=False)
        record(member.study, "member removed", _said(member.user))
        member.delete()


def withdraw(invitation: AccountLink, study: Study) -> None:
    """Withdraw an invitation to the study, whose link no longer works."""
    with transaction.atomic():
        record(study, "invitation withdrawn", {"member": invitation.email})
        invitation.delete()


def _said(user: User) -> dict[str, str]:
    return {"member": user.get_username()}


def _keep_an_owner(member: StudyMember, *, stays: bool) -> None:
    # Locked, so that two owners cannot remove each other at the same moment.
    study = Study.objects.select_for_update().get(pk=member.study_id)
    owners = study.members.filter(owner=True)
    if not stays and not owners.exclude(pk=member.pk).exists() and owners.exists():
        raise LastOwnerError
