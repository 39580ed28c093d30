"""Rules about earlier answers as fields of the editor: entries, sentences, and what is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext

from studyplatform.panel.editor.base import Sent, Values
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.sections.earlier_questions import Question
from studyplatform.panel.toml_edits import REMOVED, Change, InlineList, Path, value_at
from surveys.questionnaires.base import WRITTEN, Item
from surveys.study_file.answer_rules import is_same

Rule = Mapping[str, Any]
COMPARISONS = ("equals", "one_of", "at_least", "at_most", "answered")
CHOSEN, RANGE, ANSWERED, EMPTY = "chosen", "range", "answered", "empty"
"""Comparisons of the form: one of the ticked answers, a range, any answer, and no answer."""


@dataclass(frozen=True)
class _State:
    """A rule as the form shows it. ``answers`` are stored values, as text."""

    comparison: str
    answers: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class RuleList:
    """The rules at a path of the file.

    ``name`` is how headings call what depends on them, and ``questions`` are the questions on
    which it can depend.
    """

    path: Path
    name: str
    questions: Sequence[Question]

    def rules(self, values: Values) -> list[Rule]:
        """Return the rules in the file."""
        there = value_at(values, self.path, [])
        are_rules = isinstance(there, list) and all(isinstance(one, dict) for one in there)
        return list(there) if are_rules else []

    def entries(self, values: Values) -> Iterator[Entry]:
        """Yield the fields of every rule in the file."""
        for number, rule in enumerate(self.rules(values)):
            yield from self._of_rule(number, rule)

    def choices(self) -> list[tuple[str, str]]:
        """Return the questions for the choice of a new rule."""
        return [("", gettext("none")), *((one.key, one.label) for one in self.questions)]

    def question(self, rule: Rule) -> Question | None:
        """Return the question that the rule is about, or None if it cannot be about it here."""
        return next(
            (
                one for one in self.questions
                if one.item.id == rule.get("item") and rule.get("part", one.part) == one.part
            ),
            None,
        )  # fmt: skip

    def sentence(self, values: Values) -> str:
        """Return what people have answered whom the rules mean, as the end of "people who"."""
        said = [
            _in_words(question.item, state_of(rule, question.item))
            if (question := self.question(rule))
            else gettext("answered “%(item)s” in some way") % {"item": rule.get("item", "")}
            for rule in self.rules(values)
        ]
        return _joined(said, gettext("and"))

    def changes(
        self, values: Values, sent: Sent, latest: Values, added: Sequence[dict[str, Any]] = ()
    ) -> list[Change]:
        """Return the changes of the rules that somebody touched, removed or added.

        ``values`` filled the form. In the ``latest`` version, a colleague may have added rules.
        """
        rules, there = self.rules(values), self.rules(latest)
        removed = [
            number for number in range(len(rules)) if sent.get(_name(self.path, number, "remove"))
        ]
        if removed and len(removed) == len(there):
            return [Change(self.path, InlineList(added) if added else REMOVED)]
        changes = [
            change
            for number, rule in enumerate(rules)
            if number not in removed
            for change in self._touched(number, rule, sent)
        ]
        if not there and added:
            changes.append(Change(self.path, InlineList(added)))
        elif added:
            changes += [
                Change((*self.path, number), rule) for number, rule in enumerate(added, len(there))
            ]
        # From the last to the first, because a removal moves the rules behind it.
        return changes + [Change((*self.path, number), REMOVED) for number in reversed(removed)]

    def _of_rule(self, number: int, rule: Rule) -> Iterator[Entry]:
        at: Path = (*self.path, number)
        question = self.question(rule)
        heading = gettext("%(what)s: condition %(number)d") % {
            "what": self.name, "number": number + 1,
        }  # fmt: skip
        if question is None:
            yield Entry(
                (*at, "remove"), gettext("Remove this condition"), "check", group=heading,
                missing=False, mends=(*at, "item"),
                lead=gettext(
                    "It is about “%(item)s”, which is not asked before this page. Remove it, or "
                    "move the pages."
                ) % {"item": rule.get("item", "")},
            )  # fmt: skip
            return
        state = state_of(rule, question.item)
        is_begun = state.comparison == CHOSEN and not state.answers
        mending = "answers" if is_begun else "comparison"
        for entry in self._comparison(at, question.item, state):
            of_rule: dict[str, Any] = {"group": heading}
            if entry.path[-1] == "comparison":
                of_rule["lead"] = question.label
            if entry.path[-1] == mending:
                of_rule["mends"] = (*at, "item")
            yield Entry(**{**vars(entry), **of_rule})
        yield Entry(
            (*at, "remove"), gettext("Remove this condition"), "check", group=heading,
            missing=False,
        )  # fmt: skip

    def _comparison(self, at: Path, item: Item, state: _State) -> Iterator[Entry]:
        offered = comparisons_of(item, state)
        sentences = {
            CHOSEN: gettext("one of the answers that are ticked below"),
            RANGE: gettext("an answer in the range below"),
            ANSWERED: gettext("any answer"),
            EMPTY: gettext("left empty"),
        }
        yield Entry(
            (*at, "comparison"), gettext("It holds for"), "radio", missing=state.comparison,
            choices=[(one, sentences[one]) for one in offered],
        )  # fmt: skip
        if CHOSEN in offered:
            yield Entry(
                (*at, "answers"), gettext("Answers"), "several", missing=list(state.answers),
                choices=_answers(item),
            )  # fmt: skip
        if RANGE not in offered:
            return
        for name, label, value in (
            ("from", pgettext("range", "At least"), state.low),
            ("to", pgettext("range", "At most"), state.high),
        ):
            if item.codes:
                yield Entry(
                    (*at, name), label, "choice", missing="" if value is None else f"{value:g}",
                    choices=[("", gettext("no limit")), *item_answers(item)],
                )  # fmt: skip
            else:
                low, high = item.bounds or (0, 0)
                limits = {"low": f"{low:g}", "high": f"{high:g}"}
                yield Entry(
                    (*at, name), label, "decimal", missing=value,
                    help=gettext("Answers are from %(low)s to %(high)s. Empty: no limit.") % limits,
                )  # fmt: skip

    def _touched(self, number: int, rule: Rule, sent: Sent) -> list[Change]:
        question = self.question(rule)
        if question is None:
            return []
        before = state_of(rule, question.item)
        after = _State(
            str(sent.get(_name(self.path, number, "comparison"), before.comparison)),
            _sorted(sent.get(_name(self.path, number, "answers"), before.answers), question.item),
            _limit(sent.get(_name(self.path, number, "from"), before.low)),
            _limit(sent.get(_name(self.path, number, "to"), before.high)),
        )
        if after == before:
            return []
        wanted = _compared(rule, question.item, after)
        return [
            Change((*self.path, number, name), wanted.get(name, REMOVED))
            for name in COMPARISONS
            if rule.get(name) != wanted.get(name) or (name in wanted and name not in rule)
        ]


def added_rules(
    question: Question, there: Sequence[Rule], *, for_page: bool = True
) -> list[dict[str, Any]]:
    """Return the new rule about the question.

    A page repeats the rules by which the question itself is shown; ``there`` are the rules that it
    has already.
    """
    repeated = [dict(rule) for rule in question.rules if rule not in there] if for_page else []
    return [*repeated, question.rule()]


def comparisons_of(item: Item, state: _State) -> list[str]:
    """Return the comparisons that the item's answers allow."""
    offered = []
    if _answers(item) or state.answers:
        offered.append(CHOSEN)
    if item.bounds is not None:
        offered.append(RANGE)
    if not item.required:
        offered += [ANSWERED, EMPTY]
    return offered if state.comparison in offered else [*offered, state.comparison]


