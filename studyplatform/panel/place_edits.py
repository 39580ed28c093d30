"""A study file with other places, quotas or hold_minutes, and with nothing else changed."""

from collections.abc import Mapping

from studyplatform.panel.toml_edits import REMOVED, Change, edited
from surveys.models import Study
from surveys.services import StudyError, load_study
from surveys.study_file.stored import definition


def with_places(
    study: Study,
    *,
    places: int | None = None,
    hold_minutes: int | None = None,
    quotas: Mapping[str, int] | None = None,
) -> str:
    """Return the study's file with these values. None, and arms not listed, stay as they are.

    A quota of 0 is removed. Raises StudyError for an unknown arm, and EditError like ``edited``.
    """
    allocation, arms = definition(study).allocation, [arm.key for arm in definition(study).arms]
    changes = []
    if places not in (None, allocation.places):
        changes.append(Change(("allocation", "places"), places))
    if hold_minutes not in (None, allocation.hold_minutes):
        changes.append(Change(("allocation", "hold_minutes"), hold_minutes))
    for arm, quota in (quotas or {}).items():
        if arm not in arms:
            raise StudyError(
                f"The study {study.slug!r} has no arm {arm!r}. Name one of {', '.join(arms)}."
            )
        if quota != allocation.quotas.get(arm, 0):
            changes.append(Change(("allocation", "quotas", arm), quota or REMOVED))
    return edited(study.source, changes)


def change_places(study: Study, source: str, reason: str) -> bool:
    """Load the file that ``with_places`` returned, and return whether anything changed.

    Raises StudyFileError and StudyError.
    """
    if source == study.source:
        return False
    load_study(source, reason=reason)
    return True
