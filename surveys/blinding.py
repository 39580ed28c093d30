"""What researchers must not see of real participants while a study is open: who is in which arm.

Knowing arms, one can guess the next one, treat people differently, or stop when it suits.
"""

from collections.abc import Iterable

from django.db.models import Q

from surveys.models import Participant, Study
from surveys.pages import sequence
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition

REVEALING = frozenset(
    (
        *("arm", "arm_label", "condition", "method", "explanation"),
        *("map_toggles", "opacity_changes", "opacity"),  # there is a map, or none
    )
)
"""Columns of the export that tell arms, beside those of declared factors."""
REVEALING_FILES = frozenset(("page_events.csv", "ledger.csv"))
COUNTS = frozenset(("attention_asked", "attention_failed", "quiz_mistakes"))
"""Columns that tell arms where some pages are not shown by all."""


def is_blinded(study: Study) -> bool:
    """Whether the arms of its real participants are hidden."""
    return study.state != Study.State.CLOSED


def hides_arm(participant: Participant) -> bool:
    """Whether the participant's arm is hidden; a simulated one's never is."""
    return not participant.simulated and is_blinded(participant.study)


def hidden_columns(study: StudyFile) -> frozenset[str]:
    """The columns that a blinded export leaves out."""
    factors = {name for shown in study.conditions for name in shown.factors}
    return REVEALING | factors | (COUNTS if limited_pages(study) else frozenset())


def limited_pages(study: StudyFile) -> list[str]:
    """The keys of the pages that not all arms show: who was there is in one of those."""
    return [step.key for step in study.steps if step.conditions]


def revealing_pages(studies: Iterable[Study], person: str, *, visits: bool = False) -> Q:
    """Pages of real participants that tell arms: by their questions, which are the quizzes', or
    by having been shown at all.

    ``person`` is the path from the row to the participant, ``step`` stands beside it. ``visits``:
    the row says no more than that the page was sent.
    """
    beside = person.removesuffix("participant")
    found = Q(pk__in=())
    for study in studies:
        if is_blinded(study):
            quizzes = [step.key for step in sequence.steps(study) if step.kind == "quiz"]
            keys = limited_pages(definition(study)) + ([] if visits else quizzes)
            found |= Q(
                **{
                    f"{person}__study": study,
                    f"{person}__simulated": False,
                    f"{beside}step__in": keys,
                }
            )
    return found
