"""A look at a running study's data, with the code of the command look."""

from analysis.errors import AnalysisError
from studyplatform.audit.writing import actor_name
from studyplatform.computations.study_look import in_words, look_at
from studyplatform.jobs.queue import save_checkpoint
from studyplatform.jobs.step_words import reason_in_words
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.export.folder import ExportError
from surveys.models import Look
from surveys.services import StudyError


def run(work: Work) -> Done:
    """Hold the look. Neither log nor result tells more than to go on or to stop.

    An attempt that was killed after it had looked is followed by one that tells what it recorded.
    """
    number = work.checkpoint.get("look")
    if number is not None and (held := work.study.looks.filter(number=number).first()):
        return _done(held)
    try:
        look = look_at(
            work.study,
            actor_name(),
            work.arguments["unplanned"],
            work.step,
            lambda look: save_checkpoint(work.lease, {"look": look.number}),
        )
    except (AnalysisError, ExportError, StudyError) as error:
        raise RefusedError(reason_in_words(str(error))) from error
    return _done(look)


def _done(look: Look) -> Done:
    return Done(in_words(look), {"plan_sha256": look.plan_sha256})
