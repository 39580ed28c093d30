"""The declaration of [recruitment]: where participants come from, and where they go afterwards."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Outcome(enum.StrEnum):
    """Ways in which a person leaves, each of which can have a code or a URL."""

    COMPLETE = "complete"
    FAILED_ATTENTION = "failed_attention"
    """Complete, but with at least the file's number of failed attention checks."""
    WITHDRAWN = "withdrawn"
    """Left before the end: stopped, withdrew and had the data erased, or stayed away for longer
    than the study allows. All three share a way back, because study files have declared it by this
    word.
    """
    SCREENED_OUT = "screened_out"
    """Not admitted: took part in a study that this study excludes."""
    FULL = "full"
    """Not admitted: every place is taken, or the study is closed."""
    DECLINED = "declined"
    """Did not agree to the consent."""


class Replaced(enum.StrEnum):
    """Ways of leaving after the allocation that give the place back, if the file lists them."""

    RETURNED = "returned"
    TIMED_OUT = "timed_out"
    REJECTED = "rejected"
    """These three are the service's statuses of the submission."""
    WITHDRAWN = "withdrawn"
    """Stopped here, or had everything deleted here."""

    @classmethod
    def of_status(cls, status: str) -> "Replaced | None":
        """Return the way of leaving that the service's status of a submission means, if any."""
        name = status.lower().replace("-", "_").replace(" ", "_")
        return cls(name) if name in (cls.RETURNED, cls.TIMED_OUT, cls.REJECTED) else None


@dataclass(frozen=True)
class Exit:
    """A URL template for the way back, and the completion code that it contains, if any."""

    address: str
    code: str = ""


@dataclass(frozen=True)
class Recruitment:
    """The recruitment of a study, whose ``kind`` is a key of recruitment_kinds.KINDS.

    ``name`` is the service's name for participants. ``id_parameter`` names the parameter of the
    link with a person's id, and ``service_study`` is the service's own id of the study, empty if
    any is accepted. A complete participation with ``failed_checks`` failed attention checks counts
    as FAILED_ATTENTION, if that has an exit. ``exclude`` lists slugs of studies whose participants
    are not admitted. ``remember_days`` is the number of days after the consent for which the keyed
    hash of an erased person's id is kept, and 0 keeps none. ``replace`` lists the ways of leaving
    after the allocation that give the place back. ``pay`` is what a complete participation is paid,
    in the ``currency``, or 0 if the file does not say. ``return_after`` is the number of seconds
    after which the last page goes back to the service by itself, and 0 if it waits for the button.
    """

    kind: str = "open"
    name: str = ""
    id_parameter: str = ""
    service_study: str = ""
    exits: Mapping[Outcome, Exit] = field(default_factory=dict)
    failed_checks: int = 2
    exclude: tuple[str, ...] = ()
    remember_days: int = 0
    replace: tuple[Replaced, ...] = ()
    pay: float = 0.0
    currency: str = ""
    return_after: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether people come without a recruitment service, and without an id."""
        return self.kind == "open"

    @property
    def is_lab(self) -> bool:
        """Return whether people type their id on the start page, one after the other."""
        return self.kind == "lab"
