"""The bonus that a participant has earned, from the stored answers."""

from decimal import Decimal

from surveys.models import Answer, Participant
from surveys.pages.kinds.feedback import decided_right
from surveys.study_file.bonus import Judged
from surveys.study_file.stored import definition
from surveys.tasks.items import advice_sureness


def bonus_of(participant: Participant) -> Decimal | None:
    """Compute the participant's bonus from the stored answers. None without a bonus."""
    declared = definition(participant.study)
    if declared.bonus is None:
        return None
    (asked,) = advice_sureness("slider")
    counted = [part.key for part in declared.parts_with_bonus]
    trials = participant.trials.filter(stimulus__part__in=counted).select_related(
        "stimulus__prediction__image"
    )
    given = Answer.objects.filter(submission__participant=participant, item=asked.id)
    points = dict(given.values_list("submission__trial", "value"))
    return declared.bonus.amount(
        [
            Judged(
                decided_right(trial),
                trial.stimulus.prediction.is_correct,
                int(points[trial.pk]) / 100 if trial.pk in points else None,
            )
            for trial in trials
        ]
    )
