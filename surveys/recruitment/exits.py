"""Exits: where a participant goes at the end, and with which code. They are known once the end is
stored.
"""

from dataclasses import dataclass

from surveys.models import FollowUp, Identity, Participant, Study
from surveys.pages.endings import ending_of
from surveys.pages.kinds.attention import failed_checks
from surveys.pages.lapse import has_lapsed
from surveys.study_file import exit_addresses
from surveys.study_file.recruitment import Exit, Outcome
from surveys.study_file.recruitment_kinds import get
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class WayBack:
    """A link back to the recruitment service, and the code to enter there if the link fails."""

    address: str
    code: str
    service: str
    seconds: int = 0
    """After how many seconds the last page goes back by itself. 0 if only by the button."""


def outcome_of(participant: Participant) -> Outcome | None:
    """Return how the participant left, according to the stored data, or None while under way."""
    if participant.state == Participant.State.STOPPED or has_lapsed(participant):
        return Outcome.WITHDRAWN
    if participant.state == Participant.State.ENDED:
        return Outcome.SCREENED_OUT
    if participant.state != Participant.State.COMPLETED:
        return None
    recruitment = definition(participant.study).recruitment
    judged = Outcome.FAILED_ATTENTION in recruitment.exits
    if judged and failed_checks(participant) >= recruitment.failed_checks:
        return Outcome.FAILED_ATTENTION
    return Outcome.COMPLETE


def way_back(study: Study, outcome: Outcome | None, external_id: str) -> WayBack | None:
    """Return the way back for this outcome, or None if the study does not declare one.

    Only URLs of the study file are ever used. The request cannot change them.
    """
    recruitment = definition(study).recruitment
    declared_exit = recruitment.exits.get(outcome) if outcome else None
    return _way_back(study, declared_exit, external_id) if declared_exit else None


def exit_of(participant: Participant) -> Exit | None:
    """Return the exit of the ending that ended the participation, if it has one of its own."""
    ending = ending_of(participant)
    if ending is None or not (ending.code or ending.url):
        return None
    kind = get(definition(participant.study).recruitment.kind)
    return Exit(kind.address.format(code=ending.code) if ending.code else ending.url, ending.code)


def way_back_from_session(participant: Participant, follow_up: FollowUp) -> WayBack | None:
    """Return the way back at the end of a later session, if the session declares one."""
    study = participant.study
    session = next(
        (one for one in definition(study).sessions if one.key == follow_up.session), None
    )
    identity = Identity.objects.filter(participant=participant).first()
    if session is None or identity is None or follow_up.completed_at is None:
        return None
    if not (session.code or session.url):
        return None
    kind = get(definition(study).recruitment.kind)
    address = kind.address.format(code=session.code) if session.code else session.url
    return _way_back(study, Exit(address, session.code), identity.external_id)


def _way_back(study: Study, declared_exit: Exit, external_id: str) -> WayBack | None:
    recruitment = definition(study).recruitment
    if exit_addresses.ID in declared_exit.address and not external_id:
        return None
    return WayBack(
        exit_addresses.fill(declared_exit.address, external_id),
        declared_exit.code,
        recruitment.name,
        recruitment.return_after,
    )


def way_back_of(participant: Participant) -> WayBack | None:
    """Return the participant's way back, or None while under way, in rehearsals and open
    studies.
    """
    identity = Identity.objects.filter(participant=participant).first()
    if identity is None:
        return None
    own = exit_of(participant)
    if own is not None:
        return _way_back(participant.study, own, identity.external_id)
    return way_back(participant.study, outcome_of(participant), identity.external_id)
