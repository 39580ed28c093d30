"""The time limit of a trial, which can follow the participant's own pace in practice."""

from statistics import median
from typing import cast

from surveys import tasks
from surveys.models import Participant, Submission
from surveys.models.prepared_query import PreparedQuery
from surveys.pages import sequence
from surveys.study_file.parts import TrialsPart
from surveys.study_file.step import Step
from surveys.study_file.stored import definition

_TIMES = PreparedQuery(
    lambda person: (
        Submission.objects.order_by()
        .filter(participant=person, server_seconds__isnull=False, step__startswith="trial:")
        .values_list("step", "server_seconds")
    ),
    int,
)


def limit_seconds(participant: Participant, step: Step) -> int:
    """Return the limit of a trial's page in whole seconds, without extensions, or 0 for none.

    A limit by pace is ``limit_of_pace`` times the median time that the participant needed for the
    practice pages before it, of the same task and stage, within the declared bounds. Without such
    a page it is the upper bound. It depends on stored times alone, so that it is the same whenever
    the page is shown, sent or exported.
    """
    part = cast("TrialsPart", definition(participant.study).part(step.part))
    if not part.limit_of_pace:
        return part.limit_seconds
    practised = _practised(participant, step, part)
    times = [
        seconds
        for key, seconds in _TIMES(participant.pk)
        if key in practised and seconds is not None
    ]
    if not times:
        return part.limit_most
    own = round(part.limit_of_pace * median(times))
    return min(max(own, part.limit_least), part.limit_most)


def _practised(participant: Participant, step: Step, part: TrialsPart) -> set[str]:
    """Return the keys of the practice pages of the task and stage before the step."""
    declared = definition(participant.study)
    practice = {
        other.key
        for other in declared.trial_parts
        if other.is_practice and tasks.get(other.task) == tasks.get(part.task)
    }
    keys = set()
    for earlier in sequence.steps_of(participant):
        if earlier.key == step.key:
            break
        if earlier.kind == "trial" and earlier.part in practice and earlier.stage == step.stage:
            keys.add(earlier.key)
    return keys
