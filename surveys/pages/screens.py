"""The values that a page shows, and the pictures that a participant may request."""

from surveys.models import Participant, Trial
from surveys.pages import preloading, sequence
from surveys.pages.kinds import Screen
from surveys.pages.kinds.catalogue import page_of
from surveys.tasks import Stage


def screen(participant: Participant, step: sequence.Step) -> Screen:
    """Return everything that the step's template shows, apart from its form."""
    number, total = sequence.progress(participant, step)
    kind: Screen = page_of(step).screen(participant, step)
    return {
        "participant": participant,
        "study": participant.study,
        "step": step,
        "number": number,
        "total": total,
        "next_pictures": preloading.next_pictures(participant, step),
        **kind,
    }


def is_visible(trial: Trial) -> bool:
    """Return whether the participant may see the trial's pictures.

    They may if the trial is answered, on the current page, or next.
    """
    participant = trial.participant
    if participant.has_left_early:
        return False
    step = sequence.current_step(participant)
    if step is None or trial.submissions.exists():
        return True
    return trial.position in {page.trial_position for page in _open_pages(participant, step)}


def is_map_visible(trial: Trial) -> bool:
    """Return whether the map may be seen, too, as it may from the stage that shows it."""
    return all(stage.shows_map for stage in _open_stages(trial))


def is_legend_visible(trial: Trial) -> bool:
    """Return whether the legend of the map, or of several maps side by side, may be seen."""
    return all(stage.shows_map or stage.side_by_side for stage in _open_stages(trial))


def _open_stages(trial: Trial) -> list[Stage]:
    """Return the stages of the trial among the open pages. There are none once it is answered."""
    participant = trial.participant
    step = sequence.current_step(participant)
    pages = _open_pages(participant, step) if step else ()
    trial_pages = [page for page in pages if page.trial_position == trial.position]
    return [preloading.stage_of(participant, page) for page in trial_pages if page.kind == "trial"]


def _open_pages(participant: Participant, step: sequence.Step) -> tuple[sequence.Step, ...]:
    """Return the current page and the page of the next trial, whose pictures are fetched in
    advance.
    """
    following = preloading.upcoming(participant, step)
    return (step, following) if following else (step,)
