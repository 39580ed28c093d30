"""The editor's section of the design: what differs between people, and what each person sees in
turn."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from analysis.plan.plan import TIME_COLUMNS
from studyplatform.panel.editor.base import NEW, Section, Sent, Values, conditions, tables
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.earlier_questions import items_of
from studyplatform.panel.editor.sections.pages import in_parts
from studyplatform.panel.editor.sections.plan_choices import (
    OUTCOMES,
    arm_choices,
    factor_names,
    shown,
    within_of,
)
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    EditError,
    Path,
    edited,
    read,
    value_at,
)
from surveys.study_file import designs

WITHIN: Path = ("design", "within")
DESIGN: Path = (NEW, "design")
BETWEEN = "between"
SEPARATOR = "+"
"""Between factors in the value of a choice, where no name of a factor can have it."""
WITHIN_PEOPLE = ("repeated", "paired", "permutation_within", "mixed_anova", "factorial_within")
"""Analyses that compare what each person saw."""


def _design(values: Values) -> list[Entry]:
    within = within_of(values)
    _name, listed = conditions(values)
    in_turn = [
        (designs.CONDITION, gettext("everything in turn, a block of images each")),
        *_by_factor(values),
    ]
    is_single = len(listed) < 2 and not within
    return [
        Entry(
            DESIGN, gettext("What each person sees"), "radio",
            gettext(
                "Within people needs fewer people and more images of each, and takes longer; "
                "one map can change how the next is seen. The order is balanced: each map is "
                "equally often in each place, and equally often behind each other one."
            )
            if not is_single
            else gettext("Once the study has a second arm, people can also see all in turn."),
            missing=SEPARATOR.join(within) or BETWEEN,
            choices=[
                (BETWEEN, gettext("one arm: people differ in what they see")),
                *(() if is_single else in_turn),
            ],
        ),
    ]  # fmt: skip


def _by_factor(values: Values) -> Iterator[tuple[str, str]]:
    """Yield the designs in which one factor varies within people and the others between them."""
    names = factor_names(values)
    _name, listed = conditions(values)
    for name in names if len(names) > 1 else ():
        if not designs.problems(shown(listed), [name]):
            yield name, gettext("every level of “%(factor)s” in turn, one of the other factors") % {
                "factor": name,
            }  # fmt: skip


def _write_design(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    chosen = str(sent.get(f"{NEW}.design") or BETWEEN)
    before = within_of(values)
    within = [] if chosen == BETWEEN else chosen.split(SEPARATOR)
    if within == before:
        return source
    if bool(within) != bool(before):
        source = in_parts(source)
        source = _renamed(source, bool(within))
    return edited(source, list(_changes(read(source), before, within)))


def _renamed(source: str, is_within: bool) -> str:
    """Return the file with its [[arms]] as [[conditions]], or the other way round.

    Only the headings change, so that comments and the layout of the tables stay.
    """
    old, new = ("arms", "conditions") if is_within else ("conditions", "arms")
    before = read(source)
    if old not in before:  # an old file, which has [[arms]] in every design
        return source
    heading = rf"(?m)^(?P<start>[ \t]*\[\[?[ \t]*){old}(?P<end>[ \t]*[\].])"
    text, headings = re.subn(heading, rf"\g<start>{new}\g<end>", source)
    if not headings:  # the tables are in one list; below a heading, arms = limits a page
        text = re.sub(rf"(?m)^{old}(?P<end>[ \t]*=)", rf"{new}\g<end>", source)
    wanted = {new if key == old else key: value for key, value in before.items()}
    # Without the comparison, a text of the study that looks like a heading would change with them.
    if read(text) != wanted:
        raise EditError(
            gettext(
                "This file is written in a way that the form cannot change without touching other "
                "values. Make the change in the text editor."
            )
        )
    return text


def _changes(values: Values, before: list[str], within: list[str]) -> Iterator[Change]:
    """Yield the changes of the file, whose arms or conditions have the name that fits already."""
    yield Change(WITHIN, within) if within else Change(("design",), REMOVED)
    arms = [key for key, _label in arm_choices(values, within)]
    yield from _of_arms(values, arms)
    if bool(within) != bool(before):
        yield from _of_parts(values, within)
    for number, outcome in enumerate(tables(values, *OUTCOMES)):
        yield from _of_outcome(values, (*OUTCOMES, number), outcome, within)


def _of_arms(values: Values, arms: list[str]) -> Iterator[Change]:
    """Yield the changes of what names an arm that the new design does not have."""
    for key in ("quotas", "ratios"):
        if value_at(values, ("allocation", key)) is not None:
            yield Change(("allocation", key), REMOVED)
    if arms and value_at(values, ("analysis", "control")) not in arms:
        yield Change(("analysis", "control"), arms[0])
    for key in ("ai_only", "human_alone"):
        if value_at(values, ("analysis", key), arms[:1] and arms[0]) not in arms:
            yield Change(("analysis", key), REMOVED)
    if "arms" in value_at(values, ("analysis",), {}):
        yield Change(("analysis", "arms"), REMOVED)
    contrasts = tables(values, "analysis", "contrasts")
    named = {key for one in contrasts if isinstance(one.get("weights"), dict)
             for key in one["weights"]}  # fmt: skip
    if contrasts and not named <= set(arms):
        yield Change(("analysis", "contrasts"), REMOVED)


def _of_parts(values: Values, within: list[str]) -> Iterator[Change]:
    """Yield the changes of the pages: their limits, and in which blocks they are."""
    old, new = ("arms", "conditions") if within else ("conditions", "arms")
    measured = {
        str(one.get("scale", one.get("item")))
        for one in tables(values, *OUTCOMES)
        if one.get("within") == designs.CONDITION or _is_compared(one)
    }
    has_trials = False
    for number, part in enumerate(tables(values, "parts")):
        at: Path = ("parts", number)
        has_trials = has_trials or part.get("kind") == "trials"
        if old in part:
            yield Change((*at, new), part[old])
            yield Change((*at, old), REMOVED)
        if within:
            # Only answers of every block can be compared between the maps of one person.
            is_asked_once = within != [designs.CONDITION] or "session" in part
            if has_trials and not is_asked_once and measured & {name for item in items_of(part)
                                          for name in (item.id, item.subscale)}:  # fmt: skip
                yield Change((*at, "per_block"), True)
        else:
            for key in ("per_block", "blocks"):
                if key in part and (key == "blocks" or part.get("kind") == "questionnaire"):
                    yield Change((*at, key), REMOVED)


def _of_outcome(
    values: Values, at: Path, outcome: Mapping[str, Any], within: list[str]
) -> Iterator[Change]:
    """Yield the changes of an outcome whose analysis compares what the new design does not vary."""
    gone = ("fallback", "factors", "factor", "effect", "covariates", "slopes", "within_slopes",
            "random", "degrees_of_freedom")  # fmt: skip
    compares_people = outcome.get("analysis", "one_way") not in WITHIN_PEOPLE
    if "asked_in" in outcome:
        yield Change((*at, "asked_in"), REMOVED)
    if within and (not _is_compared(outcome) or not _varies(outcome, within)):
        if outcome.get("analysis") == "factorial":  # its factors may not be between people now
            yield from (Change((*at, key), REMOVED) for key in gone if key in outcome)
            yield Change((*at, "analysis"), "one_way")
        return
    if within and outcome.get("analysis") == "factorial" and "factors" in outcome:
        yield from (Change((*at, key), REMOVED) for key in ("fallback",) if key in outcome)
        yield Change((*at, "analysis"), "factorial_within")
        yield Change((*at, "within"), designs.CONDITION)
        return
    if within and (compares_people or outcome.get("within") != within[0]):
        yield from (Change((*at, key), REMOVED) for key in gone if key in outcome)
        yield Change((*at, "analysis"), "repeated")
        yield Change((*at, "within"), within[0])
    if not within and not compares_people and "before" not in outcome:
        yield from (Change((*at, key), REMOVED) for key in ("fallback", "within") if key in outcome)
        yield Change((*at, "analysis"), "factorial" if "factors" in outcome else "one_way")


def _is_compared(outcome: Mapping[str, Any]) -> bool:
    """Check whether the outcome can be compared between what one person sees.

    A measure of behaviour has one value per person, and an outcome with a time of its own is about
    that time.
    """
    where = outcome.get("where")
    has_time = "before" in outcome or (isinstance(where, dict) and set(where) & set(TIME_COLUMNS))
    return outcome.get("kind") in ("scale", "item", "trial_mean") and not has_time


def _varies(outcome: Mapping[str, Any], within: list[str]) -> bool:
    """Check whether the data tell which level of the design the outcome belongs to.

    Answers of questionnaires name their condition, and no other factor.
    """
    return outcome.get("kind") == "trial_mean" or within == [designs.CONDITION]


def _note(values: Values) -> str:
    """Return how many arms there are, and what becomes of a change."""
    arms = len(arm_choices(values))
    said = ngettext(
        "The study has %(count)d arm now.", "The study has %(count)d arms now.", arms
    ) % {"count": arms}
    return (
        said
        + " "
        + gettext(
            "A change also changes what depends on it: the control and the tests of the plan, the "
            "questionnaires of each block, and the limits of pages. Quotas, ratios and contrasts "
            "of arms that no longer exist are removed. Each block needs images of its own."
        )
    )


SECTION = Section(
    "design",
    _("Design"),
    _("Whether people see one of the arms, or all of them one after the other."),
    _design,
    _write_design,
    _note,
)
