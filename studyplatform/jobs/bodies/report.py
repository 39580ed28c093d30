"""The analysis of a study and its report, with the code of run_analysis."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext

from analysis.errors import AnalysisError
from analysis.report.pdf import pdf_missing
from analysis.results import Results
from analysis.run import analyse
from studyplatform.computations.study_analysis import export_to_analyse
from studyplatform.jobs.bodies.export import provenance_of_export
from studyplatform.jobs.folders import result_file
from studyplatform.jobs.forms import OF_STUDY
from studyplatform.jobs.work import Done, RefusedError, Work
from studyplatform.models import Job
from surveys.export.folder import ExportError
from surveys.models import Study
from surveys.study_file.stored import definition

PAGE = "report.html"
MAP_QUALITY = {"map_quality", "meeting"}
"""Table of a plan that compares the quality of maps with answers, and its earlier name."""
FLAGS = {"included": " --include-simulated", "only": " --simulated-only"}


def run(work: Work) -> Done:
    """Export the data, carry out the plan and write the report."""
    study, simulated = work.study, work.arguments["simulated"]
    told = _telling(work)
    told("beginning")
    evaluation = newest_evaluation(study)
    if evaluation:
        work.say(gettext("The quality of maps is from the newest evaluation of this study's maps."))
    if missing := work.arguments["pdf"] and pdf_missing():
        work.say(missing)
    try:
        data = export_to_analyse(study, work.kept / "data", simulated, told)
        # Reports are in English, whatever language the log has.
        with translation.override("en"):
            results = analyse(
                data,
                work.output,
                command=f"manage.py run_analysis {study.slug}{FLAGS.get(simulated, '')}",
                pdf=work.arguments["pdf"] and not missing,
                word=True,
                evaluation=evaluation,
                told=told,
            )
    except (ExportError, AnalysisError) as error:
        raise RefusedError(str(error)) from error
    for failure in results.failures:
        work.say(failure.sentence)
    return Done(
        _summary(results),
        {**provenance_of_export(data), "software": results.provenance.analysis_software},
        page=PAGE,
        reveals_arms=simulated != "only",
    )


PERCENT = 100
STAGES: Mapping[str, tuple[int, int]] = {
    "beginning": (1, 1),
    "table": (2, 10),
    "files": (12, 2),
    "reading": (14, 4),
    "outcome": (18, 17),
    "other parts": (35, 10),
    "drawing": (45, 43),
    "word": (88, 2),
    "printing": (90, 10),
}
"""Where each stage of a report begins, and its share of the whole, in percent of the time.

From ``python -m benchmarks.analysis``: numbers take a quarter, figures and PDF most of the rest.
"""
COUNTED = re.compile(r"(?P<stage>table|outcome) (?P<number>\d+) of (?P<count>\d+)")


def _telling(work: Work) -> Callable[[str], None]:
    """Return what tells the steps of the export and of the analysis as progress of the job."""

    def told(step: str) -> None:
        found = COUNTED.fullmatch(step)
        stage = found["stage"] if found else step
        if stage not in STAGES:
            work.step(step)
            return
        done, share = STAGES[stage]
        if found:
            done += share * (int(found["number"]) - 1) // int(found["count"])
        # Translators: the unit of the progress, as in “18 of 100 percent of the work”.
        work.progress(done, PERCENT, gettext("percent of the work"), step)

    return told


def newest_evaluation(study: Study) -> Path | None:
    """Return the measured quality of the maps that participants see, if the plan asks for it."""
    if not MAP_QUALITY & definition(study).analysis.keys():
        return None
    finished = Job.objects.filter(study=study, kind="evaluation", state=Job.State.DONE)
    for job in finished.order_by("-id"):
        result = job.result or {}
        of_study = job.arguments.get("sample") == OF_STUDY
        # The file of a study that has not started can be replaced, also its classifier.
        weights = result["provenance"]["weights_sha256"]
        path = result_file(job.pk, result["token"], "images.csv")
        if of_study and weights == study.classifier.sha256 and path:
            return path
    return None


def _summary(results: Results) -> str:
    people = sum(row.randomised for row in results.flow)
    said = gettext("%(people)d participants in %(arms)d arms, %(outcomes)d outcomes.") % {
        "people": people, "arms": len(results.flow), "outcomes": len(results.outcomes),
    }  # fmt: skip
    if results.failures:
        said += " " + gettext("%(count)d parts of the report failed and say so.") % {
            "count": len(results.failures)
        }
    return said
