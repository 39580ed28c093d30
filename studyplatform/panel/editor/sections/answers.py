"""The editor's section of conditions: which pages and questions depend on earlier answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.editor.base import Section, Sent, Values, tables
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.answer_rule_fields import RuleList, added_rules
from studyplatform.panel.editor.sections.earlier_questions import items_of, questions_before
from studyplatform.panel.editor.sections.pages import ARRANGED, arranged_entry, described, in_parts
from studyplatform.panel.toml_edits import REMOVED, Change, Path, edited, read, value_at

KINDS = ("questionnaire", "text")
"""Kinds of pages that can depend on an answer. All arms need the same trials and checks."""


def _answers(values: Values) -> list[Entry]:
    if "parts" not in values:
        return [arranged_entry()]
    return [
        entry
        for place, part in enumerate(tables(values, "parts"))
        if part.get("kind") in KINDS
        for entry in _of_page(values, place, part)
    ]


def _of_page(values: Values, place: int, part: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield the fields of a page: a new condition, and those that page and questions have."""
    lists = _lists(values, place, part)
    (of_page, *_of_items) = lists.values()
    has_rules = any(one.rules(values) for one in lists.values())
    if not of_page.questions and not has_rules:
        return
    at: Path = ("parts", place)
    name = _page_name(place, part)
    lead = _said(values, lists)
    single = [(item.id, _question(item.text)) for item in _single(part)]
    if single and of_page.questions:
        yield Entry(
            (*at, "dependent"), gettext("What is to depend on an answer"), "choice", group=name,
            choices=[("", gettext("the whole page")), *single], lead=lead,
            help=gettext(
                "Questions of a scale cannot be chosen, because all people need the same score."
            ),
        )  # fmt: skip
    if of_page.questions:
        yield Entry(
            (*at, "question"), gettext("Add a condition: the answer to"), "choice", group=name,
            choices=of_page.choices(), lead=lead,
            help=gettext("Save, and then choose the answers. All conditions have to hold."),
        )  # fmt: skip
    for one in lists.values():
        yield from one.entries(values)


def _page_name(place: int, part: Mapping[str, Any]) -> str:
    return gettext("Page %(number)d: %(what)s") % {"number": place + 1, "what": described(part)}


def _question(text: str) -> str:
    return gettext("the question “%(question)s”") % {"question": text}


def _single(part: Mapping[str, Any]) -> list[Any]:
    """Return the items that are part of no scale."""
    return [item for item in items_of(part) if not item.subscale]


def _lists(values: Values, place: int, part: Mapping[str, Any]) -> dict[str, RuleList]:
    """Return the rules of the page, and of its items by their ids, whether it has any or not."""
    at: Path = ("parts", place)
    questions = questions_before(values, place)
    name = _page_name(place, part)
    lists = {"": RuleList((*at, "show_if"), name, questions)}
    written = part.get("show_items")
    known = {item.id: item.text for item in items_of(part)}
    named = dict.fromkeys([*(written if isinstance(written, Mapping) else ()),
                           *(item.id for item in _single(part))])  # fmt: skip
    for item in named:
        words = {"number": place + 1, "question": known.get(item, item)}
        heading = gettext("Page %(number)d, question “%(question)s”") % words
        lists[item] = RuleList((*at, "show_items", item), heading, questions)
    return lists


def _said(values: Values, lists: Mapping[str, RuleList]) -> str:
    """Return what happens so far, in plain sentences."""
    sentences = []
    for item, one in lists.items():
        if not one.rules(values):
            if not item:
                sentences.append(gettext("Everybody who comes this far sees this page."))
            continue
        words = {"people": one.sentence(values)}
        if not item:
            sentences.append(
                gettext("This page is shown only to people who %(people)s.") % words
                + " "
                + gettext("Everybody else goes on without it.")
            )
            continue
        words["question"] = next(
            (text.text for text in items_of(value_at(values, one.path[:2], {})) if text.id == item),
            item,
        )
        sentences.append(
            gettext("The question “%(question)s” is asked only of people who %(people)s.") % words
        )
    return " ".join(sentences)


def _write_answers(source: str, values: Values, sent: Sent, entries: list[Entry]) -> str:
    if "parts" not in values:
        return in_parts(source) if sent.get(".".join(map(str, ARRANGED))) else source
    changes: list[Change] = []
    latest = read(source)
    for place, part in enumerate(tables(values, "parts")):
        if part.get("kind") in KINDS:
            changes += _of_part(values, place, part, sent, latest)
    return edited(source, changes)


def _of_part(
    values: Values, place: int, part: Mapping[str, Any], sent: Sent, latest: Values
) -> list[Change]:
    lists = _lists(values, place, part)
    chosen = sent.get(f"parts.{place}.question")
    dependent = str(sent.get(f"parts.{place}.dependent") or "")
    changes: list[Change] = []
    for item, one in lists.items():
        added: list[dict[str, Any]] = []
        if chosen and item == dependent:
            question = next(each for each in one.questions if each.key == chosen)
            there = [*one.rules(values), *lists[""].rules(values)]
            added = added_rules(question, there)
        changes += one.changes(values, sent, latest, added)
    return _without_empty_table(latest, place, changes)


def _without_empty_table(values: Values, place: int, changes: list[Change]) -> list[Change]:
    """Return the changes, with the whole table of the items' rules removed if nothing is left."""
    at: Path = ("parts", place, "show_items")
    there = value_at(values, at, {})
    gone = {change.path for change in changes if change.value is REMOVED}
    kept = [item for item in there if (*at, item) not in gone] if isinstance(there, dict) else []
    added = [one for one in changes if one.path[:3] == at and one.value is not REMOVED]
    if not gone or not there or kept or added:
        return changes
    return [*(one for one in changes if one.path[:3] != at), Change(at, REMOVED)]


def _note(values: Values) -> str:
    if "parts" not in values:
        return gettext("To show pages to some people alone, first arrange the pages one by one.")
    if not _answers(values):
        return gettext(
            "No page comes after a question yet. Add a questionnaire before the page that is to "
            "depend on its answers, under Pages and questionnaires."
        )
    return gettext(
        "Only questions of earlier pages are offered, because nobody can go back. People who are "
        "not shown a page or a question have the value “not_asked” there in the data."
    )


SECTION = Section(
    "answers",
    _("Conditions on answers"),
    _(
        "Pages and single questions that are only for some people. Images and checks are for "
        "everybody, because the arms are compared over them."
    ),
    _answers,
    _write_answers,
    _note,
)