def state_of(rule: Rule, item: Item) -> _State:
    """Return the rule as the form shows it."""
    if isinstance(rule.get("answered"), bool):
        return _State(ANSWERED if rule["answered"] else EMPTY)
    limits = [_limit(rule.get(name)) for name in ("at_least", "at_most")]
    if any(limit is not None for limit in limits):
        return _State(RANGE, low=limits[0], high=limits[1])
    named = _values(rule)
    number = _limit(named[0]) if len(named) == 1 else None
    if number is not None and not item.codes and item.bounds is not None:
        return _State(RANGE, low=number, high=number)
    answers = _sorted([_code(item, value) for value in named], item)
    if answers or item.codes:
        return _State(CHOSEN, answers)
    return _State(RANGE if item.bounds is not None else ANSWERED)


def item_answers(item: Item) -> list[tuple[str, str]]:
    """Return the listed answers with their labels, without "does not apply"."""
    return [
        (code, f"{code}: {label}" if label and _limit(code) is not None else label or code)
        for code, label in item.codes.items()
    ]


def _answers(item: Item) -> list[tuple[str, str]]:
    """Return the answers that can be ticked, which items with numbers or texts do not have."""
    if item.kind in WRITTEN:
        return []
    others = [(key, label) for key, label in item.values.items() if key not in item.codes]
    return item_answers(item) + others


