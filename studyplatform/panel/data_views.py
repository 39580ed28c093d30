"""The page of a study's data and reports, and the comparison of two reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from studyplatform.jobs.folders import result_file
from studyplatform.jobs.forms import WHO
from studyplatform.jobs.kinds import BY_KEY
from studyplatform.models import Job
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.report_comparison import compare_reports
from studyplatform.panel.study_jobs import OF_DATA, is_hidden, waits_in_vain
from surveys.blinding import is_blinded
from surveys.models import Study
from surveys.services import retention

RESULTS_PER_PAGE = 20
ROWS_PER_PART = 100
COPIES_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """A fact about both of two reports."""

    label: str
    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Return whether the reports differ in it."""
        return self.first != self.second


@require_safe
@study_page(Right.SEE_DATA)
def data(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the forms for an export and a report, and list which data, plan, software and person
    made each earlier one."""
    results = study.jobs.filter(kind__in=OF_DATA).select_related("requested_by")
    page = Paginator(results, RESULTS_PER_PAGE).get_page(request.GET.get("page"))
    jobs = list(page.object_list)
    context = {
        "page": page,
        "results": [(job, BY_KEY[job.kind], is_hidden(job, study)) for job in jobs],
        "forms": [
            (BY_KEY[key], BY_KEY[key].form(study)) for key in OF_DATA if BY_KEY[key].is_listed
        ],
        "release": BY_KEY["release"],
        "comparable": sum(is_report(job) and not is_hidden(job, study) for job in jobs) > 1,
        "blinded": is_blinded(study),
        "copies": study.copies.filter(job=None)[:COPIES_SHOWN],
        "retention": retention.due(study),
        "no_worker": any(waits_in_vain(job) for job in jobs),
    }
    return render_study_page(request, study, "data", "panel/data.html", context)


@require_safe
@study_page(Right.SEE_DATA)
def compare(request: HttpRequest, study: Study) -> HttpResponse:
    """Compare the two reports that ``?report=`` names twice, number by number."""
    numbers = request.GET.getlist("report")
    if len(numbers) != 2:
        refused = {"problem": gettext("Choose two reports to compare, no more and no fewer.")}
        return render_study_page(request, study, "data", "panel/comparison.html", refused, 422)
    jobs = sorted((_report(study, number) for number in numbers), key=lambda job: job.pk)
    first, second = (_results(job) for job in jobs)
    context = {
        "jobs": jobs,
        "facts": _facts(*jobs),
        "comparison": compare_reports(first, second),
        "rows_per_part": ROWS_PER_PART,
    }
    return render_study_page(request, study, "data", "panel/comparison.html", context)


def is_report(job: Job) -> bool:
    """Return whether the job has made a report."""
    return job.kind == "report" and job.state == Job.State.DONE


def _report(study: Study, number: str) -> Job:
    job = study.jobs.filter(pk=number).first() if number.isdecimal() else None
    if job is None or not is_report(job) or is_hidden(job, study):
        raise Http404("There is no such report, or it may not be seen now.")
    return job


def _results(job: Job) -> Any:
    path = result_file(job.pk, (job.result or {}).get("token", 0), "results.json")
    if path is None:
        raise Http404("The report's numbers are missing from the data folder.")
    return path


def _facts(first: Job, second: Job) -> list[Row]:
    """Return what made the reports: data, plan, software, person."""
    both = [_made_of(job) for job in (first, second)]
    return [Row(label, both[0][label], both[1].get(label, "")) for label in both[0]]


def _made_of(job: Job) -> dict[str, str]:
    made: Mapping[str, Any] = (job.result or {}).get("provenance", {})
    rows = made.get("rows", {})
    software = made.get("software", {})
    return {
        gettext("Checksum of the data"): made.get("data_sha256", ""),
        gettext("Participants"): str(rows.get("participants.csv", "")),
        gettext("Trials"): str(rows.get("trials.csv", "")),
        gettext("Data of"): str(dict(WHO).get(made.get("simulated", ""), "")),
        gettext("Checksum of the plan"): made.get("plan_sha256", ""),
        gettext("Checksum of the study file"): made.get("study_file_sha256", ""),
        gettext("Software"): ", ".join(f"{name} {value}" for name, value in software.items()),
        gettext("Requested by"): str(job.requested_by or ""),
    }
