"""Where a participant goes at the end, and with which code: known only once the end is stored."""

from dataclasses import dataclass

from surveys.models import Identity, Participant, Study
from surveys.pages.kinds.attention import failed_checks
from surveys.pages.lapse import has_lapsed
from surveys.study_file import exit_addresses
from surveys.study_file.recruitment import Outcome
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class WayBack:
    """A link back to the recruitment service, and the code to enter there if the link fails."""

    address: str
    code: str
    service: str


def outcome_of(participant: Participant) -> Outcome | None:
    """How the participant left, by what is stored; None for one who is still under way."""
    if participant.state == Participant.State.WITHDRAWN or has_lapsed(participant):
        return Outcome.WITHDRAWN
    if participant.state != Participant.State.COMPLETED:
        return None
    recruitment = definition(participant.study).recruitment
    judged = Outcome.FAILED_ATTENTION in recruitment.exits
    if judged and failed_checks(participant) >= recruitment.failed_checks:
        return Outcome.FAILED_ATTENTION
    return Outcome.COMPLETE


def way_back(study: Study, outcome: Outcome | None, external_id: str) -> WayBack | None:
    """The way back for this outcome; None where the study declares none.

    Only the study file's own addresses are ever used; the request has no say in it.
    """
    recruitment = definition(study).recruitment
    found = recruitment.exits.get(outcome) if outcome else None
    if found is None or (exit_addresses.ID in found.address and not external_id):
        return None
    return WayBack(exit_addresses.fill(found.address, external_id), found.code, recruitment.name)


def way_back_of(participant: Participant) -> WayBack | None:
    """The participant's way back; None for one who is under way, rehearses, or came openly."""
    identity = Identity.objects.filter(participant=participant).first()
    if identity is None:
        return None
    return way_back(participant.study, outcome_of(participant), identity.external_id)
