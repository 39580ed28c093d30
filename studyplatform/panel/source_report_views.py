"""The source report, reproduced and judged: the page of this installation, or the shipped one."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from studyplatform.panel.access import signed_in
from studyplatform.panel.report_page import with_bar_of

PAGE = Path("source-report") / "report.html"


def own_page() -> Path:
    """Return where ``reproduce_report --output`` writes the page that the panel prefers."""
    folder: Path = settings.DATA_DIR
    return folder / PAGE


def shipped_page() -> Path:
    """Return the page that is part of the repository."""
    folder: Path = settings.BASE_DIR
    return folder / "docs" / "examples" / PAGE


def found_page() -> Path | None:
    """Return the page that is shown, or None if this installation has none."""
    return next((path for path in (own_page(), shipped_page()) if path.is_file()), None)


@require_safe
@signed_in
def source_report(request: HttpRequest) -> HttpResponse:
    """Show the page within the panel."""
    path = found_page()
    if path is None:
        raise Http404("Neither this installation nor the program has a page of the source report.")
    context = {"is_own": path == own_page()}
    html = path.read_text(encoding="utf-8")
    return with_bar_of(request, "panel/source_report_bar.html", context, html)
