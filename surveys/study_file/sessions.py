"""The declaration of [[sessions]]: later parts of a study, days after its completion."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen

from analysis.toml.value_types import Stripped, Words

LONGEST_KEY = 30
MOST_DAYS = 365


@dataclass(frozen=True)
class Session:
    """A later session, which opens ``after_days`` days after the person completed the study.

    It stays open for ``window_days`` days. ``heading`` and ``text`` invite the person to it. Its
    pages are the parts that name it. ``code`` or ``url`` leads back to the recruitment service
    afterwards, and ``study_id`` is the service's own id of the study that sends people to it.
    """

    key: Annotated[Words, MaxLen(LONGEST_KEY)]
    heading: Words
    text: Words
    after_days: Annotated[int, Ge(1), Le(MOST_DAYS)]
    window_days: Annotated[int, Ge(1), Le(MOST_DAYS)]
    code: Stripped = ""
    url: Stripped = ""
    study_id: Stripped = ""
