"""Preloading of the next trial's pictures while the participant looks at the current page."""

from surveys import tasks
from surveys.models import Participant, Trial
from surveys.pages import sequence
from surveys.pages.kinds.stimulus import pictures_of
from surveys.pages.kinds.trial import part_of, trial_of
from surveys.study_file.step import Step
from surveys.tasks import Stage

PAGES_AHEAD = 2


def upcoming(participant: Participant, step: Step) -> Step | None:
    """Return the first page of the next trial if it is at most PAGES_AHEAD pages away."""
    pages = sequence.steps_in(participant, step.session)
    here = pages.index(step)
    for page in pages[here + 1 : here + 1 + PAGES_AHEAD]:
        if page.kind == "trial" and page.trial_position != step.trial_position:
            return page
    return None


def stage_of(participant: Participant, step: Step) -> Stage:
    """Return the stage of the task that the step shows."""
    return tasks.get(part_of(participant, step).task).stage(step.stage)


def next_pictures(participant: Participant, step: Step) -> list[str]:
    """Return the URLs of the pictures on the upcoming page. There are none before the
    allocation.
    """
    page = upcoming(participant, step)
    if page is None:
        return []
    try:
        trial = trial_of(participant, page)
    except Trial.DoesNotExist:
        return []
    # Only what the page will show: a map that comes at a later stage must not be fetched yet.
    return pictures_of(trial, stage_of(participant, page))
