"""The pilot of a draft, and the archive of studies that are over."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from studyplatform.panel import pilots
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.launch import reach_of
from studyplatform.panel.study_needs import lacking
from studyplatform.panel.toml_edits import EditError
from surveys import services
from surveys.models import Study
from surveys.study_file.declaration import StudyFileError
from surveys.web import signed_links


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.MAKE_CHANGES)
def pilot(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the pilots with their rehearsal links, and begin another one."""
    if request.method != "POST":
        return _page(request, study)
    try:
        pilots.begin(study)
    except (services.StudyError, StudyFileError, EditError) as error:
        messages.error(request, str(error))
        return _page(request, study, status=409)
    messages.success(request, gettext("The pilot runs. Only its own link admits people."))
    return redirect("panel:pilot", slug=study.slug)


@require_POST
@study_page(Right.OWN)
def archive(request: HttpRequest, study: Study) -> HttpResponse:
    """Put a study that admits nobody out of the way, or bring it back."""
    try:
        if study.archived_at is None:
            services.archive_study(study=study)
            messages.success(request, gettext("The study is archived. It can be restored."))
        else:
            services.restore_study(study=study)
            messages.success(request, gettext("The study is back in your list."))
    except services.StudyError as error:
        messages.error(request, str(error))
    return redirect("panel:study", slug=study.slug)


def _page(request: HttpRequest, study: Study, status: int = 200) -> HttpResponse:
    listed = [
        (entry, request.build_absolute_uri(signed_links.rehearsal_path(entry.study)))
        for entry in pilots.pilots_of(study)
    ]
    is_draft = study.state == Study.State.DRAFT and not study.is_pilot
    own = request.build_absolute_uri(signed_links.rehearsal_path(study))
    context = {
        "pilots": listed,
        "missing": lacking(study) if is_draft else (),
        "is_draft": is_draft,
        "rehearsal_link": own if study.state == Study.State.OPEN else "",
        "reach": reach_of(own),
    }
    return render_study_page(request, study, "launch", "panel/pilot.html", context, status)
