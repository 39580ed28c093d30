"""The key of a rendered page, which proves that this server showed the page to this participant."""

from dataclasses import dataclass

from django.core import signing

from surveys.models import Participant


@dataclass(frozen=True)
class PageKey:
    """Step of a rendered page, and ``view``: how many times the page had been shown, including this
    time.
    """

    step: str
    view: int


def sign(participant: Participant, key: PageKey) -> str:
    """Return the key as the form contains it. It is useless to any other participant."""
    return _signer(participant).sign(f"{key.view}:{key.step}")


def read(participant: Participant, signed: str) -> PageKey | None:
    """Return the key of a form that was rendered for the participant, or None for any other
    text.
    """
    try:
        view, _, step = _signer(participant).unsign(signed).partition(":")
    except signing.BadSignature:
        return None
    return PageKey(step, int(view))


def _signer(participant: Participant) -> signing.Signer:
    return signing.Signer(salt=f"surveys.page.{participant.code}")
