"""Files of a job's result. Those that come from people's answers are given only to members who may
see data and have confirmed who they are within the last minutes."""

from pathlib import Path

from allauth.account.decorators import reauthentication_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe

from studyplatform.jobs.folders import result_file
from studyplatform.models import Job
from studyplatform.panel.access import Right, rights_in, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.report_page import with_bar
from studyplatform.panel.study_jobs import OF_DATA, is_hidden, visible_job
from surveys.models import Study
from surveys.services.acts import announce

PICTURES = {".png": "image/png", ".svg": "image/svg+xml"}
NO_PART = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The policy of a picture that is opened by itself: no script, whatever the file contains."""


@require_safe
@study_page(Right.VIEW)
def file(request: HttpRequest, study: Study, pk: int, name: str) -> HttpResponseBase:
    """Return a file: the page of the result within the panel, anything else as a download."""
    job = visible_job(study, rights_in(request.user, study), pk)
    path = _path(job, name)
    if is_hidden(job, study):
        return render_study_page(
            request, study, "data", "panel/hidden_result.html", {"job": job}, 403
        )
    if job.result and name == job.result.get("page"):
        if job.kind in OF_DATA:
            announce(study, "report read", {}, {"job": job.pk})
        return with_bar(request, study, job, path.read_text(encoding="utf-8"))
    if job.kind in OF_DATA:
        given: HttpResponseBase = _download_of_data(request, study, job, path, name)
        return given
    return _download(path)


def _path(job: Job, name: str) -> Path:
    """Return the path of a file that the result lists. Raises Http404 for any other name."""
    listed = any(entry["name"] == name for entry in job.files)
    path = result_file(job.pk, job.result["token"], name) if listed and job.result else None
    if path is None:
        raise Http404("The result contains no such file.")
    return path


@reauthentication_required
def _download_of_data(
    request: HttpRequest, study: Study, job: Job, path: Path, name: str
) -> HttpResponseBase:
    """Return a file made from people's answers, if the user has confirmed who it is just now."""
    announce(study, "result downloaded", {}, {"job": job.pk, "file": name})
    return _download(path)


def _download(path: Path) -> HttpResponseBase:
    if path.suffix in PICTURES:
        headers = {"Content-Security-Policy": NO_PART}
        return FileResponse(path.open("rb"), content_type=PICTURES[path.suffix], headers=headers)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
