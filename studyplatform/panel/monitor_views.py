"""The page that watches a running study."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.monitoring import monitor
from studyplatform.panel.overview import overviews
from studyplatform.panel.submissions import at_the_service
from surveys.models import Study
from surveys.study_file.stored import definition


@require_safe
@study_page(Right.SEE_DATA)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Show where people leave, how long they take, and whether arms are balanced."""
    (overview,) = overviews([study])
    recruitment = definition(study).recruitment
    context = {
        "monitor": monitor(study),
        "overview": overview,
        "from_service": not recruitment.is_open,
        "service": None if recruitment.is_open or recruitment.is_lab else at_the_service(study),
    }
    return render_study_page(request, study, "monitor", "panel/monitor.html", context)
