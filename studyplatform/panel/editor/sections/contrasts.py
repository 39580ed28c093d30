"""The editor's section of planned contrasts: which arms are set against which."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.plan_choices import OUTCOMES, arm_choices, within_of
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    EditError,
    InlineEntry,
    Path,
    edited,
    rearranged,
)

CONTRASTS: Path = ("analysis", "contrasts")


def _contrasts(values: Values) -> list[Entry]:
    entries = []
    arms = arm_choices(values)
    for number, contrast in enumerate(tables(values, *CONTRASTS)):
        at: Path = (*CONTRASTS, number)
        group = gettext("Contrast %(number)d: %(what)s") % {
            "number": number + 1, "what": str(contrast.get("label", contrast.get("key", ""))),
        }  # fmt: skip
        entries += [
            Entry((*at, "label"), gettext("Label"), group=group, is_optional=False),
            *(Entry((*at, "weights", key), gettext("Weight of %(arm)s") % {"arm": label},
                    "decimal", group=group, missing="")
              for key, label in _weighed(arms, contrast)),
            Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False),
        ]  # fmt: skip
    added = gettext("One more contrast")
    return [
        *entries,
        Entry((NEW, "contrast"), gettext("Label"), group=added, help=gettext(
            "Such as: both maps against the placebo. Empty: none is added."
        )),
        Entry((NEW, "more"), gettext("Mean of these arms"), "several", group=added, missing=[],
              choices=arms),
        Entry((NEW, "less"), gettext("minus the mean of these arms"), "several", group=added,
              missing=[], choices=arms),
    ]  # fmt: skip


def _weighed(arms: list[tuple[str, str]], contrast: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the arms, and those of the weights that the study does not have (any longer)."""
    weights = contrast.get("weights")
    known = {key for key, _label in arms}
    own = [key for key in weights if key not in known] if isinstance(weights, dict) else []
    return [*arms, *((key, key) for key in own)]


def _write_contrasts(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[0] != NEW and entry.path[-1] != "remove"]
    changes = [Change(one.path, _whole(one.value)) for one in touched(values, sent, plain)]
    source = edited(source, changes)
    there = tables(values, *CONTRASTS)
    name = ".".join(map(str, CONTRASTS))
    order: list[int | dict[str, Any]] = [
        number for number in range(len(there)) if not sent.get(f"{name}.{number}.remove")
    ]
    if label := str(sent.get(f"{NEW}.contrast") or "").strip():
        order.append(_declared(label, values, sent))
    if order == list(range(len(there))):
        return source
    if not order:
        return edited(source, [Change(CONTRASTS, REMOVED)])
    return rearranged(source, CONTRASTS, order)


def _declared(label: str, values: Values, sent: Sent) -> dict[str, Any]:
    """Return the table of the contrast between the means of two groups of arms."""
    more, less = (list(sent.get(f"{NEW}.{side}") or ()) for side in ("more", "less"))
    if not more or not less or set(more) & set(less):
        raise EditError(
            gettext(
                "A contrast needs arms on both sides, and no arm on both. Tick at least one arm "
                "in each list."
            )
        )
    weights = {key: _whole(1 / len(more)) for key in more}
    weights |= {key: _whole(-1 / len(less)) for key in less}
    taken = {str(one.get("key")) for one in tables(values, *CONTRASTS)}
    stem = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:40]
    stem = stem if stem[:1].isalpha() else "contrast"
    names = [stem, *(f"{stem}_{number}" for number in range(2, len(taken) + 2))]
    key = next(name for name in names if name not in taken)
    return {"key": key, "label": label, "weights": InlineEntry(weights)}


def _whole(value: Any) -> Any:
    """Return a whole number as one, so that the file says 1 and not 1.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _note(values: Values) -> str:
    """Return why contrasts have no effect in this study, if so."""
    if within_of(values):
        return gettext(
            "The arms of this study are orders of what everybody sees. Contrasts compare arms, so "
            "they say nothing about the maps here."
        )
    analyses = {str(one.get("analysis", "one_way")) for one in tables(values, *OUTCOMES)}
    if analyses and not analyses & {"one_way", "ancova"}:
        return gettext(
            "No outcome of the plan compares the means of arms, so no contrast is tested. Tests of "
            "outcomes are chosen under Tests."
        )
    return ""


SECTION = Section(
    "contrasts",
    _("Contrasts"),
    _(
        "Which arms are set against which, in addition to the comparison of every arm with the "
        "control. The weights of a contrast sum to 0."
    ),
    _contrasts,
    _write_contrasts,
    _note,
)
