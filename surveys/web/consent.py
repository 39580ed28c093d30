"""The consent page, its PDF, and the way back of people who do not agree."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from surveys.models import Study
from surveys.models.personal_code import personal_code
from surveys.pages import language
from surveys.pages.bonus import rule_in_words
from surveys.pages.language import about_study, spoken
from surveys.services import documents
from surveys.study_file.consent import Check, Document
from surveys.study_file.recruitment import Outcome
from surveys.web import arrival, signed_links, visitor_cookie

DECLINE = "decline"
"""Name of the button of people who do not agree."""


@dataclass(frozen=True)
class ShownCheck:
    """A check box as the page shows it; ``is_missing`` if it was required and not ticked."""

    check: Check
    is_ticked: bool
    is_missing: bool


def show_consent(
    request: HttpRequest, study: Study, key: str = "", ticked: Collection[str] | None = None
) -> HttpResponse:
    """Return the consent page.

    ``key`` is the signed arrival key of a form that came back because a required check box is
    missing in ``ticked``.
    """
    key = key or signed_links.new_arrival_key(study)
    context = {
        **about_study(study),
        "languages": language.choices(request, study),
        "arrival_key": key,
        **check_boxes(study, ticked),
        "bonus": rule_in_words(study),
        "personal_code": personal_code(signed_links.arrival_key(study, key) or ""),
        "service": arrival.service_of(study),
    }
    return render(request, "surveys/consent.html", context)


def ticked_checks(request: HttpRequest, study: Study) -> set[str]:
    """Return the keys of the check boxes that were sent as ticked."""
    return {check.key for check in spoken(study).consent.checks if check.field in request.POST}


def check_boxes(study: Study, ticked: Collection[str] | None = None) -> dict[str, object]:
    """Return the check boxes for the template. ``ticked`` is None before the first try."""
    checks = [
        ShownCheck(
            check,
            is_ticked=ticked is not None and check.key in ticked,
            is_missing=ticked is not None and check.required and check.key not in ticked,
        )
        for check in spoken(study).consent.checks
    ]
    return {
        "checks": checks,
        "missing": [shown.check for shown in checks if shown.is_missing],
    }


@never_cache
@require_safe
def declined(request: HttpRequest, slug: str) -> HttpResponse:
    """Show that nothing was stored of a person who does not agree, with the way back."""
    study = get_object_or_404(Study, slug=slug)
    language.speak_to_visitor(request, study)
    visitor = visitor_cookie.remembered(request, study)
    context = {
        **about_study(study),
        "way_back": arrival.way_back(study, Outcome.DECLINED, visitor),
        "service": arrival.service_of(study),
    }
    return render(request, "surveys/declined.html", context)


@require_safe
def information(request: HttpRequest, slug: str) -> FileResponse:
    """Return the consent's PDF in the visitor's language."""
    study = get_object_or_404(Study, slug=slug)
    language.speak_to_visitor(request, study)
    document = spoken(study).consent.document
    if document is None or not documents.path_of(document).exists():
        raise Http404("The study has no such document.")
    return as_pdf(document)


def as_pdf(document: Document) -> FileResponse:
    """Return the stored document as participants get it."""
    response = FileResponse(
        documents.path_of(document).open("rb"),
        content_type="application/pdf",
        filename=document.name,
    )
    # The document is the researchers' own; it must not act with the rights of this site.
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
    return response
