"""Checks of the rules about earlier answers: each must be about an answer that is there by then."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.toml.document import Document
from analysis.toml.problems import TableProblems, did_you_mean
from surveys import questionnaires
from surveys.questionnaires.base import Item
from surveys.study_file.answer_rules import AnswerRule, is_same
from surveys.study_file.branching import parts_asking
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import Part, QuestionnairePart
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.reading.parts import DeclaredParts

NO_COMPARISON = "no comparison"
"""What a rule compares by that names a question and not yet an answer."""


def check_branching(file: Document, study: StudyFile, parts: DeclaredParts) -> None:
    """Report rules of parts and items that no answer can meet, or that come too early."""
    for part in study.parts:
        at = TableProblems(file.problems, parts.place_of(part))
        if part.show_if and not isinstance(part, TextPart | QuestionnairePart):
            at.add(
                "show_if",
                f"the part {part.key!r} is shown by an answer, and only parts of the kinds "
                "'questionnaire' and 'text' can be: the arms are compared over trials and checks "
                "that everybody in them has. Remove show_if.",
            )
        rules = TableProblems(file.problems, (*at.path, "show_if"))
        check_rules(rules, study, Asker(f"the part {part.key!r}", part), part.show_if)
        if isinstance(part, QuestionnairePart) and part.questionnaire:
            _check_items(TableProblems(file.problems, (*at.path, "show_items")), study, part)


def _check_items(at: TableProblems, study: StudyFile, part: QuestionnairePart) -> None:
    questionnaire = questionnaires.get(part.questionnaire)
    items = {item.id: item for item in questionnaire.items}
    for name, rules in part.show_items.items():
        if name not in items:
            at.add(
                name,
                f"show_items names {name!r}, and {part.questionnaire!r} has no such item"
                f"{did_you_mean(name, list(items))}",
            )
            continue
        if items[name].subscale:
            at.add(
                name,
                f"the item {name!r} belongs to the scale {items[name].subscale!r}, whose score "
                "would be made of other items for some people. Show the whole questionnaire to "
                "them or not, by show_if.",
            )
        if not rules:
            at.add(name, f"the item {name!r} has no rule. Add one, or remove it from show_items.")
        asker = Asker(f"the item {name!r} of the part {part.key!r}", part)
        check_rules(TableProblems(at.problems, (*at.path, name)), study, asker, rules)
    if part.show_items and set(part.show_items) >= set(items):
        at.problems.add(
            at.path,
            f"every item of the part {part.key!r} depends on an answer, so that its page could be "
            "empty. Use show_if for the part.",
        )


@dataclass(frozen=True)
class Asker:
    """What has the rules, as sentences call it. ``part`` is None for an ending of the study, which
    depends on any answer as soon as it is given.
    """

    name: str
    part: Part | None = None


def check_rules(
    at: TableProblems, study: StudyFile, asker: Asker, rules: Sequence[AnswerRule]
) -> None:
    """Report each rule that cannot be applied, or that no answer meets."""
    for number, rule in enumerate(rules):
        of_rule = TableProblems(at.problems, (*at.path, number))
        if not rule.item or of_rule.is_faulty("item"):
            continue
        asked = _asking_part(of_rule, study, asker, rule)
        if asked is None:
            continue
        _check_who_is_asked(of_rule, study, asker, asked, rules, rule)
        items = questionnaires.get(asked.questionnaire).items
        item = next(one for one in items if one.id == rule.item)
        _check_comparison(of_rule, asker, item, rule)


def _asking_part(
    at: TableProblems, study: StudyFile, asker: Asker, rule: AnswerRule
) -> QuestionnairePart | None:
    """Return the part whose answer the rule is about, or report why there is none."""
    asking = parts_asking(study, rule.item)
    named = f"{asker.name} depends on the item {rule.item!r}"
    if not asking:
        known = [item.id for key in study.questionnaires for item in questionnaires.get(key).items]
        hint = did_you_mean(rule.item, known) if known else ". Add its questionnaire."
        at.add("item", f"{named}, which no part of the study asks{hint}")
        return None
    by_part = [
        part
        for part in asking
        if rule.part in ("", part.key) and (asker.part is not None or not part.session)
    ]
    listed = ", ".join(repr(part.key) for part in asking)
    if not by_part:
        at.add("part", f"{named} of the part {rule.part!r}. It is asked by {listed}. Name one.")
        return None
    keys = [part.key for part in study.parts]
    here = keys.index(asker.part.key) if asker.part else len(keys)
    earlier = [part for part in by_part if keys.index(part.key) < here]
    if not earlier:
        same = asker.part in by_part
        when = "on the same page" if same else "only later"
        at.add(
            "item",
            f"{named}, which is asked {when}. Ask it in an earlier part: a page is complete "
            "when it is shown.",
            "part",
        )
        return None
    if len(earlier) > 1:
        at.add(
            "item",
            f"{named}, which several parts ask: {listed}. Add part = with one of them.",
            "part",
        )
        return None
    return earlier[0]


def _check_who_is_asked(
    at: TableProblems,
    study: StudyFile,
    asker: Asker,
    asked: QuestionnairePart,
    rules: Sequence[AnswerRule],
    rule: AnswerRule,
) -> None:
    """Report a rule about an answer that some people never give where the rule is applied."""
    part = asker.part
    if part is None:  # an ending is judged when the page is sent, by whoever sends it
        return
    if asked.per_block and study.blocks > 1 and not part.per_block:
        at.add(
            "item",
            f"{asker.name} depends on the item {rule.item!r}, which is asked in every block, and "
            "comes outside of the blocks, where it has several answers. Set per_block = true.",
        )
    if asked.conditions and not (part.conditions and set(part.conditions) <= set(asked.conditions)):
        at.add(
            "item",
            f"{asker.name} depends on the item {rule.item!r}, which only "
            f"{', '.join(asked.conditions)} are asked. Limit the part to them as well.",
        )
    lacking = [
        one
        for one in (*asked.show_if, *asked.show_items.get(rule.item, ()))
        if one not in (*rules, *part.show_if)
    ]
    if lacking:
        at.add(
            "item",
            f"{asker.name} depends on the item {rule.item!r}, which is itself shown only if "
            f"{' and '.join(one.words() for one in lacking)}. Repeat that rule here, so that it is "
            "clear who is shown both.",
        )


def _check_comparison(at: TableProblems, asker: Asker, item: Item, rule: AnswerRule) -> None:
    named = f"{asker.name} depends on the item {item.id!r}"
    if len(rule.comparisons) != 1:
        at.add(
            "item",
            f"{named} by {' and '.join(rule.comparisons) or NO_COMPARISON}. Write one of equals, "
            "one_of, at_least (with at_most, or alone) and answered.",
        )
        return
    if rule.answered is not None and item.required:
        effect = "always" if rule.answered else "never"
        at.add(
            "answered",
            f"{named}, which nobody can leave empty, so that the rule {effect} holds. Compare the "
            "answer instead.",
        )
    if rule.values and (item.kind in ("text", "short_text")):
        at.add(
            "equals" if rule.equals is not None else "one_of",
            f"{named}, which people answer in their own words. Use answered, or a question with "
            "options.",
        )
        return
    for value in rule.values:
        if not _is_possible(item, value):
            at.add(
                "equals" if rule.equals is not None else "one_of",
                f"{named} having the answer {value!r}, which it cannot have{_known(item)}",
            )
    if rule.limits:
        _check_limits(at, named, item, rule)


def _check_limits(at: TableProblems, named: str, item: Item, rule: AnswerRule) -> None:
    key = "at_least" if rule.at_least is not None else "at_most"
    if item.bounds is None:
        at.add(key, f"{named} being {rule.words().split(' is ')[-1]}, and its answers are not "
               "numbers. Use equals or one_of.")  # fmt: skip
        return
    low, high = item.bounds
    least = low if rule.at_least is None else max(low, rule.at_least)
    most = high if rule.at_most is None else min(high, rule.at_most)
    if least > most:
        at.add(
            key,
            f"{named} being {rule.words().split(' is ')[-1]}, which no answer is: they are from "
            f"{low:g} to {high:g}.",
        )


def _is_possible(item: Item, value: str | int | float) -> bool:
    if item.range is not None and not isinstance(value, str):
        return item.range.minimum <= value <= item.range.maximum
    if item.kind == "slider" and item.scale is not None:
        return any(is_same(value, str(point)) for point in item.scale.points)
    return any(is_same(value, known) for known in item.values)


def _known(item: Item) -> str:
    if item.bounds is not None and item.kind != "choice":
        return f". Its answers are from {item.bounds[0]:g} to {item.bounds[1]:g}."
    return f". Its answers are {', '.join(item.values)}."
