"""What changed from one version of a study file to the next, in words."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.models import TextVersion

PLACES: Mapping[str, Promise] = {
    "slug": _("short name"),
    "title": _("title"),
    "seed": _("seed"),
    "language": _("language"),
    "consent": _("consent"),
    "debrief": _("debrief"),
    "text": _("other languages"),
    "classes": _("names of classes"),
    "images": _("images"),
    "classifier": _("classifier"),
    "arms": _("arms"),
    "conditions": _("conditions"),
    "design": _("design"),
    "parts": _("pages"),
    "questionnaires": _("questionnaires"),
    "pages": _("settings of the pages"),
    "allocation": _("sample"),
    "recruitment": _("recruitment"),
    "analysis": _("plan"),
    "endings": _("endings"),
    "sessions": _("sessions"),
    "release": _("release"),
    "retention": _("retention"),
    "signals": _("signs of programs"),
}
"""The tables and keys at the top of a study file."""


@dataclass(frozen=True)
class ChangedVersion:
    """A version, and what its file says otherwise than the version before it."""

    version: TextVersion
    changes: str


def with_changes(versions: Iterable[TextVersion]) -> list[ChangedVersion]:
    """Return the versions, latest first, except the oldest of them if it is not the first."""
    listed = list(versions)
    changed = [
        ChangedVersion(version, in_words(before.source, version.source))
        for version, before in pairwise(listed)
    ]
    if listed and listed[-1].number == 1:
        changed.append(ChangedVersion(listed[-1], gettext("the first version")))
    return changed


def in_words(before: str, after: str) -> str:
    """Return the places of the file whose values differ."""
    old, new = _values(before), _values(after)
    if old is None or new is None:
        return gettext("not readable as a study file")
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if not keys:
        return gettext("comments or order alone")
    return ", ".join(str(PLACES.get(key, key)) for key in keys)


def consent_remark(before: str, after: str) -> str:
    """Return a hint if the consent's text changed and its version did not, or an empty text."""
    old, new = (_consent(source) for source in (before, after))
    version = str(new.get("version", ""))
    # Whoever fills the gaps of a new file changes a text that nobody can have agreed to.
    if (
        not old
        or not new
        or "[" in str(old.get("text", ""))
        or version != str(old.get("version", ""))
        or old == new
    ):
        return ""
    return gettext(
        "The text of the consent has changed, and its version is still “%(version)s”. That is fine "
        "until somebody has agreed to it. Afterwards, change the version too: it tells which text "
        "each person has agreed to."
    ) % {"version": version}


def _consent(source: str) -> Mapping[str, Any]:
    consent = (_values(source) or {}).get("consent")
    return consent if isinstance(consent, dict) else {}


@lru_cache(maxsize=256)
def _values(source: str) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(source)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
