"""The kinds of pages that a step can have, and which of them differ between arms."""

from dataclasses import dataclass

from surveys.study_file.step import Step


@dataclass(frozen=True)
class Kind:
    """A kind of page, whose content and questions surveys.pages.kinds.catalogue registers.

    ``needs_arm``: the page differs between arms, so that nobody reaches it before allocation.
    """

    key: str
    needs_arm: bool = True


KINDS = (
    Kind("questionnaire", needs_arm=False),
    Kind("text", needs_arm=False),
    Kind("attention", needs_arm=False),
    Kind("perception", needs_arm=False),
    Kind("pause", needs_arm=False),
    Kind("instructions"),
    Kind("quiz"),
    Kind("trial"),
    Kind("feedback"),
    Kind("score"),
)


def kind_of(step: Step) -> Kind:
    """Return the entry of KINDS that the step names."""
    return next(kind for kind in KINDS if kind.key == step.kind)


def needs_arm(step: Step) -> bool:
    """Check whether the page, or who sees it, depends on the arm, so that allocation must come
    first.
    """
    return bool(step.conditions) or kind_of(step).needs_arm
