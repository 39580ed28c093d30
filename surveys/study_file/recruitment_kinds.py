"""The ways to recruit: the ids in a link, and what the study file declares for each way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from surveys.study_file.recruitment import Outcome

OBJECT_ID = re.compile(r"[0-9a-f]{24}")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,127}")
"""Characters that need no escaping in URLs (RFC 3986) and start no spreadsheet formula."""


@dataclass(frozen=True)
class Kind:
    """A way to recruit.

    ``label`` is the recruitment service's own name, empty if the file gives it. ``id_parameter`` is
    the link's parameter for the person's id, empty if the file gives it. ``session_parameter`` and
    ``study_parameter`` name the parameters for the service's ids of the submission and of its
    study. ``can_resume`` means that the submission's id is a secret, so that a person who brings it
    again can continue on any device. ``address`` turns a completion code into a URL. Without it,
    the file declares the URL of each of ``outcomes``. ``types_id`` means that people type the id on
    a page of the study, and that the next person starts on the same machine.
    """

    key: str
    label: str
    outcomes: tuple[Outcome, ...] = tuple(Outcome)
    id_parameter: str = ""
    id_pattern: re.Pattern[str] = PLAIN
    session_parameter: str = ""
    study_parameter: str = ""
    can_resume: bool = False
    types_id: bool = False
    address: str = ""


KINDS: Sequence[Kind] = (
    Kind("open", "", outcomes=()),
    Kind(
        "prolific",
        "Prolific",
        id_parameter="PROLIFIC_PID",
        id_pattern=OBJECT_ID,
        session_parameter="SESSION_ID",
        study_parameter="STUDY_ID",
        can_resume=True,
        address="https://app.prolific.com/submissions/complete?cc={code}",
    ),
    Kind("sona", "SONA", outcomes=(Outcome.COMPLETE,), id_parameter="id"),
    Kind("service", ""),
    Kind("lab", "", outcomes=(), id_parameter="id", types_id=True),
)


OLD_NAMES = {"panel": "service"}
"""Keys in files of earlier versions, and today's."""


def get(key: str) -> Kind:
    """Return the kind with this key, which may be an old name."""
    return next(kind for kind in KINDS if kind.key == OLD_NAMES.get(key, key))
