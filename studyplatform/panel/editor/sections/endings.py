"""The editor's section of endings: screeners, and ends after failed checks."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import NEW, Section, Sent, Values, tables, touched
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.answer_rule_fields import RuleList, added_rules
from studyplatform.panel.editor.sections.earlier_questions import questions_of_the_study
from studyplatform.panel.editor.sections.endings_and_sessions import (
    named,
    naming_entries,
    text_entries,
    translated,
    way_back_entries,
    without_texts,
)
from studyplatform.panel.editor.sections.pages import arranged_entry, in_parts
from studyplatform.panel.toml_edits import (
    REMOVED,
    Change,
    InlineList,
    Path,
    edited,
    read,
    rearranged,
)

ENDINGS = "endings"
CHECKS = ("failed_attention", "failed_quizzes")
VIRTUAL = ("place", "remove", "question")
"""Fields of an ending that are not keys of its table."""


def _endings(values: Values) -> list[Entry]:
    return [
        *(
            entry
            for place, ending in enumerate(tables(values, ENDINGS))
            for entry in _of_ending(values, place, ending)
        ),
        *_addition(values),
    ]


def _of_ending(values: Values, place: int, ending: Mapping[str, Any]) -> Iterator[Entry]:
    at: Path = (ENDINGS, place)
    group = _name(place, ending)
    rules = _rules(values, place, ending)
    texts = list(text_entries(values, ENDINGS, place, group))
    first = {**vars(texts[0]), "lead": _said(values, ending, rules)}
    yield Entry(**first)
    yield from texts[1:]
    labels = {
        "failed_attention": gettext("Failed attention checks that end the study"),
        "failed_quizzes": gettext("Comprehension checks not passed that end the study"),
    }
    has_rules = bool(rules.rules(values))
    for name in CHECKS:
        is_possible = not has_rules and not any(ending.get(one) for one in CHECKS)
        if name in ending or is_possible:
            yield Entry((*at, name), labels[name], "number", group=group, missing=0)
    if not any(ending.get(one) for one in CHECKS):
        yield Entry(
            (*at, "question"), gettext("Add a condition: the answer to"), "choice", group=group,
            choices=rules.choices(), mends=() if has_rules else (*at, "key"),
            help=gettext("Save, and then choose the answers. All conditions have to hold."),
        )  # fmt: skip
    fallback = gettext("Empty: as somebody who is screened out, under Recruitment.")
    yield from way_back_entries(values, at, group, fallback)
    yield Entry(
        (*at, "paid"), gettext("You pay these people for their time"), "check",
        gettext(
            "The list of whom to pay says so. Prolific can pay a fixed reward to people who are "
            "screened out: tick it for them."
        ),
        group=group, missing=False,
    )  # fmt: skip
    yield Entry(
        (*at, "replace"), gettext("Their place is given to somebody else"), "check",
        gettext(
            "For people who had an arm already. Their answers stay in the data. Who is screened "
            "out before the first page that differs between arms takes no place anyway."
        ),
        group=group, missing=False,
    )  # fmt: skip
    if len(tables(values, ENDINGS)) > 1:
        yield Entry(
            (*at, "place"), gettext("Place in the order"), "number", group=group,
            missing=place + 1,
            help=gettext("If several endings hold at once, the first of them counts."),
        )  # fmt: skip
    yield Entry((*at, "remove"), gettext("Remove"), "check", group=group, missing=False)
    yield from rules.entries(values)


def _name(place: int, ending: Mapping[str, Any]) -> str:
    heading = str(ending.get("heading", place + 1))
    return gettext("Ending “%(heading)s” (%(key)s)") % {
        "heading": heading, "key": ending.get("key", place + 1),
    }  # fmt: skip


def _rules(values: Values, place: int, ending: Mapping[str, Any]) -> RuleList:
    heading = gettext("Ending “%(heading)s”") % {"heading": ending.get("heading", place + 1)}
    return RuleList((ENDINGS, place, "when"), heading, questions_of_the_study(values))


def _said(values: Values, ending: Mapping[str, Any], rules: RuleList) -> str:
    """Return what happens so far, in a plain sentence."""
    if rules.rules(values):
        return gettext(
            "The study ends on this page for people who %(people)s, as soon as they send the page "
            "with that answer."
        ) % {"people": rules.sentence(values)}
    counts = {name: ending.get(name) for name in CHECKS}
    attention, quizzes = (count if isinstance(count, int) else 0 for count in counts.values())
    if attention:
        return ngettext(
            "The study ends on this page for people who fail %(count)d attention check.",
            "The study ends on this page for people who fail %(count)d attention checks.",
            attention,
        ) % {"count": attention}
    if quizzes:
        return ngettext(
            "The study ends on this page for people who do not pass %(count)d comprehension check "
            "in the second attempt either.",
            "The study ends on this page for people who do not pass %(count)d comprehension checks "
            "in the second attempt either.",
            quizzes,
        ) % {"count": quizzes}
    return gettext("Nobody comes to this page yet. Choose an answer or failed checks.")


def _addition(values: Values) -> list[Entry]:
    if "parts" not in values:
        return [arranged_entry()]
    group = gettext("Add an ending")
    questions = [
        (one.key, gettext("the answer to: %(question)s") % {"question": one.label})
        for one in questions_of_the_study(values)
    ]
    checks = {
        "failed_attention": gettext("failed attention checks"),
        "failed_quizzes": gettext("comprehension checks that are not passed"),
    }
    there = _checks(values)
    return [
        Entry(
            (NEW, "reason"), gettext("The study ends because of"), "choice", group=group,
            choices=[("", gettext("none is added")),
                     *((name, checks[name]) for name in CHECKS if name in there), *questions],
            help=gettext(
                "Save, and then choose the answers. Ask neutrally, and do not say in the consent "
                "which answer you expect."
            ),
        ),
        *naming_entries((NEW,), group),
    ]  # fmt: skip


def _checks(values: Values) -> set[str]:
    """Return the kinds of checks that the study has."""
    found = set()
    for part in tables(values, "parts"):
        if part.get("kind") == "attention" or part.get("attention"):
            found.add("failed_attention")
        if part.get("kind") == "quiz":
            found.add("failed_quizzes")
    return found


def _write_endings(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    if sent.get(f"{NEW}.arranged"):
        return in_parts(source)
    there, latest = tables(values, ENDINGS), read(source)
    removed = [place for place in range(len(there)) if sent.get(f"{ENDINGS}.{place}.remove")]
    keys = [str(there[place].get("key")) for place in removed]
    plain = [entry for entry in entries if _is_plain(entry, removed, keys)]
    changes = touched(values, sent, plain)
    for place, ending in enumerate(there):
        if place not in removed:
            changes += _of_rules(values, place, ending, sent, latest)
    source = edited(source, changes + without_texts(values, ENDINGS, keys))
    added = _added(values, sent)
    if added:
        source = edited(source, translated(values, ENDINGS, added))
    order = _ordered(sent, [place for place in range(len(there)) if place not in removed], added)
    if order == list(range(len(there))):
        return source
    if not order:
        return edited(source, [Change((ENDINGS,), REMOVED)])
    return rearranged(source, (ENDINGS,), order)


def _is_plain(entry: Entry, removed: list[int], keys: list[str]) -> bool:
    """Return whether the field is a value of an ending that stays."""
    path = entry.path
    if path[0] == "text":
        return path[3] not in keys
    is_value = path[0] == ENDINGS and len(path) == 3 and path[2] not in VIRTUAL
    return is_value and path[1] not in removed


def _of_rules(
    values: Values, place: int, ending: Mapping[str, Any], sent: Sent, latest: Values
) -> list[Change]:
    rules = _rules(values, place, ending)
    chosen = sent.get(f"{ENDINGS}.{place}.question")
    question = next((one for one in rules.questions if one.key == chosen), None)
    added = added_rules(question, (), for_page=False) if question else []
    return rules.changes(values, sent, latest, added)


def _added(values: Values, sent: Sent) -> dict[str, Any]:
    """Return the table of an ending to add, empty for none."""
    reason = str(sent.get(f"{NEW}.reason") or "")
    if not reason:
        return {}
    entry = named(values, ENDINGS, sent, NEW, "ending")
    if reason in CHECKS:
        # Two, because a single slip happens to attentive people as well.
        return entry | {reason: 2 if reason == "failed_attention" else 1}
    question = next(one for one in questions_of_the_study(values) if one.key == reason)
    return entry | {"when": InlineList(added_rules(question, (), for_page=False))}


def _ordered(sent: Sent, kept: list[int], added: dict[str, Any]) -> list[int | dict[str, Any]]:
    """Return the endings by the places that were asked for, and the added one behind them."""
    places = []
    for number in kept:
        asked = sent.get(f"{ENDINGS}.{number}.place")
        place = number + 1 if asked is None else asked
        # One that moves up comes before the one that has the place now, others behind it.
        places.append((place, (place > number + 1) - (place < number + 1), number))
    order: list[int | dict[str, Any]] = [number for _place, _side, number in sorted(places)]
    return [*order, added] if added else order


def _note(values: Values) -> str:
    if "parts" not in values:
        return gettext("To end the study early, first arrange the pages one by one.")
    if not questions_of_the_study(values) and not _checks(values):
        return gettext(
            "The study has neither a question nor a check yet. Add them under Pages and "
            "questionnaires, or under Checks."
        )
    return ""


SECTION = Section(
    "endings",
    _("Endings"),
    _(
        "Ends that the study itself sets before its last page: screening questions, and too many "
        "failed checks. Each has a page of its own with a way back to the recruitment service."
    ),
    _endings,
    _write_endings,
    _note,
)
