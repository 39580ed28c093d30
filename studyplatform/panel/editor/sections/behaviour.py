"""The editor's section of behaviour: which columns of the trials the measures are computed from."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.plan.catalogues.behaviour_measures import MEASURES, Measure, lacking_keys
from studyplatform.panel.editor.base import Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Choices, Entry
from studyplatform.panel.editor.sections.plan_choices import OUTCOMES, within_of
from studyplatform.panel.editor.sections.runs import runs
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    EditError,
    Path,
    edited,
    value_at,
)

BEHAVIOUR: Path = ("analysis", "behaviour")
ASKED_FOR: Path = (*BEHAVIOUR, "asked_for")
"""The field that says whether the table is in the plan. It is no key of the file."""
MAPS_TO_CHOOSE_FROM = 4
"""Maps that the task `distinction` shows in each trial."""
ADVICE = {"advice": "predicted_class", "truth": "true_class"}
OF_TASKS: Mapping[str, Mapping[str, str]] = {
    "decide": {**ADVICE, "accepted": "agreed", "confidence": "sureness"},
    "judge_advisor": {
        "first": "first_answer", **ADVICE, "final": "final_answer", "confidence": "sureness",
    },
    "classify": {**ADVICE, "final": "final_answer", "confidence": "sureness"},
    "forward_simulation": {**ADVICE, "guess": "guessed_answer"},
    "distinction": {"advice": "predicted_map", "guess": "chosen_map"},
}  # fmt: skip
"""The columns of the trials by the keys of the plan, for each task that has such measures."""
SHARED = {"response_time": "response_time_ms"}
LABELS = {
    "agreement": _("Advice followed"),
    "switching": _("Switched to the advice, where it differed from the first answer"),
    "accuracy_before": _("Accuracy before advice"),
    "accuracy": _("Accuracy with advice"),
    "accuracy_disagreeing": _("Accuracy where first answer and advice differed"),
    "over_reliance": _("Over-reliance: wrong advice followed"),
    "under_reliance": _("Under-reliance: right advice not followed"),
    "over_reliance_first_right": _("Over-reliance where the first answer was right"),
    "under_reliance_first_wrong": _("Under-reliance where the first answer was wrong"),
    "rair": _("Relative AI reliance (RAIR): wrong first answer corrected after right advice"),
    "rsr": _("Relative self-reliance (RSR): right first answer kept after wrong advice"),
    "woa": _("Weight of advice, median"),
    "woa_clipped": _("Weight of advice, clipped to 0 and 1"),
    "d_prime": _("d′: discrimination of right and wrong advice"),
    "criterion": _("Criterion c: positive for a tendency to reject"),
    "brier": _("Brier score"),
    "overconfidence": _("Overconfidence: stated minus actual accuracy"),
    "simulation": _("Forward simulation: classifier's answer predicted"),
    "simulation_above_chance": _("Forward simulation above chance"),
    "response_time": _("Response time"),
}
"""The labels of the measures that can be outcomes, repeated from the analysis for translators."""


def columns_of_task(values: Values) -> dict[str, Any]:
    """Return the table [behaviour] for the study's task, empty if the task has no such measure."""
    for run in runs(values):
        task = str(run.part.get("task", "decide"))
        if run.is_practice or task not in OF_TASKS:
            continue
        columns: dict[str, Any] = {**OF_TASKS[task], **SHARED}
        if run.part.get("confidence") == "none":
            columns.pop("confidence", None)
        if "guess" in columns:
            columns["chance"] = _chance(values, task)
        return {key: value for key, value in columns.items() if value is not None}
    return {}


def _chance(values: Values, task: str) -> float | None:
    """Return the probability of a right guess, None if the file does not name its classes."""
    if task == "distinction":
        return 1 / MAPS_TO_CHOOSE_FROM
    texts = values.get("text")
    languages = texts.values() if isinstance(texts, dict) else ()
    named = [value_at(one, ("classes",)) for one in (values, *languages)]
    count = max(len(classes) for classes in (*named, {}) if isinstance(classes, dict))
    return 1 / count if count > 1 else None


def possible_measures(values: Values) -> list[Measure]:
    """Return the measures that can be outcomes of the study: a value for each person, computed from
    the columns of the plan or, without them, of the task."""
    if within_of(values):  # a measure of behaviour has one value per person
        return []
    there = value_at(values, BEHAVIOUR)
    named = there if isinstance(there, dict) else columns_of_task(values)
    return [one for one in MEASURES if one.per == "participant" and not lacking_keys(one, named)]


