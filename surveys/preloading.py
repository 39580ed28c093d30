"""The pictures of the next trial: a browser may fetch them while this page is looked at."""

from surveys import flow, tasks
from surveys.models import Participant
from surveys.pages.stimulus import picture_urls
from surveys.pages.trial import part_of
from surveys.steps import Step

PAGES_AHEAD = 2


def upcoming(participant: Participant, step: Step) -> Step | None:
    """The first page of the next trial, if it is at most PAGES_AHEAD pages away."""
    sequence = flow.steps(participant.study)
    here = sequence.index(step)
    for page in sequence[here + 1 : here + 1 + PAGES_AHEAD]:
        if page.kind == "trial" and page.trial_position != step.trial_position:
            return page
    return None


def shows_map(participant: Participant, step: Step) -> bool:
    """Whether the step's stage of the trial shows the map, where the condition has one."""
    return tasks.get(part_of(participant, step).task).stage(step.stage).shows_map


def next_pictures(participant: Participant, step: Step) -> list[str]:
    """Addresses of the pictures of the page that ``upcoming`` names; none before the allocation."""
    page = upcoming(participant, step)
    if page is None:
        return []
    trial = participant.trials.filter(position=page.trial_position or 0).first()
    if trial is None:
        return []
    with_map = trial.explanation_id is not None and shows_map(participant, page)
    return picture_urls(participant, trial.picture_code, with_map=with_map)
