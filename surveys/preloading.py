"""The pictures of the next trial: a browser may fetch them while this page is looked at."""

from surveys import flow, tasks
from surveys.models import Participant
from surveys.pages.stimulus import picture_urls
from surveys.pages.trial import part_of
from surveys.steps import Step
from surveys.tasks import Stage

PAGES_AHEAD = 2


def upcoming(participant: Participant, step: Step) -> Step | None:
    """The first page of the next trial, if it is at most PAGES_AHEAD pages away."""
    sequence = flow.steps_of(participant)
    here = sequence.index(step)
    for page in sequence[here + 1 : here + 1 + PAGES_AHEAD]:
        if page.kind == "trial" and page.trial_position != step.trial_position:
            return page
    return None


def stage_of(participant: Participant, step: Step) -> Stage:
    """The stage of a trial's task that the step is."""
    return tasks.get(part_of(participant, step).task).stage(step.stage)


def next_pictures(participant: Participant, step: Step) -> list[str]:
    """Addresses of the pictures of the page that ``upcoming`` names; none before the allocation."""
    page = upcoming(participant, step)
    if page is None:
        return []
    trials = participant.trials.order_by().filter(position=page.trial_position or 0)
    trial = trials.values_list("picture_code", "explanation_id").first()
    if trial is None:
        return []
    picture_code, explanation = trial
    stage, has_map = stage_of(participant, page), explanation is not None
    return picture_urls(
        participant,
        picture_code,
        with_map=has_map and stage.shows_map,
        maps=stage.classes if has_map else 0,
    )
