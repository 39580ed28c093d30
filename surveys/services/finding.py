"""The participant to whom a code belongs."""

from django.db.models import Q

from surveys.models import FollowUp, Participant, Study
from surveys.models.personal_code import read_code


def participant_with_code(study: Study, typed: str) -> Participant | None:
    """Return the study's participant with this pseudonym, personal code or completion code.

    The completion codes of later sessions count, too. Spaces, dashes and lower-case letters in a
    typed code do not matter. Codes of other studies, and codes shared by several participants, find
    nobody.
    """
    if not typed.strip():
        return None
    found = list(study.participants.filter(has_code(typed)).select_related("study", "arm")[:2])
    return found[0] if len(found) == 1 else None


def has_code(typed: str) -> Q:
    """Return a filter for participants with this pseudonym, personal code or completion code.

    The completion code may be that of a later session.
    """
    code = read_code(typed)
    # A subquery, because a join would list a person once for each of their sessions.
    sessions = FollowUp.objects.filter(
        completion_code=code.replace("-", ""), completed_at__isnull=False
    )
    return (
        Q(personal_code=code)
        | Q(completion_code=code.replace("-", ""), state=Participant.State.COMPLETED)
        | Q(pk__in=sessions.order_by().values("participant"))
        | Q(pseudonym__iexact=typed.strip())
    )
