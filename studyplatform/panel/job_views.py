"""Pages of a study's jobs: the list, a job with its progress, and the forms that start one."""

import hashlib
from collections.abc import Collection

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from studyplatform.jobs import folders, queue
from studyplatform.jobs.kinds import BY_KEY, ArgumentsError
from studyplatform.jobs.queue import QueueError
from studyplatform.models import Job
from studyplatform.panel.access import Right, rights_in, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.study_jobs import (
    OF_DATA,
    is_hidden,
    kinds_to_start,
    may_change,
    next_steps,
    right_to_start,
    visible_job,
    visible_jobs,
    waits_in_vain,
)
from surveys.models import Study

JOBS_PER_PAGE = 25
ACTIONS = {"cancel": queue.cancel, "retry": queue.retry}
UNCHANGED = 204
"""The status at which htmx leaves the page as it is."""


@require_safe
@study_page(Right.VIEW)
def jobs(request: HttpRequest, study: Study) -> HttpResponse:
    """List the study's jobs, the newest first, and the kinds that can be started."""
    rights = rights_in(request.user, study)
    page = Paginator(visible_jobs(study, rights), JOBS_PER_PAGE).get_page(request.GET.get("page"))
    waiting = [job for job in page.object_list if waits_in_vain(job)]
    context = {"page": page, "kinds": kinds_to_start(rights), "no_worker": bool(waiting)}
    return render_study_page(request, study, "jobs", "panel/jobs.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.VIEW)
def start(request: HttpRequest, study: Study, key: str) -> HttpResponse:
    """Show a kind's form, and queue a job when it is sent."""
    kind = BY_KEY.get(key)
    if kind is None or right_to_start(kind) not in rights_in(request.user, study):
        raise Http404("There is no such kind of job, or you may not start it.")
    if kind.page:
        return redirect(kind.page, slug=study.slug)
    form = kind.form(study)
    if request.method == "POST":
        try:
            job, is_new = queue.enqueue(key, study=study, data=request.POST, by=_user(request))
        except ArgumentsError as error:
            form = error.form
        else:
            if not is_new:
                messages.info(request, gettext("This very job is waiting or running already."))
            return redirect("panel:job", slug=study.slug, pk=job.pk)
    tab = "data" if kind.shows_data else "jobs"
    context = {"kind": kind, "form": form}
    status = 422 if form.is_bound else 200
    return render_study_page(request, study, tab, "panel/start_job.html", context, status)


@require_safe
@study_page(Right.VIEW)
def job(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Show a job: what it does, how far it has come, its log and its files."""
    rights = rights_in(request.user, study)
    shown = visible_job(study, rights, pk)
    tab = "data" if shown.kind in OF_DATA else "jobs"
    context = {"kind": BY_KEY.get(shown.kind), **_progress(study, shown, rights)}
    return render_study_page(request, study, tab, "panel/job.html", context)


@require_safe
@study_page(Right.VIEW)
def progress(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Return the part of a job's page that changes, or 204 if nothing has changed since."""
    rights = rights_in(request.user, study)
    shown = visible_job(study, rights, pk)
    context = _progress(study, shown, rights)
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=UNCHANGED)
    return HttpResponse(render_to_string("panel/job_progress.html", context, request))


@require_POST
@study_page(Right.VIEW)
def change(request: HttpRequest, study: Study, pk: int, action: str) -> HttpResponse:
    """Cancel a job, or queue it once more."""
    changed = _to_be_changed(request, study, pk)
    try:
        ACTIONS[action](changed, _user(request))
    except QueueError as error:
        messages.error(request, str(error))
    return redirect("panel:job", slug=study.slug, pk=pk)


@require_POST
@study_page(Right.VIEW)
def delete(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Delete a job that is over, with its files."""
    deleted = _to_be_changed(request, study, pk)
    try:
        queue.delete(deleted)
    except QueueError as error:
        messages.error(request, str(error))
        return redirect("panel:job", slug=study.slug, pk=pk)
    folders.remove_folder(pk)
    messages.success(request, gettext("The job and its files were deleted."))
    return _list_of(study, deleted)


def _to_be_changed(request: HttpRequest, study: Study, pk: int) -> Job:
    rights = rights_in(request.user, study)
    found = visible_job(study, rights, pk)
    if not may_change(found, rights):
        raise Http404("There is no such job, or you may not change it.")
    return found


def _list_of(study: Study, job: Job) -> HttpResponseRedirect:
    page = "panel:data" if job.kind in OF_DATA else "panel:jobs"
    return redirect(page, slug=study.slug)


def _progress(study: Study, job: Job, rights: Collection[Right]) -> dict[str, object]:
    seconds = 0 if job.remaining is None else int(job.remaining.total_seconds()) // 5
    content = (job.state, job.done, job.total, job.step, job.log, job.cancel_requested_at, seconds)
    no_worker = waits_in_vain(job)
    return {
        "study": study,
        "job": job,
        # The usual time of a steady kind is that of the whole job, any other that of its step.
        "is_steady": job.kind in BY_KEY and BY_KEY[job.kind].is_steady,
        "keeps_parts": job.kind in BY_KEY and BY_KEY[job.kind].keeps_parts,
        "may_change": may_change(job, rights),
        "next_steps": next_steps(job, study, rights),
        "no_worker": no_worker,
        "hidden": is_hidden(job, study),
        "seen": hashlib.sha256(repr((*content, no_worker)).encode()).hexdigest()[:16],
    }


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):  # study_page lets nobody else in
        raise Http404("Sign in first.")
    return request.user