def _behaviour(values: Values) -> list[Entry]:
    usual = columns_of_task(values)
    is_there = value_at(values, BEHAVIOUR) is not None
    if not usual and not is_there:
        return []
    people, scale, columns = gettext("People"), gettext("Sureness"), gettext("Columns")
    entries = [
        Entry(ASKED_FOR, gettext("Describe what people did with the answers"), "check",
              missing=is_there, help=gettext(
                  "Ticking it fills in the columns that the task of this study has."
              )),
        Entry((*BEHAVIOUR, "shortest_time"), gettext("Shortest time in milliseconds"), "number",
              group=people, missing=0, help=gettext(
                  "Faster answers do not count in the response times: they cannot be a response to "
                  "the image."
              )),
        Entry((*BEHAVIOUR, "confidence_range"), gettext("Ends of the scale of sureness"), "numbers",
              group=scale, missing=[], help=gettext(
                  "As in the data, such as 1, 5 for five points and 0, 100 for a slider."
              )),
        Entry((*BEHAVIOUR, "probability_range"),
              gettext("Probabilities of being right at these ends"), "numbers", group=scale,
              missing=[], help=gettext(
                  "Such as 0.5, 1 where a guess is right half of the time. Both are needed for "
                  "Brier score, overconfidence and calibration; empty leaves them out."
              )),
    ]  # fmt: skip
    if "guess" in usual or value_at(values, (*BEHAVIOUR, "guess")) is not None:
        entries.append(
            Entry((*BEHAVIOUR, "chance"), gettext("Probability of guessing the answer"), "decimal",
                  group=people, missing=usual.get("chance", ""), help=gettext(
                      "One divided by the number of answers, such as 0.1 for ten classes."
                  ))
        )  # fmt: skip
    # The group of the check has no heading; fields of one group are next to one another.
    entries.sort(key=lambda entry: ["", people, scale].index(entry.group))
    return [*entries, *_columns(usual, columns)]


def _columns(usual: Mapping[str, Any], group: str) -> Iterator[Entry]:
    choices: Choices = [
        ("", gettext("none")),
        *((column, column) for column in dict.fromkeys(
            column for task in (*OF_TASKS.values(), SHARED) for column in task.values()
        )),
    ]  # fmt: skip
    labels = {
        "first": gettext("First answer, before the classifier's"),
        "advice": gettext("Answer of the classifier"),
        "final": gettext("Final answer"),
        "accepted": gettext("Whether the answer was accepted, in place of a final answer"),
        "truth": gettext("True class"),
        "confidence": gettext("Sureness"),
        "guess": gettext("Guess of the classifier's answer"),
        "response_time": gettext("Response time"),
    }
    for key, label in labels.items():
        yield Entry(
            (*BEHAVIOUR, key), label, "choice", group=group, choices=choices,
            missing=usual.get(key, ""),
        )  # fmt: skip


def _write_behaviour(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    there, name = value_at(values, BEHAVIOUR), ".".join(map(str, ASKED_FOR))
    if name not in sent or (there is None and not sent[name]):
        return source
    if not sent[name]:
        if _claims(values):
            raise EditError(
                gettext(
                    "Outcomes of the plan need these columns. Remove them under “Outcomes” first."
                )
            )
        return edited(source, [Change(BEHAVIOUR, REMOVED)])
    plain = [entry for entry in entries if entry.path != ASKED_FOR]
    if there is not None:
        return edited(source, touched(values, sent, plain))
    table = columns_of_task(values)
    for entry in plain:
        key, given = str(entry.path[-1]), sent.get(entry.name)
        if given in (None, "", 0):
            table.pop(key, None)
        elif changes := entry.changes(values, given):
            table[key] = changes[0].value
    return edited(source, [Change(BEHAVIOUR, table)])


def _claims(values: Values) -> bool:
    """Return whether an outcome of the plan is a measure of behaviour."""
    return any(one.get("kind") == "behaviour" for one in tables(values, *OUTCOMES))


def _note(values: Values) -> str:
    if not columns_of_task(values) and value_at(values, BEHAVIOUR) is None:
        return gettext("The tasks of this study have no measure of behaviour.")
    if _claims(values):
        return gettext("Outcomes of the plan are measures of behaviour and need these columns.")
    return gettext(
        "The report describes all measures by arm. To claim something about one of them, add it "
        "under “Outcomes”."
    )


SECTION = Section(
    "behaviour",
    _("Behaviour"),
    _(
        "How often people follow right and wrong answers of the classifier, how right they are "
        "themselves, and whether their sureness fits."
    ),
    _behaviour,
    _write_behaviour,
    _note,
)
