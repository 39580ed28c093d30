"""What researchers must not see of real participants while a study is open: who is in which arm.

Knowing arms, one can guess the next one, treat people differently, or stop when it suits.
"""

from collections.abc import Iterable

from django.db.models import Q

from surveys import flow
from surveys.models import Participant, Study

REVEALING = frozenset(
    (
        *("arm", "arm_label", "condition", "method", "explanation"),
        *("map_toggles", "opacity_changes", "opacity"),  # there is a map, or none
    )
)
"""Columns of the export that tell arms, beside those of declared factors."""
REVEALING_FILES = frozenset(("page_events.csv", "ledger.csv"))


def is_concealed(study: Study) -> bool:
    """Whether the arms of its real participants are hidden."""
    return study.state != Study.State.CLOSED


def hides_arm(participant: Participant) -> bool:
    """Whether the participant's arm is hidden; a simulated one's never is."""
    return not participant.simulated and is_concealed(participant.study)


def revealing_pages(studies: Iterable[Study], person: str) -> Q:
    """Pages of real participants whose questions differ between methods: the quizzes.

    ``person`` is the path from the row to the participant, ``step`` stands beside it.
    """
    beside = person.removesuffix("participant")
    found = Q(pk__in=())
    for study in studies:
        if is_concealed(study):
            quizzes = [step.key for step in flow.steps(study) if step.kind == "quiz"]
            found |= Q(
                **{
                    f"{person}__study": study,
                    f"{person}__simulated": False,
                    f"{beside}step__in": quizzes,
                }
            )
    return found
