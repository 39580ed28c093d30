"""Blinding of researchers, who must not see which arm a real participant is in until the study is
unblinded.

Anyone who knows the arms can guess the next one, treat people differently, or stop at a convenient
moment. Neither a pause nor the end of collection reveals arms: unblinding is an act of its own,
recorded with a name, a time and a reason.
"""

from collections.abc import Iterable

from django.db.models import Q

from surveys.models import Participant, Study
from surveys.pages import sequence
from surveys.study_file.declaration import StudyFile
from surveys.study_file.designs import factor_names
from surveys.study_file.stored import definition

REVEALING = frozenset(
    (
        *("arm", "arm_label", "condition", "method", "explanation"),
        *("map_toggles", "opacity_changes", "opacity"),  # set only if there is a map
        "option_order",  # the questions of a comprehension check depend on the method
        "planned_accuracy",
        *("words", "signal_words", "signal_words_seconds"),  # arms have pages of their own
        *("diagnosis", "diagnosis_comment"),  # some diagnoses are of a map
        "free_text",  # people write about the map that they see
    )
)
"""Columns of the export that reveal arms; columns of declared factors reveal them as well."""
REVEALING_FILES = frozenset(("page_events.csv", "ledger.csv"))
COUNTS = frozenset(("attention_asked", "attention_failed", "quiz_mistakes", "ending"))
"""Columns that reveal arms if some pages are shown only to some arms."""
SIGNALS = (
    "signal_pages",
    "signal_measured",
    "signal_answer_changes",
    "signal_answers_timed",
    "signal_pictures_due",
    "signal_pictures_requested",
)
"""Counts of a person's pages and answers, which reveal arms in the same way."""


CORRECTNESS = frozenset(("prediction_correct", "predicted_class", "probability", "image", "bonus"))
"""Columns that reveal arms if the classifier is right more often in some arms than in others."""


def is_blinded(study: Study) -> bool:
    """Return whether the arms of the study's real participants are hidden."""
    return study.unblinded_at is None


def hides_arm(participant: Participant) -> bool:
    """Return whether the participant's arm is hidden. Simulated participants' arms never are."""
    return not participant.simulated and is_blinded(participant.study)


def hidden_columns(study: StudyFile) -> frozenset[str]:
    """Return the columns that a blinded export leaves out."""
    limited = limited_pages(study)
    names = factor_names(study.conditions)
    # Factors of old studies have a prefix where their name is that of another column.
    factors = {*names, *(f"factor_{name}" for name in names)}
    levels = {condition.accuracy for condition in study.conditions}
    return (
        REVEALING
        | factors
        | (COUNTS | set(SIGNALS) if limited else frozenset())
        # How often the classifier was right about a person's images tells the level of accuracy.
        | (CORRECTNESS if len(levels) > 1 else frozenset())
    )


def limited_pages(study: StudyFile) -> list[str]:
    """Return the keys of the pages that only some arms show, so that a visit to them reveals the
    arm.
    """
    return [step.key for step in study.steps if step.conditions]


def revealing_pages(studies: Iterable[Study], person: str, *, visits: bool = False) -> Q:
    """Return a filter for pages of real participants that would reveal their arm.

    Questions of comprehension checks reveal it, and so does the mere visit to a page that only some
    arms have. ``person`` is the query path from the row to the participant; the row's ``step``
    field is on the same object. Set ``visits`` for rows that record only that a page was sent.
    """
    beside = person.removesuffix("participant")
    pages = Q(pk__in=())  # matches nothing, so that a call without open studies hides nothing
    for study in studies:
        if is_blinded(study):
            quizzes = [step.key for step in sequence.steps(study) if step.kind == "quiz"]
            keys = limited_pages(definition(study)) + ([] if visits else quizzes)
            pages |= Q(
                **{
                    f"{person}__study": study,
                    f"{person}__simulated": False,
                    f"{beside}step__in": keys,
                }
            )
    return pages
