"""The editor's section of the plan: what is compared with what, the outcomes, the registration."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from analysis.plan.plan import KINDS
from studyplatform.panel.editor.base import (
    NEW,
    Section,
    Sent,
    Values,
    tables,
    touched,
)
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections import behaviour
from studyplatform.panel.editor.sections.behaviour import BEHAVIOUR
from studyplatform.panel.editor.sections.earlier_questions import items_of, part_key
from studyplatform.panel.editor.sections.pages import described
from studyplatform.panel.editor.sections.plan_choices import (
    OUTCOMES,
    arm_choices,
    asked,
    covariate_choices,
    scale_name,
    subscales,
    within_of,
)
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, rearranged, value_at

REGISTRATION: Path = ("analysis", "preregistration")
LOGISTIC = {"analysis": "logistic_trials", "fallback": "binary_trials"}
OF_BEHAVIOUR = "behaviour:"
"""What the choice of a measure of behaviour begins with."""
DEFAULT_POPULATIONS = {kind.key: kind.population for kind in KINDS}
AGREED = {"kind": "trial_mean", "column": "agreed", **LOGISTIC}


def _plan(values: Values) -> list[Entry]:
    arms = [(key, f"{label} ({key})") for key, label in arm_choices(values)]
    nobody = [("", gettext("none")), *arms]
    general, registration = gettext("All outcomes"), gettext("Registration")
    entries = [
        Entry(
            ("question",), gettext("Research question"), group=general,
            help=gettext("A sentence for the preregistration, which is in English."),
        ),
        Entry(
            ("analysis", "control"), gettext("Compared with"), "choice", group=general,
            choices=arms, is_optional=False,
            help=gettext("The arm with which every other arm is compared."),
        ),
        *(Entry(("analysis", key), label, "choice", hint, group=general, choices=nobody)
          for key, label, hint in _special_arms(values)),
        Entry(
            ("analysis", "alpha"), gettext("Level of significance"), "decimal", group=general,
            missing=0.05,
        ),
        Entry(
            ("analysis", "covariates"), gettext("Who took part (table 1)"), "several",
            gettext(
                "What describes people in the report, by arm. None ticked: the questions before "
                "the first images."
            ),
            group=general, missing=[], choices=covariate_choices(values),
        ),
    ]  # fmt: skip
    for number, outcome in enumerate(tables(values, *OUTCOMES)):
        entries += _asked_on(values, number, outcome)
        entries += _outcome(number, outcome)
    added = gettext("One more outcome")
    return [
        *entries,
        Entry((NEW, "outcome"), gettext("What is measured"), "choice", group=added,
              choices=[("", gettext("none")), *_measures(values)]),
        Entry((NEW, "family"), gettext("Family"), group=added, missing="secondary",
              help=gettext("Holm's correction is made over the outcomes of a family.")),
        Entry((*REGISTRATION, "url"), gettext("Address of the registration"), group=registration,
              help=gettext("Such as https://osf.io/…, once the plan is registered.")),
        Entry((*REGISTRATION, "registered_at"), gettext("Time of the registration"),
              group=registration, help=gettext("Such as 2026-12-01T09:30:00+01:00.")),
    ]  # fmt: skip


def _special_arms(values: Values) -> list[tuple[str, str, str]]:
    """Return key, label and help of the arms with a part of their own in the comparison.

    Where people see everything in turn, an arm is an order and has no such part.
    """
    if within_of(values):
        return []
    return [
        (
            "ai_only",
            gettext("Arm with the answer and no map"),
            gettext("A second comparison for every arm, if it is not the first."),
        ),
        (
            "human_alone",
            gettext("Arm without the classifier"),
            gettext("To see whether people with the classifier are better than either alone."),
        ),
    ]


def _heading(number: int, outcome: Values) -> str:
    return gettext("Outcome %(number)d: %(what)s") % {
        "number": number + 1, "what": str(outcome.get("label", outcome.get("key", ""))),
    }  # fmt: skip


def _outcome(number: int, outcome: Values) -> Iterator[Entry]:
    at: Path = (*OUTCOMES, number)
    group = _heading(number, outcome)
    yield Entry((*at, "label"), gettext("Label"), group=group, is_optional=False)
    yield Entry(
        (*at, "family"), gettext("Family"), group=group, missing="primary",
        help=gettext("Holm's correction is made over the outcomes of a family."),
    )  # fmt: skip
    yield Entry(
        (*at, "role"), gettext("Role"), "choice", group=group, missing="confirmatory",
        choices=[("confirmatory", gettext("confirmatory: a claim of the study")),
                 ("exploratory", gettext("exploratory: reported apart, without a claim"))],
    )  # fmt: skip
    yield Entry(
        (*at, "population"), gettext("People"), "choice", group=group,
        # Each kind of outcome has a default of its own.
        missing=DEFAULT_POPULATIONS.get(str(outcome.get("kind")), "completed"),
        choices=[("completed", gettext("everybody who completed")),
                 ("randomised", gettext("everybody who was randomised and has the outcome")),
                 ("per_protocol", gettext("without people who are excluded by a rule"))],
    )  # fmt: skip
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)


def _asked_on(values: Values, number: int, outcome: Values) -> list[Entry]:
    """Return the choice of the page whose answers the outcome means, where several ask them."""
    kind = str(outcome.get("kind"))
    at: Path = (*OUTCOMES, number, "where", "part")
    pages = [
        (part_key(part), gettext("Page %(number)d: %(what)s")
         % {"number": place + 1, "what": described(part)})
        for place, part in enumerate(tables(values, "parts"))
        for item in items_of(part)
        if outcome.get(kind) == {"scale": item.subscale, "item": item.id}.get(kind, "")
    ]  # fmt: skip
    choices = list(dict.fromkeys(pages))
    if kind not in ("scale", "item") or len(choices) < 2:
        return []
    return [
        Entry(at, gettext("Answers of the page"), "choice", group=_heading(number, outcome),
              choices=[("", gettext("not chosen yet")), *choices])
    ]  # fmt: skip


def _measures(values: Values) -> list[tuple[str, str]]:
    """Return key and label of what the study measures: its scales, and its trials."""
    scales = {
        f"scale:{subscale.id}": gettext("%(scale)s (mean of the questionnaire)")
        % {"scale": scale_name(subscale)}
        for key in asked(values)
        for subscale in subscales(key)
    }
    trials = {
        "agreement_wrong": gettext("Agreement with wrong predictions"),
        "agreement_right": gettext("Agreement with right predictions"),
        "decision_accuracy": gettext("Share of right decisions"),
        "sureness": gettext("Sureness of the decisions"),
    }
    parts = tables(values, "parts")
    shown = [part for part in parts if part.get("kind") == "trials"]
    if any(part.get("task", "decide") != "decide" for part in shown):
        del trials["agreement_wrong"], trials["agreement_right"]
    if any(part.get("confidence") == "none" or part.get("task") == "agreement" for part in shown):
        del trials["sureness"]
    of_behaviour = {
        f"{OF_BEHAVIOUR}{measure.key}": gettext("%(measure)s (behaviour)")
        % {"measure": behaviour.LABELS[measure.key]}
        for measure in behaviour.possible_measures(values)
    }
    there = {str(outcome.get("key")) for outcome in tables(values, *OUTCOMES)}
    return [
        (key, label)
        for key, label in [*scales.items(), *trials.items(), *of_behaviour.items()]
        if key.partition(":")[2] not in there and key not in there
    ]


def _english_label(values: Values, measure: str) -> str:
    """Return the label that the plan gets, which the report in English prints."""
    with override("en"):
        label = dict(_measures(values)).get(measure, measure)
        if measure.startswith(OF_BEHAVIOUR):
            return str(behaviour.LABELS[measure.removeprefix(OF_BEHAVIOUR)])
    return label


def _declared(measure: str, label: str, family: str) -> dict[str, Any]:
    """Return the table of an outcome."""
    of_trials: dict[str, dict[str, Any]] = {
        "agreement_wrong": {**AGREED, "where": {"prediction_correct": 0}},
        "agreement_right": {**AGREED, "where": {"prediction_correct": 1}},
        "decision_accuracy": {"kind": "trial_mean", "column": "decision_correct"},
        "sureness": {"kind": "trial_mean", "column": "sureness"},
    }
    _kind, _colon, key = measure.rpartition(":")
    rest = of_trials.get(measure, {"kind": "scale", "scale": key})
    if measure.startswith(OF_BEHAVIOUR):
        rest = {"kind": "behaviour", "measure": key}
    return {"key": key, "label": label, "family": family or "secondary", **rest}


def _write_plan(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    plain = [entry for entry in entries if entry.path[0] != NEW and entry.path[-1] != "remove"]
    changes = touched(values, sent, plain)
    gone = {change.path for change in changes if change.value is REMOVED}
    if (*REGISTRATION, "url") in gone:  # a registration without an address would be a mistake
        changes = [change for change in changes if change.path[:2] != REGISTRATION]
        changes.append(Change(REGISTRATION, REMOVED))
    source = edited(source, changes)
    outcomes = tables(values, *OUTCOMES)
    order: list[int | dict[str, Any]] = [
        number
        for number in range(len(outcomes))
        if not sent.get(f"{'.'.join(map(str, OUTCOMES))}.{number}.remove")
    ]
    if measure := sent.get(f"{NEW}.outcome"):
        label = _english_label(values, str(measure))
        order.append(_declared(str(measure), label, str(sent.get(f"{NEW}.family") or "")))
    if order == list(range(len(outcomes))):
        return source
    source = rearranged(source, OUTCOMES, order)
    if str(measure or "").startswith(OF_BEHAVIOUR) and value_at(values, BEHAVIOUR) is None:
        source = edited(source, [Change(BEHAVIOUR, behaviour.columns_of_task(values))])
    return source


SECTION = Section(
    "plan",
    _("Outcomes"),
    _("What the study measures and claims, decided before the data."),
    _plan,
    _write_plan,
)
