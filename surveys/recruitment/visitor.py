"""A person who comes from a recruitment service, as named by its ids."""

from dataclasses import dataclass

from django.utils.crypto import salted_hmac


@dataclass(frozen=True)
class Visitor:
    """Ids given by the recruitment service, of which ``session_id`` and ``service_study`` may be
    empty.
    """

    kind: str
    external_id: str
    session_id: str = ""
    service_study: str = ""

    @property
    def external_hash(self) -> str:
        """Return a keyed hash, the same for a person at a kind of service, which names nobody."""
        # Stored hashes were made when the kind "service" was called "panel".
        kind = "panel" if self.kind == "service" else self.kind
        text = f"{kind}:{self.external_id}"
        return salted_hmac("surveys.identity", text, algorithm="sha256").hexdigest()
