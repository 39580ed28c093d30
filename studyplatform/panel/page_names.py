"""Names of a study's pages as people read them, in place of the keys that the data contain."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from surveys import questionnaires
from surveys.questionnaires.reading import QuestionnaireError
from surveys.study_file.declaration import StudyFile
from surveys.study_file.parts.instructions import TextPart
from surveys.study_file.parts.trials import TrialsPart
from surveys.study_file.step import Step


def page_names(declared: StudyFile) -> dict[str, str]:
    """Return the name of each page between consent and debrief, by the page's key."""
    namer = _Namer(declared, _picture_numbers(declared), _stages(declared))
    names = {step.key: namer.name(step) for step in declared.steps}
    return _told_apart(names)


def _told_apart(names: dict[str, str]) -> dict[str, str]:
    """Number the pages that have one name, such as several attention checks."""
    total, counted = Counter(names.values()), Counter[str]()
    numbered = {}
    for key, name in names.items():
        counted[name] += 1
        numbered[key] = f"{name} {counted[name]}" if total[name] > 1 else name
    return numbered


def _picture_numbers(declared: StudyFile) -> dict[int, int]:
    """Return the number that people read for each trial's position, practice counted apart."""
    counted: Counter[bool] = Counter()
    numbers: dict[int, int] = {}
    for step in declared.steps:
        if step.trial_position is not None and step.trial_position not in numbers:
            is_practice = _is_practice(declared, step)
            counted[is_practice] += 1
            numbers[step.trial_position] = counted[is_practice]
    return numbers


def _stages(declared: StudyFile) -> Counter[int | None]:
    return Counter(step.trial_position for step in declared.steps if step.kind == "trial")


@dataclass(frozen=True)
class _Namer:
    declared: StudyFile
    numbers: dict[int, int]
    stages: Counter[int | None]

    def name(self, step: Step) -> str:
        """Return the page's name, with the part of the study if there are several."""
        if step.trial_position is not None:
            return self._of_trial(step, step.trial_position)
        name = self._of_kind(step)
        if step.block and self.declared.blocks > 1:
            return gettext("%(page)s (part %(block)d)") % {"page": name, "block": step.block}
        return name

    def _of_kind(self, step: Step) -> str:
        if step.kind == "questionnaire":
            return gettext("Questionnaire: %(title)s") % {"title": _title(step.questionnaire)}
        if step.kind == "text":
            part = self.declared.in_language(get_language() or "").part(step.part)
            heading = part.heading if isinstance(part, TextPart) else step.part
            return gettext("Text: %(heading)s") % {"heading": heading}
        if step.kind == "quiz":
            words = gettext("Comprehension check, attempt %(number)d")
            return words % {"number": max(step.number, 1)}
        names = {
            "instructions": gettext("Instructions"),
            "attention": gettext("Attention check"),
            "perception": gettext("Picture to find again"),
            "pause": gettext("Break"),
            "score": gettext("Score"),
        }
        return names.get(step.kind, step.key)

    def _of_trial(self, step: Step, position: int) -> str:
        is_practice = _is_practice(self.declared, step)
        words = (
            gettext("Practice picture %(number)d") if is_practice else gettext("Picture %(number)d")
        )
        name = words % {"number": self.numbers[position]}
        if step.kind == "feedback":
            return gettext("%(page)s: feedback") % {"page": name}
        if self.stages[position] > 1:
            return gettext("%(page)s: %(stage)s") % {"page": name, "stage": step.stage}
        return name


def _is_practice(declared: StudyFile, step: Step) -> bool:
    part = declared.part(step.part)
    return isinstance(part, TrialsPart) and part.is_practice


def _title(key: str) -> str:
    try:
        return questionnaires.get(key).in_language(get_language() or "en").title
    except QuestionnaireError:
        return key
