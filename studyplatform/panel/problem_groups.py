"""Problems of several files that are equal except for the file, told once."""

import re
from collections.abc import Iterable

from django.utils.translation import ngettext

NAMES_SHOWN = 3
ABOUT_A_FILE = re.compile(r"(?P<name>.+?) (?P<said>(?:is|has|cannot|contains) .+)", re.DOTALL)
"""The sentences of the image checks: the name of the file, and what is wrong with it."""


def grouped(problems: Iterable[str]) -> list[str]:
    """Return the problems in their order, each kind once with the number of its files.

    Sentences are of one kind if they differ in nothing but the file and in numbers, such as sizes.
    """
    kinds: dict[str, list[tuple[str, str]]] = {}
    for problem in problems:
        found = ABOUT_A_FILE.fullmatch(problem)
        kind = re.sub(r"\d+", "0", found["said"]) if found else problem
        kinds.setdefault(kind, []).append((problem, found["name"] if found else ""))
    return [_told(alike) for alike in kinds.values()]


def _told(alike: list[tuple[str, str]]) -> str:
    (first, _name), *others = alike
    names = list(dict.fromkeys(name for _problem, name in others if name))
    if not names:
        return first
    shown = ", ".join(names[:NAMES_SHOWN]) + (", …" if len(names) > NAMES_SHOWN else ".")
    more = ngettext(
        "%(count)d more file has this problem: %(names)s",
        "%(count)d more files have this problem: %(names)s",
        len(names),
    )
    return f"{first} {more % {'count': len(names), 'names': shown}}"
