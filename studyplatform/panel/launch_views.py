"""The page that launches a study, and the acts that change its state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from analysis.errors import AnalysisError
from studyplatform.panel import pilots, registrations
from studyplatform.panel.access import AnyUser, Right, has_right, rights_in, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.launch import (
    MENDED_AT,
    Line,
    checklist,
    qr_code,
    reach_of,
    recruitment_fields,
)
from studyplatform.panel.overview import current_state, overviews
from surveys import services
from surveys.models import Study
from surveys.services.documents import declared_documents
from surveys.services.fingerprints import fingerprint
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class MendedLine:
    """A line of the checklist with the link to where it is mended, if the user may go there."""

    sentence: str
    words: str
    address: str


@require_safe
@study_page(Right.VIEW)
def launch(request: HttpRequest, study: Study) -> HttpResponse:
    """Show what a launch still lacks, what it freezes, the link, and the acts that are allowed."""
    return _page(request, study)


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def open_study(request: HttpRequest, study: Study) -> HttpResponse:
    """Launch a draft, or admit participants again after the end of collection.

    The page of this URL says first what the act does.
    """
    if request.method != "POST":
        return _ask(request, study, "open")
    if study.state == Study.State.DRAFT and checklist(study).blocking:
        return _page(request, study, status=409)
    return _act(
        request,
        study,
        lambda: registrations.launch(study),
        gettext("The study is running. People who have the link can take part."),
    )


@require_POST
@study_page(Right.MAKE_CHANGES)
def resume(request: HttpRequest, study: Study) -> HttpResponse:
    """End a pause."""
    if study.state != Study.State.PAUSED:
        return _refuse(request, study, gettext("The study is not paused."))
    return _act(
        request,
        study,
        lambda: services.open_study(study=study, although_unblinded=True),
        gettext("The study is running again."),
    )


@require_POST
@study_page(Right.MAKE_CHANGES)
def pause(request: HttpRequest, study: Study) -> HttpResponse:
    """Admit nobody until the study is resumed."""
    return _act(
        request,
        study,
        lambda: services.pause_study(study=study),
        gettext("The study is paused. People who have started can finish."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def end(request: HttpRequest, study: Study) -> HttpResponse:
    """End the collection of data, which reveals nothing, after a page that says so."""
    if request.method != "POST":
        return _ask(request, study, "end")
    if study.state == Study.State.DRAFT:
        return _refuse(request, study, gettext("The study was never launched."))
    return _act(
        request,
        study,
        lambda: services.close_study(study=study),
        gettext("Collection has ended. People who have started can finish; arms stay hidden."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.SEE_DATA)
def unblind(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the arms for good. Before the end of collection only owners may do so."""
    ended = study.state == Study.State.CLOSED
    if not ended and not has_right(request.user, study, Right.OWN):
        raise Http404("Only owners unblind a study before the end of its collection.")
    if request.method != "POST":
        return _ask(request, study, "unblind")
    if request.POST.get("confirmed") != "yes":
        messages.error(
            request, gettext("Confirm that you want to see the arms. It cannot be undone.")
        )
        return _ask(request, study, "unblind", status=409)
    if not request.POST.get("reason", "").strip():
        messages.error(
            request, gettext("State the reason for unblinding. Every export contains it.")
        )
        return _ask(request, study, "unblind", status=409)
    return _act(
        request,
        study,
        lambda: services.unblind_study(
            study=study,
            reason=request.POST.get("reason", ""),
            by=_name_of(request.user),
            before_end=not ended,
        ),
        gettext("The study is unblinded. Exports, reports and pages show the arms."),
    )


def _name_of(user: AnyUser) -> str:
    return (user.get_full_name() if isinstance(user, User) else "") or user.get_username()


def _act(request: HttpRequest, study: Study, act: Callable[[], None], done: str) -> HttpResponse:
    try:
        act()
    except (services.StudyError, AnalysisError) as error:
        return _refuse(request, study, str(error))
    messages.success(request, done)
    return redirect("panel:launch", slug=study.slug)


def _refuse(request: HttpRequest, study: Study, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    study.refresh_from_db()
    return _page(request, study, status=409)


def _ask(request: HttpRequest, study: Study, act: str, status: int = 200) -> HttpResponse:
    """Say what the act does before it is done."""
    (overview,) = overviews([study])
    allowed = {
        "open": (Study.State.DRAFT, Study.State.CLOSED),
        "end": (Study.State.OPEN, Study.State.PAUSED),
        "unblind": (Study.State.OPEN, Study.State.PAUSED, Study.State.CLOSED),
    }
    is_possible = study.state in allowed[act] and study.unblinded_at is None
    if act == "end":
        is_possible = study.state in allowed[act]
    is_launch = act == "open" and study.state == Study.State.DRAFT
    checked = checklist(study, _link(request, study)) if is_launch else None
    context = {
        "act": act,
        "is_possible": is_possible and not (checked and checked.blocking),
        "warnings": checked.warnings if checked else (),
        "overview": overview,
        "reason": request.POST.get("reason", ""),
    }
    return render_study_page(request, study, "launch", "panel/confirm_act.html", context, status)


def _mended(request: HttpRequest, study: Study, lines: Sequence[Line]) -> list[MendedLine]:
    """Return the lines with the link to the place that mends each, where the user may go."""
    rights = rights_in(request.user, study)
    mended = []
    for line in lines:
        if not line.place:
            mended.append(MendedLine(line.sentence, "", ""))
            continue
        words, name, values, right = MENDED_AT[line.place]
        address = reverse(name, kwargs={"slug": study.slug, **values})
        address += f"?{line.query}" if line.query else ""
        address += f"#id_{line.field}" if line.field else ""
        mended.append(MendedLine(line.sentence, str(words), address if right in rights else ""))
    return mended


def _link(request: HttpRequest, study: Study) -> str:
    return request.build_absolute_uri(pilots.link_path(study))


def _page(request: HttpRequest, study: Study, status: int = 200) -> HttpResponse:
    declared = definition(study)
    address = _link(request, study)
    is_to_be_launched = study.state == Study.State.DRAFT and study.archived_at is None
    checked = checklist(study, address) if is_to_be_launched else None
    context = {
        "state": current_state(study),
        "schedule": getattr(study, "schedule", None),
        "checklist": checked,
        "blocking": _mended(request, study, checked.blocking) if checked else (),
        "warnings": _mended(request, study, checked.warnings) if checked else (),
        "hashes": fingerprint(study),
        "documents": declared_documents(declared),
        "address": address,
        "reach": reach_of(address),
        "qr": qr_code(address),
        "service": declared.recruitment.name,
        "fields": recruitment_fields(declared, address),
    }
    return render_study_page(request, study, "launch", "panel/launch.html", context, status)
