"""The key of a rendered page: proof that this server showed the page to this participant."""

from dataclasses import dataclass

from django.core import signing

from surveys.models import Participant


@dataclass(frozen=True)
class PageKey:
    """``view`` counts from 1 how often the step's page had been shown when this one was made."""

    step: str
    view: int


def sign(participant: Participant, key: PageKey) -> str:
    """The key as it stands in the form, of no use to any other participant."""
    return _signer(participant).sign(f"{key.view}:{key.step}")


def read(participant: Participant, signed: str) -> PageKey | None:
    """The key of a form that was rendered for the participant; None for any other text."""
    try:
        view, _, step = _signer(participant).unsign(signed).partition(":")
    except signing.BadSignature:
        return None
    return PageKey(step, int(view))


def _signer(participant: Participant) -> signing.Signer:
    return signing.Signer(salt=f"surveys.page.{participant.code}")
