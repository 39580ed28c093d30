"""A look at a running study's data, with the code of the command look."""

from analysis.errors import AnalysisError
from studyplatform.audit.writing import actor_name
from studyplatform.computations.study_look import in_words, look_at
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.export.folder import ExportError
from surveys.services import StudyError


def run(work: Work) -> Done:
    """Hold the look. Neither log nor result tells more than to go on or to stop."""
    try:
        look = look_at(work.study, actor_name(), work.arguments["unplanned"], work.step)
    except (AnalysisError, ExportError, StudyError) as error:
        raise RefusedError(str(error)) from error
    return Done(in_words(look), {"plan_sha256": look.plan_sha256})
