"""What a page shows, and which pictures a participant may ask for."""

from django.utils.module_loading import import_string

from surveys import flow
from surveys.models import Participant, Trial
from surveys.pages import Screen


def screen(participant: Participant, step: flow.Step) -> Screen:
    """Everything that the step's template shows, apart from its form."""
    number, total = flow.progress(participant, step)
    kind: Screen = import_string(f"{flow.kind_of(step).module}.screen")(participant, step)
    return {
        "participant": participant,
        "study": participant.study,
        "step": step,
        "number": number,
        "total": total,
        **kind,
    }


def is_visible(trial: Trial) -> bool:
    """Whether the participant may see the trial's pictures: it is answered, or it is the page."""
    participant = trial.participant
    if participant.state == Participant.State.WITHDRAWN:
        return False
    step = flow.current_step(participant)
    return step is None or step.trial_position == trial.position or trial.submissions.exists()


def is_map_visible(trial: Trial) -> bool:
    """Whether the map too may be seen: not before the stage of the task that shows it."""
    from surveys.pages.trial import part_of
    from surveys.tasks import get

    step = flow.current_step(trial.participant)
    if step is None or step.trial_position != trial.position or not step.stage:
        return True
    return get(part_of(trial.participant, step).task).stage(step.stage).shows_map
