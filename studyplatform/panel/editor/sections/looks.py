"""The editor's section of looks before the end: when the data are looked at, and what stops the
study."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.plan.looks_problems import GROUP_SEQUENTIAL
from analysis.plan.plan import EXPLORATORY, NO_FALLBACK
from analysis.plan.tables import ANYTIME
from studyplatform.panel.editor.base import Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Choices, Entry
from studyplatform.panel.editor.sections.plan_choices import OUTCOMES, Choice, arm_choices
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    EditError,
    Path,
    edited,
    value_at,
)

LOOKS: Path = ("analysis", "looks")
ASKED_FOR: Path = (*LOOKS, "asked_for")
ARM: Path = (*LOOKS, "arm")
"""Fields of the form that are not keys of the file: whether there are looks, and the arm that is
compared with the control."""
CONTROL: Path = ("analysis", "control")
FAMILY = "looked at"
"""The family of an outcome that has to leave its own, because boundaries are for one test."""
POWER = 0.9
QUARTERS = 4
LEAST = 4
"""The smallest number of people with a score that the plan accepts as the time of a look."""


def _looks(values: Values) -> list[Entry]:
    outcomes = _possible(values)
    entries = [
        Entry(ASKED_FOR, gettext("The study may end early, by the rule below"), "check",
              missing=value_at(values, LOOKS) is not None),
        Entry((*LOOKS, "outcome"), gettext("Outcome that is looked at"), "radio",
              choices=outcomes, missing=outcomes[0][0] if outcomes else "", is_optional=False,
              help=gettext(
                  "It gets a family of its own and no other test in its place, because the "
                  "boundaries are for one test."
              )),
        *_compared(values),
        Entry((*LOOKS, "kind"), gettext("Rule"), "radio", choices=_kinds(),
              missing="obrien_fleming", is_optional=False),
        Entry((*LOOKS, "times"), gettext("People with a score at each look"), "numbers",
              missing=_quarters(values), is_optional=False, help=gettext(
                  "All arms together, such as 50, 100, 150, 190; the last number is the sample. At "
                  "any time: the first possible look and the sample."
              )),
        Entry((*LOOKS, "futility"), gettext("Stop as well if an effect will hardly show"), "radio",
              choices=_futility(), missing="none"),
        Entry((*LOOKS, "power"), gettext("Power"), "decimal", help=gettext(
            "With such a stop: the probability of detecting the planned effect, such as 0.9. The "
            "job of the sample size tells the boundaries and how many people are needed on average."
        )),
    ]  # fmt: skip
    # Without an outcome that can be looked at, all fields would lead to mistakes.
    return entries if outcomes or value_at(values, LOOKS) is not None else []


def _kinds() -> Choices:
    return [
        ("obrien_fleming", gettext(
            "O'Brien and Fleming: early only for large effects, and hardly more people than "
            "without looks"
        )),
        ("pocock", gettext(
            "Pocock: equally easily at each look; up to a fifth more people, fewer on average"
        )),
        ("haybittle_peto", gettext("Haybittle and Peto: only if |z| is 3 or more")),
        ("anytime_bounded", gettext(
            "at any time, for scores with known limits, without an assumption about them"
        )),
        ("anytime_mean", gettext(
            "at any time, for scores without limits such as times, from 40 people on"
        )),
    ]  # fmt: skip


def _futility() -> Choices:
    return [
        ("none", gettext("no")),
        ("obrien_fleming", gettext("late, as by O'Brien and Fleming")),
        ("pocock", gettext("earlier, as by Pocock")),
    ]


def _claims(values: Values) -> list[Values]:
    return [one for one in tables(values, *OUTCOMES) if one.get("role") != EXPLORATORY]


def _possible(values: Values) -> list[Choice]:
    """Return key and label of the claims whose test can be looked at."""
    return [
        (str(one["key"]), str(one.get("label", one["key"])))
        for one in _claims(values)
        if "key" in one and str(one.get("analysis", "one_way")) in GROUP_SEQUENTIAL
    ]


def _compared(values: Values) -> Iterator[Entry]:
    """Yield the choice of the arm that is compared with the control, where there are several."""
    arms = arm_choices(values)
    if len(arms) < 3:
        return
    number = _number(values, value_at(values, (*LOOKS, "outcome")))
    control = value_at(values, CONTROL)
    at: Path = () if number is None else (*OUTCOMES, number, "asked_in")
    named = value_at(values, at, []) if at else []
    others = [key for key in named if key != control] if isinstance(named, list) else []
    yield Entry(
        ARM, gettext("Arm that is compared with “%(control)s”")
        % {"control": dict(arms).get(str(control), control)}, "choice",
        choices=[("", gettext("not chosen yet")), *(one for one in arms if one[0] != control)],
        missing=others[0] if len(others) == 1 else "", mends=at,
        help=gettext("The test of this outcome leaves all other arms out."),
    )  # fmt: skip


def _number(values: Values, key: Any) -> int | None:
    """Return the place of the outcome in the plan, None if there is no such outcome."""
    keys = [one.get("key") for one in tables(values, *OUTCOMES)]
    return keys.index(key) if key in keys else None


def _quarters(values: Values) -> list[int]:
    """Return looks after each quarter of the places, none for fewer places than looks need."""
    places = value_at(values, ("allocation", "places"))
    if not isinstance(places, int) or places < QUARTERS * LEAST:
        return []
    return [places * quarter // QUARTERS for quarter in range(1, QUARTERS + 1)]


def _write_looks(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    there = value_at(values, LOOKS)
    name = ".".join(map(str, ASKED_FOR))
    if name not in sent or (there is None and not sent[name]):
        return source
    if not sent[name]:
        return edited(source, _withdrawn(values, there))
    own = [entry for entry in entries if entry.path not in (ASKED_FOR, ARM)]
    began = {str(entry.path[-1]): entry.value(values) for entry in own} if there is None else there
    looks = {key: value for key, value in began.items() if there or value not in ("", "none")}
    for change in touched(values, sent, own):
        looks[str(change.path[-1])] = change.value
    looks = _agreeing({key: value for key, value in looks.items() if value is not REMOVED})
    changes = [Change((*LOOKS, key), REMOVED) for key in there or {} if key not in looks]
    changes += [Change((*LOOKS, key), value) for key, value in looks.items()]
    if there is None:
        changes = [Change(LOOKS, looks)]
    return edited(source, [*changes, *_of_outcome(values, looks, sent, entries)])


def _agreeing(looks: dict[str, Any]) -> dict[str, Any]:
    """Return the rule without what its kind does not use, and with the power that it needs."""
    if looks.get("kind") in ANYTIME:
        looks.pop("futility", None)
        times = looks.get("times")
        if isinstance(times, list) and len(times) > 2:
            looks["times"] = [times[0], times[-1]]
    elif looks.get("futility", "none") != "none":
        looks.setdefault("power", POWER)
    return looks


def _of_outcome(
    values: Values, looks: Mapping[str, Any], sent: Sent, entries: list[Entry]
) -> Iterator[Change]:
    """Yield what the outcome needs, so that boundaries are for one test of two arms."""
    number = _number(values, looks.get("outcome"))
    if number is None:
        return
    outcomes = tables(values, *OUTCOMES)
    outcome, at = outcomes[number], (*OUTCOMES, number)
    if looks.get("outcome") != value_at(values, (*LOOKS, "outcome")):
        yield Change((*at, "fallback"), NO_FALLBACK)
        others = [one for one in _claims(values) if one is not outcome]
        if outcome.get("family", "primary") in [one.get("family", "primary") for one in others]:
            yield Change((*at, "family"), FAMILY)
    if any(entry.path == ARM for entry in entries) and outcome.get("analysis") != "paired":
        arm = sent.get(".".join(map(str, ARM)))
        if not arm:
            raise EditError(
                gettext(
                    "Boundaries are for the difference of two arms. Choose the arm that is "
                    "compared with the control."
                )
            )
        pair = [value_at(values, CONTROL), arm]
        if set(pair) != set(outcome.get("asked_in", [])):
            yield Change((*at, "asked_in"), pair)


def _withdrawn(values: Values, there: Any) -> list[Change]:
    """Return the changes that take the looks back, with the outcome's usual tests in its place."""
    changes = [Change(LOOKS, REMOVED)]
    number = _number(values, value_at(there, ("outcome",)))
    if number is not None:
        fallback: Path = (*OUTCOMES, number, "fallback")
        if value_at(values, fallback) == NO_FALLBACK:
            changes.append(Change(fallback, REMOVED))
    return changes


def _note(values: Values) -> str:
    if _possible(values):
        return ""
    return gettext(
        "No outcome of the plan can be looked at. It has to be a claim that compares two arms or "
        "two times by means, or trials by a mixed model of yes-or-no answers or numbers. Tests are "
        "chosen under Tests."
    )


SECTION = Section(
    "looks",
    _("Looks before the end"),
    _(
        "When the data may be looked at before the end, and when the study then stops, so that "
        "false positives stay at the level of the plan. With each look the platform tells only to "
        "go on or to stop; nobody sees an arm."
    ),
    _looks,
    _write_looks,
    _note,
)
