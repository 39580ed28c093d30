"""What a study file says under [recruitment]: where people come from, and where they go back to."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Outcome(enum.StrEnum):
    """How a person leaves; each can have a code or an address of its own."""

    COMPLETE = "complete"
    FAILED_ATTENTION = "failed_attention"
    """Complete, with so many failed attention checks as the file says, or more."""
    WITHDRAWN = "withdrawn"
    """Left before the end: stopped, withdrew and had the data erased, or stayed away for longer
    than the study allows. One way back for all three: study files have declared it by this word."""
    SCREENED_OUT = "screened_out"
    """Not taken in: took part in a study that this one excludes."""
    FULL = "full"
    """Not taken in: every place is taken, or the study is closed."""


@dataclass(frozen=True)
class Exit:
    """Where a person goes at the end: an address template, and the code that it carries, if any."""

    address: str
    code: str = ""


@dataclass(frozen=True)
class Recruitment:
    """``kind`` is a key of recruitment_kinds.KINDS, ``name`` what people call the service.

    ``id_parameter`` names the part of the link that holds a person's id; ``service_study`` is the
    service's own id of the study, empty where any is welcome. ``failed_checks`` attention checks
    make a complete participation one of FAILED_ATTENTION, if that has an exit. ``exclude`` holds
    slugs of studies whose people are not taken in.
    """

    kind: str = "open"
    name: str = ""
    id_parameter: str = ""
    service_study: str = ""
    exits: Mapping[Outcome, Exit] = field(default_factory=dict)
    failed_checks: int = 2
    exclude: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether people come without any recruitment service, and without an id."""
        return self.kind == "open"
