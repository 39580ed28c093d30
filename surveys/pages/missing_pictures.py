"""A trial whose pictures could not be loaded, by the page's own account."""

from surveys.models import Participant
from surveys.pages.browser_timings import Timings
from surveys.study_file.step import Step
from surveys.study_file.stored import definition


def is_skipped(participant: Participant, step: Step, timings: Timings | None) -> bool:
    """Return whether the page is a trial without its pictures that nobody may answer.

    Such a page is stored without answers, so that the participant can go on with the study.
    """
    failed = timings is not None and bool(timings.pictures_failed)
    allowed = definition(participant.study).pages.without_picture == "answer"
    return failed and step.kind == "trial" and not allowed
