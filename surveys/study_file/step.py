"""A step: one page of the sequence that a participant walks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """``kind`` names the kind of page, ``part`` the part of the study file that it comes from.

    ``block`` counts from 1 and is 0 outside of blocks; ``trial_position`` counts from 1 over the
    whole participation and is None on pages without a trial; ``stage`` names the trial's stage in
    its task; ``number`` tells apart pages of a part that have no trial. ``conditions``: the
    keys of the conditions whose blocks contain it; empty for all.
    """

    key: str
    kind: str
    part: str = ""
    block: int = 0
    questionnaire: str = ""
    trial_position: int | None = None
    stage: str = ""
    number: int = 0
    conditions: tuple[str, ...] = ()
