"""Counts of how the answers of a page came about, which are checked before they are stored because
browsers can send anything.
"""

import json
import math
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from explanations.imagesets.dice import Dice
from surveys.models import Study
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

FIELD = "signals"
HIDDEN_FIELD = "page-remark"
"""Name of the field that people do not see. Ids of items have no hyphen, so that none collides."""
FIELDS = frozenset((FIELD, HIDDEN_FIELD))
MOST = 1_000_000
MOST_GAPS = 100
LONGEST_GAP = 3_600_000.0  # milliseconds
UNSPACED = ("zh", "ja", "th", "km", "lo", "my")
"""Languages written without spaces, in which words cannot be counted this way."""
_MAIN = re.compile(r"<main\b.*?</main>", re.DOTALL)
_UNSEEN = re.compile(
    r"<(?P<tag>div|p|span|button)\b[^>]*?\shidden(?=[\s>])[^>]*>.*?</(?P=tag)>", re.DOTALL
)
_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True)
class Signals:
    """Counts of one page, by its script.

    ``webdriver``: 1 if the browser said that a program drives it. ``changes``: number of answers
    that were given or changed. Of these, ``synthetic`` came from events that a script made,
    ``unprompted`` came without a key, pointer or touch within the second before, and ``silent``
    were there at the end without any event. ``characters``: characters that were added to texts, of
    which ``pasted`` came from ``pastes`` and ``keyless`` without a key. ``gaps``: milliseconds from
    the page's readiness to the first answer, and between successive answers; at most 100.
    """

    webdriver: int | None = None
    changes: int | None = None
    synthetic: int | None = None
    unprompted: int | None = None
    silent: int | None = None
    pastes: int | None = None
    characters: int | None = None
    pasted: int | None = None
    keyless: int | None = None
    gaps: tuple[float, ...] = ()

    def stored(self) -> dict[str, Any]:
        """Return the counts as a JSON object, without values that were not counted."""
        counted = {name: value for name, value in asdict(self).items() if value is not None}
        return counted | {"gaps": list(self.gaps)}


def read_signals(text: str) -> Signals | None:
    """Return the counts in a form's field, or None if the field does not contain any.

    A value that is not a whole number within its range counts as not counted, and an invalid
    distance ends their list.
    """
    if len(text) > 5_000:  # far more than the page's script can send
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    counts = {one.name: _count(values.get(one.name)) for one in fields(Signals)[:-1]}
    return Signals(**counts, gaps=_gaps(values.get("gaps")))


def _count(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= MOST else None  # type: ignore[operator, return-value]


def _gaps(values: object) -> tuple[float, ...]:
    gaps: list[float] = []
    for value in values[:MOST_GAPS] if isinstance(values, list) else ():
        if isinstance(value, bool) or not isinstance(value, int | float):
            break
        if not (math.isfinite(value) and 0 <= value <= LONGEST_GAP):
            break
        gaps.append(float(value))
    return tuple(gaps)


def are_counted(study: Study) -> bool:
    """Return whether the study file asks for the counts."""
    return definition(study).signals.count


def hidden_number(study: Study, step: Step) -> str:
    """Return the number that the page's hidden instruction asks for. Empty without one."""
    if step.kind != "questionnaire" or not definition(study).signals.hides_instruction:
        return ""
    return str(1000 + Dice("hidden instruction", study.seed, step.key).below(9000))


def hidden_answer(study: Study, step: Step, text: str | None) -> str | None:
    """Return what the hidden field contained: "empty", "told" or "other". None without the field.

    The text itself is never stored.
    """
    number = hidden_number(study, step)
    if not number:
        return None
    given = (text or "").strip()
    if not given:
        return "empty"
    return "told" if number in given else "other"


def words_on(html: str, language: str) -> int | None:
    """Return the number of words that the page's main part shows, or None if they cannot be
    counted.

    ``html`` is a page that this server rendered. Parts with the attribute ``hidden`` do not count.
    """
    main = _MAIN.search(html)
    if main is None or language.partition("-")[0] in UNSPACED:
        return None
    return len(_WORD.findall(_TAG.sub(" ", _UNSEEN.sub(" ", main[0]))))
