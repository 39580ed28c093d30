"""A person who comes from a recruitment service, as named by its ids."""

from dataclasses import dataclass

from django.utils.crypto import salted_hmac


@dataclass(frozen=True)
class Visitor:
    """Ids as the panel gave them; ``session_id`` and ``panel_study`` may be empty."""

    kind: str
    external_id: str
    session_id: str = ""
    panel_study: str = ""

    @property
    def external_hash(self) -> str:
        """A keyed hash: equal for the same person of the same kind of panel, and names nobody."""
        text = f"{self.kind}:{self.external_id}"
        return salted_hmac("surveys.identity", text, algorithm="sha256").hexdigest()
