"""The values that a page shows, and the pictures that a participant may request."""

from collections.abc import Set
from dataclasses import dataclass

from surveys.models import Participant, Trial
from surveys.pages import preloading, sequence
from surveys.pages.kinds import Screen
from surveys.pages.kinds.catalogue import page_of


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


@dataclass(frozen=True)
class Visible:
    """Which pictures of a trial the participant may see. Any of them only if the image."""

    image: bool = False
    map: bool = False
    legend: bool = False


def visible(trial: Trial) -> Visible:
    """Return which pictures of the trial the participant may see.

    They may see the image if the trial is answered, on the current page, or next, the map from the
    stage that shows it, and the legend from the stage that shows the map or several side by side.
    """
    participant = trial.participant
    if participant.has_left_early:
        return Visible()
    sent = sequence.sent(participant)
    step = sequence.first_unsent(participant, sent)
    if step is None:
        return Visible(image=True, map=True, legend=True)
    pages = [
        page for page in _open_pages(participant, step) if page.trial_position == trial.position
    ]
    if not pages and not _is_sent(trial, sent):
        return Visible()
    stages = [preloading.stage_of(participant, page) for page in pages if page.kind == "trial"]
    return Visible(
        image=True,
        map=all(stage.shows_map for stage in stages),
        legend=all(stage.shows_map or stage.side_by_side for stage in stages),
    )


def _is_sent(trial: Trial, sent: Set[str]) -> bool:
    """Return whether the participant has sent a page of the trial."""
    return any(
        page.trial_position == trial.position and page.key in sent
        for page in sequence.steps(trial.participant.study)
    )


def _open_pages(participant: Participant, step: sequence.Step) -> tuple[sequence.Step, ...]:
    """Return the current page and the page of the next trial, whose pictures are fetched in
    advance.
    """
    following = preloading.upcoming(participant, step)
    return (step, following) if following else (step,)
