"""The editor's section of arms: what is compared."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations import catalogue
from studyplatform.panel.editor.base import NEW, Section, Sent, Values, conditions, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.method_names import method_choices, value_name
from studyplatform.panel.toml_edits import Path, edited, rearranged


def _methods() -> list[tuple[str, Any]]:
    none = ("", gettext("no map"))
    return [none, *method_choices()]


def _choice(at: Path, method: str, group: str) -> list[Entry]:
    """Return the field of the method's choice: its baseline, or how its numbers are drawn."""
    choice = next((one.choice for one in catalogue.METHODS if one.key == method), None)
    if choice is None:
        return []
    labels = {
        "baseline": gettext("Baseline"),
        "drawing": gettext("How the map is drawn"),
    }
    values = [(value.value, value_name(value)) for value in choice.values]
    return [
        Entry(
            (*at, choice.name), labels.get(choice.name, choice.name), "choice", group=group,
            missing=choice.usual.value, choices=values,
        )
    ]  # fmt: skip


def _amounts(at: Path, method: str, group: str) -> list[Entry]:
    """Return the fields of the method's samples or steps and of its tolerance, where it has any."""
    amount = next((one.amount for one in catalogue.METHODS if one.key == method), None)
    if amount is None:
        return []
    labels = {"samples": gettext("Samples of each map"), "steps": gettext("Steps of each map")}
    limits = {"usual": amount.usual, "least": amount.least, "most": amount.most}
    fields = [
        Entry((*at, amount.name), labels[amount.name], "number", group=group, help=gettext(
            "From %(least)d to %(most)d; empty: %(usual)d. Fewer are faster, and the maps depend "
            "more on chance."
        ) % limits),
    ]  # fmt: skip
    if amount.stops:
        fields.append(Entry((*at, "tolerance"), gettext("Tolerance"), "decimal", group=group, help=
            gettext(
                "Such as 0.2: stop before the full number of samples, when a map changes by less "
                "than this share from one doubling to the next. Empty: all samples."
            ),
        ))  # fmt: skip
    return fields


def _arms(values: Values) -> list[Entry]:
    name, listed = conditions(values)
    entries = []
    for number, arm in enumerate(listed):
        key = str(arm.get("key", number + 1))
        group = gettext("Arm “%(label)s” (%(key)s)") % {"label": arm.get("label", key), "key": key}
        at: Path = (name, number)
        entries += [
            Entry(
                (*at, "label"), gettext("Label"), group=group, is_optional=False,
                help=gettext("In the report. Participants never see it."),
            ),
            Entry((*at, "method"), gettext("Map"), "choice", group=group, choices=_methods()),
            *_choice(at, str(arm.get("method", "")), group),
            *_amounts(at, str(arm.get("method", "")), group),
            Entry(
                (*at, "prediction"), gettext("Shows the classifier's answer"), "check",
                group=group, missing=True,
            ),
            Entry(
                (*at, "probability"), gettext("Shows the classifier's probability"), "check",
                group=group, missing=False,
            ),
            Entry(
                (*at, "accuracy"), gettext("Planned share of right answers"), "decimal",
                group=group, missing="", help=gettext(
                    "Between 0 and 1, in place of the numbers of right and wrong answers of the "
                    "trials. Images are shared between arms as far as possible. Empty: as the "
                    "trials say."
                ),
            ),
            Entry(
                (*at, "stated"), gettext("What people are told about the classifier"),
                group=group, help=gettext(
                    "A sentence in the instructions, such as how often the classifier is right. "
                    "Empty: nothing."
                ),
            ),
            Entry(
                (*at, "factors"), gettext("Levels of factors"), "pairs", group=group, missing={},
                help=gettext(
                    "For a plan that crosses factors: a factor with its level on each line, such "
                    "as: certainty = shown. Every arm needs the same factors, in small letters. "
                    "Empty: none."
                ),
            ),
            Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False),
        ]  # fmt: skip
    added = gettext("One more")
    return [
        *entries,
        Entry((NEW, "key"), gettext("Short name"), group=added, help=gettext(
            "Its name in the data: small letters, digits and _. Empty: none is added."
        )),
        Entry((NEW, "label"), gettext("Label"), group=added),
        Entry((NEW, "method"), gettext("Map"), "choice", group=added, choices=_methods()),
    ]  # fmt: skip


def _write_arms(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    name, listed = conditions(values)
    plain = [entry for entry in entries if entry.path[0] == name and entry.path[-1] != "remove"]
    source = edited(source, touched(values, sent, plain))
    kept: list[int | dict[str, Any]] = [
        number for number in range(len(listed)) if not sent.get(f"{name}.{number}.remove")
    ]
    if key := sent.get(f"{NEW}.key"):
        method = sent.get(f"{NEW}.method")
        added = {"key": key, "label": sent.get(f"{NEW}.label") or key}
        kept.append(added | ({"method": method} if method else {}))
    return source if kept == list(range(len(listed))) else rearranged(source, (name,), kept)


SECTION = Section(
    "arms",
    _("Arms"),
    _(
        "What is compared. The short names of arms cannot change here, because the plan refers to "
        "them; after removing an arm, look at the plan and at the texts."
    ),
    _arms,
    _write_arms,
)
