"""The smallest effects that a study's plan names, with their units as people read them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from surveys import questionnaires
from surveys.models import Study
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class PlannedEffect:
    """The smallest effect that matters of an outcome, with its unit as people read it."""

    label: str
    unit: str
    """What the effect is measured in, such as "points of the scale, which goes from 1 to 7"."""
    help: str
    smallest: float | None


def planned_effects(study: Study) -> dict[str, PlannedEffect]:
    """Return the smallest effect of each outcome that carries a claim, by the outcome's key."""
    declared = definition(study)
    planned = {}
    for outcome in declared.analysis.get("outcomes", ()):
        if outcome.get("role") == "exploratory":
            continue
        key = str(outcome["key"])
        unit, hint = _unit(declared, outcome)
        planned[key] = PlannedEffect(
            str(outcome.get("label") or key), unit, hint, outcome.get("smallest_effect")
        )
    return planned


def _unit(declared: StudyFile, outcome: Mapping[str, Any]) -> tuple[str, str]:
    """Return what the smallest effect of the outcome is measured in, and where it comes from."""
    if outcome.get("kind") != "scale":
        return gettext("a difference of means; of shares, .15 means 15 percentage points"), gettext(
            "Difference of means; of shares, .15 means 15 percentage points. Empty: not planned "
            "for."
        )
    unit = gettext("points of the scale")
    if ends := _ends(declared, outcome):
        unit = gettext("points of the scale, which goes from %(low)s to %(high)s") % ends
    return unit, gettext(
        "Difference of means in %(unit)s. The smallest that would matter in practice (Lakens, "
        "Scheel, & Isager, 2018), not the largest that you hope for. Empty: not planned for."
    ) % {"unit": unit}


def _ends(declared: StudyFile, outcome: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the lowest and the highest score of the outcome's scale, or None if unknown."""
    for key in declared.questionnaires:
        asked = questionnaires.get(key)
        if (scale := asked.subscales.get(str(outcome.get("scale")))) is None:
            continue
        bounds = [item.bounds for item in asked.items if item.subscale == scale.id]
        ends = [pair for pair in bounds if pair is not None]
        if not ends or len(ends) < len(bounds):
            return None
        of_all = sum if scale.score == "sum" else _only
        low, high = (of_all([pair[place] for pair in ends]) for place in (0, 1))
        return None if low is None or high is None else {"low": f"{low:g}", "high": f"{high:g}"}
    return None


def _only(numbers: list[float]) -> float | None:
    """Return the number that all entries are, or None if they differ."""
    return numbers[0] if len(set(numbers)) == 1 else None
