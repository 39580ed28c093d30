"""Facts about the study that a preregistration contains next to its plan."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Declared:
    """Facts about the study, filled in by the command from the study file.

    `design`, `materials`, `procedure` and `allocation` are sentences; `arms` contains labels by
    key. `conditions` contains the labels of within-subjects conditions, whose orders are then the
    arms. `scales` describes the items of each scale. `sample` contains sentences of a power
    simulation. `collected` is the number of real participants at `written_at` (ISO, UTC), or None
    without access to the database. `who_asks` is the consent's paragraph on the research group and
    its ethics committee, empty while it has gaps. `question` is the research question, empty if the
    study file states none.
    """

    slug: str
    title: str
    study_sha256: str
    seed: int
    arms: Mapping[str, str]
    conditions: tuple[str, ...]
    scales: Mapping[str, str]
    design: str
    materials: tuple[str, ...]
    procedure: tuple[str, ...]
    allocation: tuple[str, ...]
    places: int
    sample: tuple[str, ...]
    collected: int | None
    written_at: str
    who_asks: str = ""
    question: str = ""
