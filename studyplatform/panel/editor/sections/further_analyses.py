"""The editor's section of the analyses that test no claim: Bayes factors, mediation, a multiverse,
and map quality with people's outcomes and with where people look."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations.evaluation.catalogue import MEASURES
from studyplatform.panel.editor.base import Section, Sent, Values, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.plan_choices import outcome_choices
from studyplatform.panel.method_names import method_choices
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, value_at

BAYES: Path = ("analysis", "bayes")
MEDIATION: Path = ("analysis", "mediation")
MULTIVERSE: Path = ("analysis", "multiverse")
MAP_QUALITY: Path = ("analysis", "map_quality")
ATTENTION: Path = ("analysis", "attention_maps")
OPTIONAL = (BAYES, MEDIATION, MULTIVERSE, MAP_QUALITY, ATTENTION)
ASKED_FOR = "asked_for"
"""The field that says whether the table is in the plan. It is no key of the file."""


def _further(values: Values) -> list[Entry]:
    scores = outcome_choices(values, compared_scores=True)
    all_of_them = gettext("None ticked: every outcome that is a claim.")
    bayes, mediation = gettext("Bayes factors"), gettext("Mediation")
    multiverse, quality = gettext("Multiverse"), gettext("Map quality and people's outcomes")
    looks = gettext("Map quality and where people look")
    return [
        _asked_for(values, BAYES, bayes, gettext(
            "How much likelier the data are with a difference than without one, for each simple "
            "comparison."
        )),
        Entry((*BAYES, "scale"), gettext("Scale of the prior"), "decimal", gettext(
            "Half of the standardised differences are expected within ± this. Empty: 0.707."
        ), group=bayes),
        _asked_for(values, MEDIATION, mediation, gettext(
            "By which way an arm changes an outcome. People are not randomised to what lies "
            "between, so it stays an association."
        )),
        Entry((*MEDIATION, "outcome"), gettext("Outcome"), "choice", group=mediation,
              choices=[("", gettext("not chosen yet")), *scores], is_optional=False),
        Entry((*MEDIATION, "mediators"), gettext("What lies between"), "several", group=mediation,
              missing=[], choices=scores, is_optional=False, help=gettext(
                  "One to three outcomes; arms change the first of them first."
              )),
        Entry((*MEDIATION, "runs"), gettext("Bootstrap samples"), "number", group=mediation,
              missing=5000),
        _asked_for(values, MULTIVERSE, multiverse, gettext(
            "Each outcome again with every combination of the choices below, so that readers see "
            "whether a result depends on one of them."
        )),
        Entry((*MULTIVERSE, "outcomes"), gettext("Outcomes"), "several", all_of_them,
              group=multiverse, missing=[], choices=scores),
        Entry((*MULTIVERSE, "populations"), gettext("People"), "several",
              gettext("None ticked: all three."), group=multiverse, missing=[],
              choices=[("randomised", gettext("everybody who was randomised and has the outcome")),
                       ("completed", gettext("everybody who completed")),
                       ("per_protocol", gettext("without people who are excluded by a rule"))]),
        Entry((*MULTIVERSE, "models"), gettext("Tests"), "several",
              gettext("None ticked: the first three."), group=multiverse, missing=[],
              choices=[("means", gettext("means")), ("ranks", gettext("ranks")),
                       ("odds", gettext("odds of trials")),
                       ("mixed_odds", gettext("odds of trials in a mixed model (slow)"))]),
        Entry((*MULTIVERSE, "without_each_rule"),
              gettext("Also without each criterion of exclusion in turn"), "check",
              group=multiverse, missing=True),
        Entry((*MULTIVERSE, "logarithms"), gettext("Also logarithms of trials"), "check",
              group=multiverse, missing=False),
        _asked_for(values, MAP_QUALITY, quality, gettext(
            "Whether better maps help people more. Needs the evaluation of the maps, a job under "
            "Explanations."
        )),
        Entry((*MAP_QUALITY, "outcomes"), gettext("Outcomes"), "several", all_of_them,
              group=quality, missing=[], choices=outcome_choices(values)),
        Entry((*MAP_QUALITY, "measures"), gettext("Measures of the maps"), "several",
              gettext("None ticked: insertion and deletion with blur, and the pointing game."),
              group=quality, missing=[],
              choices=[(measure.key, gettext(measure.label)) for measure in MEASURES]),
        _asked_for(values, ATTENTION, looks, gettext(
            "Whether maps mark the places that people need to recognise an image. Needs the task "
            "in which people uncover a blurred image."
        )),
        Entry((*ATTENTION, "methods"), gettext("Methods"), "several",
              gettext("None ticked: every method with a map of each image."),
              group=looks, missing=[],
              choices=method_choices()),
    ]  # fmt: skip


def _asked_for(values: Values, at: Path, group: str, lead: str) -> Entry:
    return Entry(
        (*at, ASKED_FOR), gettext("In the report"), "check", group=group, lead=lead,
        missing=value_at(values, at) is not None,
    )  # fmt: skip


def _write_further(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[-1] != ASKED_FOR]
    changes = touched(values, sent, plain)
    for at in OPTIONAL:
        name = ".".join(map(str, (*at, ASKED_FOR)))
        if name not in sent:  # a locked or unknown field
            continue
        below = [change for change in changes if change.path[: len(at)] == at]
        is_there = value_at(values, at) is not None
        if not sent[name]:
            # Settings of an analysis that nobody asks for would ask for it.
            changes = [change for change in changes if change not in below]
            changes += [Change(at, REMOVED)] if is_there else []
        elif not is_there:
            changes = [change for change in changes if change not in below]
            set_values = {str(one.path[-1]): one.value for one in below}
            changes.append(Change(at, _without_removed(set_values)))
    return edited(source, changes)


def _without_removed(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if value is not REMOVED}


SECTION = Section(
    "further",
    _("Further analyses"),
    _("What the report shows in addition to the tests. None of it is a claim of the study."),
    _further,
    _write_further,
)
