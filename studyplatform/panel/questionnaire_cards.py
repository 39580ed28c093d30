"""The questionnaires to choose from, with their questions, their length and their source."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from surveys import questionnaires
from surveys.questionnaires.base import Questionnaire
from surveys.questionnaires.reading import QuestionnaireError

MEASURED = {
    "ai-experience": _("experience with artificial intelligence, and habits"),
    "ai-literacy": _("how well people think they know artificial intelligence"),
    "comments": _("a free comment"),
    "demographics": _("age, gender, education, colour vision"),
    "effort": _("mental effort, in one rating"),
    "load": _("workload, in six ratings"),
    "propensity": _("how readily people rely on automatic systems in general"),
    "satisfaction": _("how useful the explanations felt"),
    "state-trust": _("trust at this moment, short enough for every block"),
    "trust-distrust": _("trust and distrust in this classifier, apart"),
    "trust": _("trust in this classifier"),
    "understanding": _("how well people feel they understand the classifier"),
}
"""What each shipped questionnaire measures, by its id without the version."""


@dataclass(frozen=True)
class QuestionnaireCard:
    """A questionnaire that a study can ask, in the reader's language if it has it."""

    key: str
    questionnaire: Questionnaire

    @property
    def length(self) -> str:
        """Return the number of questions in words."""
        count = len(self.questionnaire.items)
        return ngettext("%(count)d question", "%(count)d questions", count) % {"count": count}

    @property
    def label(self) -> str:
        """Return the title with the length and the key, by which study files name it."""
        return f"{self.questionnaire.title}: {self.length} ({self.key})"

    @property
    def label_with_purpose(self) -> str:
        """Return the label with what the questionnaire measures, for lists without its questions.

        A questionnaire of a lab has the beginning of the construct that its file states.
        """
        stem, _dash, _version = self.key.rpartition("-v")
        construct = self.questionnaire.construct.partition(":")[0].partition(".")[0]
        measured = MEASURED.get(stem, construct)
        return f"{self.questionnaire.title}: {measured}, {self.length} ({self.key})"


def questionnaire_cards() -> list[QuestionnaireCard]:
    """Return the questionnaires that can be chosen, without files of a lab that are faulty."""
    return list(_cards())


def choices() -> list[tuple[str, str]]:
    """Return key and label of the questionnaires for the choices of a form."""
    return [(card.key, card.label) for card in _cards()]


def _cards() -> Iterator[QuestionnaireCard]:
    for key in questionnaires.ids():
        try:
            questionnaire = questionnaires.get(key)
        except QuestionnaireError:  # the file of a lab that cannot be used
            continue
        yield QuestionnaireCard(key, questionnaire.in_language(get_language() or "en"))
