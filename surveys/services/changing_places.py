"""More places, higher quotas or another ``hold_minutes`` for a study that has participants."""

from dataclasses import replace
from typing import Any

from django.utils.translation import gettext

from surveys.allocation import entries
from surveys.models import Study
from surveys.services import ledger, places
from surveys.services.errors import StudyError
from surveys.study_file.declaration import Allocation, StudyFile


def changes_places_alone(before: StudyFile, after: StudyFile) -> bool:
    """Return whether the allocations differ, but in nothing that the next draw depends on."""
    old, new = before.allocation, after.allocation
    same = replace(old, places=new.places, quotas=new.quotas, hold_minutes=new.hold_minutes)
    return old != new and same == new


def check_places(study: Study, before: Allocation, after: Allocation, reason: str) -> None:
    """Refuse a change that would undo what was promised to people who have come. Call under
    ``lock``.

    Raises StudyError without a reason, for fewer places than are taken, and for a quota that was
    lowered or added. A refusal that depended on how many people an arm has would reveal that number
    while the study is blinded, so quotas can only be raised or removed.
    """
    if not reason.strip():
        raise StudyError(
            f"The places of the study {study.slug!r} change while people take part. State why: "
            "manage.py load_study FILE --reason TEXT, manage.py change_places, or the page "
            '"Change the places" in the panel. The report prints the reason.'
        )
    taken = places.taken(study, simulated=False)
    if after.places < taken:
        raise StudyError(
            gettext(
                "places is %(places)d, but %(taken)d places of the study '%(slug)s' are taken. Set "
                "it to %(taken)d or more."
            )
            % {"places": after.places, "taken": taken, "slug": study.slug}
        )
    for arm, quota in after.quotas.items():
        old = before.quotas.get(arm, 0)
        if old and quota >= old:
            continue
        if old:
            sentence = gettext(
                "The quota of the arm '%(arm)s' would be %(quota)d, but it is %(old)d. Raise it, "
                "or remove it."
            )
        else:
            sentence = gettext(
                "The quota of the arm '%(arm)s' would be %(quota)d, but it has none. Leave it out."
            )
        raise StudyError(sentence % {"arm": arm, "quota": quota, "old": old})


def record_places(study: Study) -> None:
    """Enter the study's new places and quotas in its ledgers, from which later draws depend on
    them.
    """
    for simulated in study.ledger.order_by().values_list("simulated", flat=True).distinct():
        scheme = ledger.scheme_of(study, simulated)
        ledger.append(study, simulated, entries.changed(scheme))


def in_words(allocation: Allocation) -> dict[str, Any]:
    """Return the settings that can change, for the audit."""
    words: dict[str, Any] = {
        "places": allocation.places,
        "hold_minutes": allocation.hold_minutes,
    }
    return words | ({"quotas": dict(allocation.quotas)} if allocation.quotas else {})
