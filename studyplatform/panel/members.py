"""Writes to a study's members, each in one transaction. The last owner stays."""

from django.contrib.auth.models import User
from django.db import transaction

from studyplatform.accounts.links import Switches
from studyplatform.audit.writing import record
from studyplatform.models import StudyMember
from surveys.models import Study


class LastOwnerError(Exception):
    """A change that would leave the study without an owner."""


def begin(study: Study, user: User) -> None:
    """Make the user the owner of a study that was just created."""
    switches = Switches(owner=True)
    StudyMember.objects.create(study=study, user=user, **switches.columns())


def change(member: StudyMember, switches: Switches) -> None:
    """Set the member's switches. Raises LastOwnerError."""
    with transaction.atomic():
        _keep_an_owner(member, stays=switches.owner)
        before = {column: getattr(member, column) for column in switches.columns()}
        for column, value in switches.columns().items():
            setattr(member, column, value)
        member.save(update_fields=list(switches.columns()))
        who = {"member": member.user.get_username()}
        record(member.study, "member changed", who | before, who | switches.columns())


def remove(member: StudyMember) -> None:
    """Remove the member from the study. Raises LastOwnerError."""
    with transaction.atomic():
        _keep_an_owner(member, stays=False)
        record(member.study, "member removed", {"member": member.user.get_username()})
        member.delete()


def _keep_an_owner(member: StudyMember, *, stays: bool) -> None:
    # Locked, so that two owners cannot remove each other at the same moment.
    study = Study.objects.select_for_update().get(pk=member.study_id)
    owners = study.members.filter(owner=True)
    if not stays and not owners.exclude(pk=member.pk).exists() and owners.exists():
        raise LastOwnerError
