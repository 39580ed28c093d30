"""Branching: which pages and items a participant is shown, by the rules about earlier answers."""

from collections.abc import Iterable, Mapping

from surveys import questionnaires
from surveys.study_file.answer_rules import AnswerRule
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts import QuestionnairePart
from surveys.study_file.step import Step

GivenAnswers = Mapping[str, Mapping[str, str]]
"""A participant's answers by item, by the key of the page. A page that was sent without any answer
has an empty mapping."""


def parts_asking(study: StudyFile, item: str) -> tuple[QuestionnairePart, ...]:
    """Return the parts that ask the item, in their order."""
    return tuple(
        part
        for part in study.parts
        if isinstance(part, QuestionnairePart) and part.questionnaire
        if any(asked.id == item for asked in questionnaires.get(part.questionnaire).items)
    )


def asking_step(study: StudyFile, step: Step, rule: AnswerRule) -> Step | None:
    """Return the page that asks the rule's item before the step, or None if there is none.

    Where the item is asked in each block, it is the page of the step's own block.
    """
    earlier = study.steps[: study.steps.index(step)]
    return asking_page(study, earlier, rule, step.block)


def asking_page(
    study: StudyFile, pages: Iterable[Step], rule: AnswerRule, block: int
) -> Step | None:
    """Return the last of the pages that asks the rule's item, in the block or outside of all."""
    asking = {part.key for part in parts_asking(study, rule.item) if rule.part in ("", part.key)}
    found = [page for page in pages if page.part in asking and page.block in (0, block)]
    return found[-1] if found else None


def is_shown(study: StudyFile, step: Step, given: GivenAnswers) -> bool:
    """Return whether the answers so far let the step be shown.

    A rule about a page that was not sent yet counts as if it held.
    """
    return all(_may_hold(study, step, rule, given) for rule in study.part(step.part).show_if)


def hidden_items(study: StudyFile, step: Step, given: GivenAnswers) -> frozenset[str]:
    """Return the items of the step's page that the answers so far exclude."""
    return frozenset(
        item
        for item, rules in study.part(step.part).items_if.items()
        if not all(_may_hold(study, step, rule, given) for rule in rules)
    )


def _may_hold(study: StudyFile, step: Step, rule: AnswerRule, given: GivenAnswers) -> bool:
    asked = asking_step(study, step, rule)
    if asked is None or asked.key not in given:
        return True
    return rule.holds(given[asked.key].get(rule.item))
