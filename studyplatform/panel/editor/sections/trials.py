"""The editor's section of the task: what people do with each picture, and what they are asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, conditions, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.runs import SHORT, USUAL_PRACTICE, in_list_of_pages, runs
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, value_at
from surveys import tasks
from surveys.study_file.parts.trials import BLUR, CIRCLE

TASKS = {
    "decide": _("Accept or reject the classifier's answer. The simplest task."),
    "classify": _("See the classifier's answer and say what the image shows."),
    "judge_advisor": _(
        "Give an own answer, see the classifier's, and give the final answer. Separates "
        "following good advice from following bad advice (Schemmer et al., 2023)."
    ),
    "forward_simulation": _(
        "Guess what the classifier says. Measures understanding (Doshi-Velez & Kim, 2017)."
    ),
    "agreement": _("Rate on four points whether the classifier is right."),
    "distinction": _(
        "From the maps of four classes, choose that of the classifier's hidden answer."
    ),
    "preference": _("Choose between two maps of the same answer, by different methods."),
    "uncover": _(
        "Uncover a blurred image place by place and say what it shows. Measures where people "
        "look, to compare it with maps."
    ),
}


def _trials(values: Values) -> list[Entry]:
    return [
        entry
        for run in runs(values)
        # The short form has a single run, which needs no heading.
        for entry in _asked(values, run.part, run.at, "" if run.at == SHORT else run.group)
    ]


def _asked(values: Values, part: Mapping[str, Any], at: Path, group: str) -> Iterator[Entry]:
    usual = USUAL_PRACTICE if part.get("kind") == "practice" else {}
    shown: Path = ("images",) if at == SHORT else at
    yield Entry(
        (*at, "task"), gettext("What people do with each image"), "radio", group=group,
        missing="decide",
        choices=[(task.key, TASKS.get(task.key, task.label)) for task in tasks.TASKS],
        help=gettext(
            "Outcomes of the plan depend on the task: after a change, look at the mistakes and at "
            "the plan. A choice between maps begins with the maps of all arms."
        ),
    )  # fmt: skip
    yield from _compared(values, part, at, group)
    yield from _uncovered(part, at, group)
    yield Entry(
        (*shown, "right"), gettext("Images that the classifier gets right"), "number",
        gettext("Per person or, within people, per kind of map. 12 take about 5 minutes."),
        group=group, missing=usual.get("right", ""), is_optional=False,
    )  # fmt: skip
    yield Entry(
        (*shown, "wrong"), gettext("Images that it gets wrong"), "number", group=group,
        missing=usual.get("wrong", ""), is_optional=False,
    )  # fmt: skip
    yield Entry(
        (*at, "confidence"), gettext("Sureness of one's own decision"), "choice", group=group,
        missing="points", choices=_ways(),
    )  # fmt: skip
    yield Entry(
        (*at, "advice_confidence"), gettext("Sureness that the classifier is right"), "choice",
        gettext(
            "Asked once people know its answer. Sureness of a decision is not sureness of the "
            "advice: ask for both if you want to tell them apart."
        ),
        group=group, missing="none", choices=_ways(),
    )  # fmt: skip
    yield Entry(
        (*at, "free_text"), gettext("A field to write in, in each trial"), "radio",
        gettext(
            "Explaining a decision can change it, thinking aloud hardly does (Fox et al., 2011). "
            "Both take time: ask in all arms or in none."
        ),
        group=group, missing="none",
        choices=[("none", gettext("no field")),
                 ("reason", gettext("Why do you decide this way? (after the decision)")),
                 ("think_aloud", gettext("Whatever crosses your mind (before the decision)"))],
    )  # fmt: skip
    yield Entry(
        (*at, "free_text_required"), gettext("The field must be filled in"), "check",
        gettext("Otherwise people can leave it empty."), group=group, missing=False,
    )  # fmt: skip
    yield Entry(
        (*at, "diagnosis"), gettext("Also ask whether anything is wrong"), "check",
        gettext(
            "An optional question about answer and map. You read the answers by image under "
            "Feedback. Attention to errors may change trust: ask in all arms or in none."
        ),
        group=group, missing=False,
    )  # fmt: skip


def _compared(values: Values, part: Mapping[str, Any], at: Path, group: str) -> Iterator[Entry]:
    """Yield the field of the maps to compare, where the task compares any."""
    with_maps = [(key, label) for key, label, _method in _maps(values)]
    if _compares(str(part.get("task", ""))) or "compare" in part:
        yield Entry(
            (*at, "compare"), gettext("Maps to choose between"), "several",
            gettext(
                "Two or more. Each trial shows a pair of them, whatever map the person's arm shows "
                "otherwise."
            ),
            group=group, missing=[], choices=with_maps,
        )  # fmt: skip
        yield Entry(
            (*at, "neither"), gettext("People can choose neither map"), "check",
            gettext("The analysis of preferences counts such an answer as a tie."),
            group=group, missing=False,
        )  # fmt: skip


def _uncovered(part: Mapping[str, Any], at: Path, group: str) -> Iterator[Entry]:
    """Yield the fields of the blur and the clear circle, where the task uncovers pictures."""
    if not (_uncovers(str(part.get("task", ""))) or {"circle", "blur"} & part.keys()):
        return
    yield Entry(
        (*at, "circle"), gettext("Diameter of the clear circle"), "number",
        gettext("In percent of the image's width, from 10 to 60."), group=group, missing=CIRCLE,
    )  # fmt: skip
    yield Entry(
        (*at, "blur"), gettext("Blur of the image"), "choice",
        gettext("As strong as it takes for nobody to recognise the image at once."),
        group=group, missing=BLUR,
        choices=[("light", gettext("light")), ("medium", gettext("medium")),
                 ("strong", gettext("strong"))],
    )  # fmt: skip


def _uncovers(task: str) -> bool:
    return any(one.uncovers for one in tasks.TASKS if one.key == task)


def _maps(values: Values) -> list[tuple[str, str, str]]:
    """Return key, label and method of each arm or condition with a map."""
    _name, listed = conditions(values)
    return [
        (str(arm["key"]), str(arm.get("label", arm["key"])), str(arm["method"]))
        for arm in listed
        if "key" in arm and arm.get("method")
    ]


def _compares(task: str) -> bool:
    return any(one.compares for one in tasks.TASKS if one.key == task)


def _ways() -> list[tuple[str, str]]:
    return [
        ("none", gettext("not asked")),
        ("points", gettext("on five points")),
        ("slider", gettext("on a slider from 0 to 100")),
    ]


def _write_trials(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    source, values, changes = in_list_of_pages(source, values, touched(values, sent, entries))
    changes += _every_map(values, changes)
    return edited(source, [*_without_unfit(values, changes), *_unfit(values, changes)])


def _every_map(values: Values, changes: list[Change]) -> list[Change]:
    """Return what a task that compares maps begins with: one map of each method."""
    one_of_each = {method: key for key, _label, method in reversed(_maps(values))}
    keys = list(reversed(one_of_each.values()))
    return [
        Change((*change.path[:-1], "compare"), keys)
        for change in changes
        if change.path[-1] == "task"
        and _compares(str(change.value))
        and value_at(values, (*change.path[:-1], "compare")) is None
    ]


def _without_unfit(values: Values, changes: list[Change]) -> list[Change]:
    gone = {change.path for change in _unfit(values, changes)}
    return [change for change in changes if change.path not in gone]


def _unfit(values: Values, changes: list[Change]) -> list[Change]:
    """Return the removal of the keys that do not fit a task or a field that was chosen anew."""
    removed: list[Change] = []
    for change in changes:
        *at, key = change.path
        if key == "task":
            task = {task.key: task for task in tasks.TASKS}.get(change.value)
            if task is not None and not task.compares:
                removed += [Change((*at, key), REMOVED) for key in ("compare", "neither")]
            if task is not None and not task.uncovers:
                removed += [Change((*at, key), REMOVED) for key in ("circle", "blur")]
            if task is not None and not task.stages[-1].shows_prediction:
                removed.append(Change((*at, "advice_confidence"), REMOVED))
                removed.append(Change((*at, "diagnosis"), REMOVED))
        if key == "free_text" and change.value == "none":
            removed.append(Change((*at, "free_text_required"), REMOVED))
    return removed


SECTION = Section(
    "trials",
    _("Task and questions"),
    _("What people do with each image, and what they are asked about it."),
    _trials,
    _write_trials,
)
