"""The editor's section of the sample: how many people take part, and why."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, conditions, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, value_at

GOAL: Path = ("analysis", "sample_goal")


def _sample(values: Values) -> list[Entry]:
    _name, listed = conditions(values)
    within = bool(value_at(values, ("design", "within"), []))
    arms = (
        []
        if within
        else [
            (str(arm["key"]), str(arm.get("label", arm["key"]))) for arm in listed if "key" in arm
        ]
    )
    quotas = gettext("Quotas: people with this arm at most; empty for no quota")
    ratios = gettext("Ratios of the arms: 2 gives an arm twice as many people")
    effects, goal = gettext("Smallest effects that matter"), gettext("Goal of the plan")
    outcomes = tables(values, "analysis", "outcomes")
    return [
        Entry(("allocation", "places"), gettext("Places"), "number", gettext(
            "People who are admitted at most, over all arms."
        )),
        Entry(("allocation", "hold_minutes"), gettext("Minutes for which a place is held"),
              "number", gettext("For somebody who consented and has not gone on."), missing=60),
        Entry((*GOAL, "power"), gettext("Power"), "decimal", group=goal),
        Entry((*GOAL, "d"), gettext("Smallest effect, Cohen's d"), "decimal", group=goal),
        *(Entry(("allocation", "quotas", arm), label, "number", group=quotas, missing="")
          for arm, label in arms),
        *(Entry(("allocation", "ratios", arm), label, "number", group=ratios, missing=1)
          for arm, label in arms),
        *(Entry(("analysis", "outcomes", number, "smallest_effect"),
                str(one.get("label", one.get("key", number + 1))), "decimal", group=effects)
          for number, one in enumerate(outcomes)),
    ]  # fmt: skip


def _write_sample(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    changes = touched(values, sent, entries)
    removed = {change.path for change in changes if change.value is REMOVED}
    # Without power or without an effect there is no goal; an empty table would be a mistake.
    if {(*GOAL, "power"), (*GOAL, "d")} <= removed:
        changes = [change for change in changes if change.path[:2] != GOAL]
        changes.append(Change(GOAL, REMOVED))
    return edited(source, changes)


SECTION = Section(
    "sample", _("Sample"), _("How many people take part, and why."), _sample, _write_sample
)
