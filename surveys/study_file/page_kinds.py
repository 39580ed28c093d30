"""To be described."""

from dataclasses import dataclass

from surveys.study_file.step import Step


@dataclass(frozen=True)
class Kind:
    """A kind of page: its template, and the module that knows what stands on it.

    The module has ``screen(participant, step)``, what the template shows, and may have
    ``items(participant, step)``, what the page asks. ``needs_arm``: it differs between arms, so
    that nobody comes to it before the allocation.
    """

    key: str
    template: str
    module: str
    needs_arm: bool = True


KINDS = (
    Kind("questionnaire", "surveys/questionnaire.html", "surveys.pages.kinds.questionnaire", False),
    Kind("text", "surveys/text.html", "surveys.pages.kinds.text", False),
    Kind("attention", "surveys/attention.html", "surveys.pages.kinds.attention", False),
    Kind("pause", "surveys/pause.html", "surveys.pages.kinds.pause", False),
    Kind("instructions", "surveys/instructions.html", "surveys.pages.kinds.instructions"),
    Kind("quiz", "surveys/quiz.html", "surveys.pages.kinds.quiz"),
    Kind("trial", "surveys/trial.html", "surveys.pages.kinds.trial"),
    Kind("feedback", "surveys/feedback.html", "surveys.pages.kinds.feedback"),
)


def kind_of(step: Step) -> Kind:
    """The entry of KINDS that the step names."""
    return next(kind for kind in KINDS if kind.key == step.kind)


def needs_arm(step: Step) -> bool:
    """Whether nobody comes to the page before the allocation: it, or who sees it, hangs on arms."""
    return bool(step.arms) or kind_of(step).needs_arm
