"""The analysis of a study and its report, with the code of run_analysis."""

from django.utils import translation
from django.utils.translation import gettext

from analysis.errors import AnalysisError
from analysis.report.pdf import pdf_missing
from analysis.results import Results
from analysis.run import analyse
from studyplatform.computations.study_analysis import export_to_analyse
from studyplatform.jobs.bodies.export import provenance_of_export
from studyplatform.jobs.work import Done, RefusedError, Work
from surveys.export.folder import ExportError

PAGE = "report.html"
FLAGS = {"included": " --include-simulated", "only": " --simulated-only"}


def run(work: Work) -> Done:
    """Export the data, carry out the plan and write the report."""
    study, simulated = work.study, work.arguments["simulated"]
    if missing := work.arguments["pdf"] and pdf_missing():
        work.say(missing)
    try:
        data = export_to_analyse(study, work.kept / "data", simulated, work.step)
        # Reports are in English, whatever language the log has.
        with translation.override("en"):
            results = analyse(
                data,
                work.output,
                command=f"manage.py run_analysis {study.slug}{FLAGS.get(simulated, '')}",
                pdf=work.arguments["pdf"] and not missing,
                told=work.step,
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
