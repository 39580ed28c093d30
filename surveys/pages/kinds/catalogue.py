"""The list of page kinds. A new kind needs a module, a template and a line here."""

from collections.abc import Callable
from dataclasses import dataclass

from surveys.models import Participant
from surveys.pages.kinds import (
    Screen,
    attention,
    feedback,
    instructions,
    pause,
    perception,
    questionnaire,
    quiz,
    score,
    text,
    trial,
)
from surveys.questionnaires.base import Item
from surveys.study_file.step import Step


def _no_items(participant: Participant, step: Step) -> tuple[Item, ...]:
    return ()


@dataclass(frozen=True)
class Page:
    """A kind of page: its template, the values for the template, and the items that it asks.

    ``key`` is the key of an entry of surveys.study_file.page_kinds.KINDS.
    """

    key: str
    template: str
    screen: Callable[[Participant, Step], Screen]
    items: Callable[[Participant, Step], tuple[Item, ...]] = _no_items


PAGES = (
    Page("questionnaire", "surveys/questionnaire.html", questionnaire.screen, questionnaire.items),
    Page("text", "surveys/text.html", text.screen),
    Page("attention", "surveys/attention.html", attention.screen, attention.items),
    Page("perception", "surveys/perception.html", perception.screen, perception.items),
    Page("pause", "surveys/pause.html", pause.screen),
    Page("instructions", "surveys/instructions.html", instructions.screen),
    Page("quiz", "surveys/quiz.html", quiz.screen, quiz.items),
    Page("trial", "surveys/trial.html", trial.screen, trial.items),
    Page("feedback", "surveys/feedback.html", feedback.screen),
    Page("score", "surveys/score.html", score.screen),
)


def page_of(step: Step) -> Page:
    """Return the entry of PAGES for the step's kind."""
    return next(page for page in PAGES if page.key == step.kind)


def items(participant: Participant, step: Step) -> tuple[Item, ...]:
    """Return the items that the page asks. Answers are stored under their ids."""
    return page_of(step).items(participant, step)