def _values(rule: Rule) -> list[Any]:
    several = rule.get("one_of")
    named = several if isinstance(several, list) else []
    return [rule["equals"], *named] if "equals" in rule else named


def _code(item: Item, value: Any) -> str:
    """Return the stored answer that a value of the file means."""
    usable = isinstance(value, str | int | float) and not isinstance(value, bool)
    found = (code for code in item.values if usable and is_same(value, code))
    return next(found, str(value))


def _sorted(codes: Sequence[str], item: Item) -> tuple[str, ...]:
    known = list(item.values)
    return tuple(sorted(codes, key=lambda code: known.index(code) if code in known else -1))


def _limit(value: Any) -> float | None:
    """Return a limit as a number, or None if there is none."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else number


def _compared(rule: Rule, item: Item, state: _State) -> dict[str, Any]:
    """Return the comparison as keys of the rule."""
    if state.comparison in (ANSWERED, EMPTY):
        return {"answered": state.comparison == ANSWERED}
    if state.comparison == RANGE:
        limits = {"at_least": state.low, "at_most": state.high}
        return {name: limit for name, limit in limits.items() if limit is not None}
    as_written = {_code(item, value): value for value in _values(rule)}
    are_numbers = all(_limit(code) is not None for code in item.codes)
    values = [
        as_written.get(code, _limit(code) if are_numbers and _limit(code) is not None else code)
        for code in state.answers
    ]
    if len(values) == 1:
        return {"equals": values[0]}
    return {"one_of": values} if values else {}


def _in_words(item: Item, state: _State) -> str:
    words = {"question": item.text}
    if state.comparison == ANSWERED:
        return gettext("answered “%(question)s”") % words
    if state.comparison == EMPTY:
        return gettext("left “%(question)s” empty") % words
    if state.comparison == RANGE:
        return _range_in_words(item, state)
    if not state.answers:
        return gettext("gave an answer to “%(question)s” that you have yet to choose below") % words
    labels = dict(_answers(item))
    named = [_quoted(labels.get(code, code)) for code in state.answers]
    words["answers"] = _joined(named, pgettext("answers", "or"))
    return gettext("answered %(answers)s to “%(question)s”") % words


def _range_in_words(item: Item, state: _State) -> str:
    labels = {code: _quoted(label) for code, label in item_answers(item)}
    low, high = (
        "" if limit is None else labels.get(f"{limit:g}", f"{limit:g}")
        for limit in (state.low, state.high)
    )
    words = {"question": item.text, "low": low, "high": high}
    if low and high:
        return gettext("answered “%(question)s” by an answer from %(low)s to %(high)s") % words
    if low:
        return gettext("answered “%(question)s” by %(low)s or more") % words
    if high:
        return gettext("answered “%(question)s” by %(high)s or less") % words
    return gettext("gave an answer to “%(question)s” that you have yet to choose below") % words


def _quoted(answer: str) -> str:
    return gettext("“%(answer)s”") % {"answer": answer}


def _joined(said: Sequence[str], last: str) -> str:
    """Return the words as a list in a sentence: one, two and three."""
    if len(said) < 2:
        return "".join(said)
    return f"{', '.join(said[:-1])} {last} {said[-1]}"


def _name(path: Path, *rest: str | int) -> str:
    return ".".join(map(str, (*path, *rest)))
