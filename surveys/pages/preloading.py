"""Preloading of the next trial's pictures while the participant looks at the current page."""

from explanations.pipeline import pictures
from surveys import tasks
from surveys.models import Participant, Trial
from surveys.models.prepared_query import PreparedQuery
from surveys.pages import sequence
from surveys.pages.kinds.stimulus import picture_urls
from surveys.pages.kinds.trial import part_of
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


_PICTURES = PreparedQuery(
    lambda person, position: (
        Trial.objects.order_by()
        .filter(participant=person, position=position)
        .values_list("picture_code", "explanation_id")
    ),
    int,
    int,
)


def next_pictures(participant: Participant, step: Step) -> list[str]:
    """Return the URLs of the pictures on the upcoming page. There are none before the
    allocation.
    """
    page = upcoming(participant, step)
    if page is None:
        return []
    # Only what the page will show: a map that comes at a later stage must not be fetched yet.
    stage = stage_of(participant, page)
    return [
        address
        for picture_code, explanation in _PICTURES(participant.pk, page.trial_position or 0)
        for address in picture_urls(
            participant,
            picture_code,
            with_map=explanation is not None and stage.shows_map,
            maps=stage.compares or (0 if explanation is None else stage.classes),
            legends=stage.compares,
            blurred=stage.uncovers,
            dense=pictures.has_dense_picture(participant.study.classifier.rule),
        )
    ]
