"""The personal links to a later session, as a file for owners."""

from allauth.account.decorators import reauthentication_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from studyplatform.panel.access import Right, study_page
from surveys.models import Study
from surveys.services.acts import announce
from surveys.services.session_links import COLUMNS, link_rows
from surveys.study_file.stored import definition
from surveys.tidy.cells import csv_text


@require_safe
@study_page(Right.OWN)
def download(request: HttpRequest, study: Study, session: str) -> HttpResponseBase:
    """Return everyone's link to the session with its state, as a csv file."""
    if session not in {one.key for one in definition(study).sessions}:
        raise Http404("The study has no such session.")
    given: HttpResponseBase = _download(request, study, session)
    return given


@reauthentication_required
def _download(request: HttpRequest, study: Study, session: str) -> HttpResponse:
    """Return the links, if the user has confirmed who it is just now."""
    address = request.build_absolute_uri("/")
    rows = link_rows(study, session, address, simulated=study.is_pilot)
    announce(study, "session links downloaded", {}, {"session": session, "people": len(rows)})
    name = f"links-{study.slug}-{session}.csv"
    return HttpResponse(
        csv_text(COLUMNS, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
