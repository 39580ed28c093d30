"""What a registration says of the study beside its plan; the command fills it from the file."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Declared:
    """`design`, `materials`, `procedure` and `allocation` are sentences; `arms` labels by key.

    `conditions`: labels of the within-subjects conditions, whose orders are then the arms.
    `scales`: the items behind each scale, in words. `sample`: sentences of a power simulation.

    `collected`: real participants at `written_at` (ISO, UTC); None where no database could say.
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
