"""The step, a page of the sequence that a participant goes through."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A page of the sequence. ``kind`` is its kind, and ``part`` is the part of the file that
    declares it.

    ``block`` counts from 1 and is 0 outside of blocks. ``trial_position`` counts from 1 over the
    whole participation and is None on pages without a trial. ``stage`` names the trial's stage in
    its task, and ``number`` distinguishes pages of a part that have no trial. ``conditions`` lists
    the keys of the conditions whose blocks contain the page, and is empty for all.
    ``session`` is the key of the later session that the page belongs to, if any.
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
    session: str = ""
