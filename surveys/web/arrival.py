"""Arrival from a recruitment service's link, which leads to a participation or is refused for a
reason.
"""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from surveys.models import Identity, Participant, Study
from surveys.pages.language import about_study
from surveys.recruitment import exits
from surveys.recruitment.visitor import Visitor
from surveys.services import sessions
from surveys.services.recruiting import is_excluded, is_remembered
from surveys.study_file.recruitment import Outcome
from surveys.study_file.recruitment_kinds import get
from surveys.study_file.stored import definition
from surveys.web import signed_links, visitor_cookie


def brings_ids(request: HttpRequest, study: Study) -> bool:
    """Return whether the URL contains a recruitment service's id, valid or not."""
    recruitment = definition(study).recruitment
    return not recruitment.is_open and recruitment.id_parameter in request.GET


def participant_of(
    request: HttpRequest, study: Study, simulated: bool, visitor: Visitor | None
) -> Participant | None:
    """Return the participation that continues here, if any.

    If two people share a device, it belongs to the person who last followed the service's link. A
    service's id of a person can be guessed, so it never leads to anyone's pages by itself, but the
    secret id of a submission does.
    """
    known = signed_links.remembered(request, study, simulated)
    if visitor is None or simulated:
        return known
    identity = _identity(study, visitor)
    if identity is None:
        return None
    if known is not None and known.pk == identity.participant_id:
        return known
    claimed = sessions.claim_session(study=study, visitor=visitor)
    if claimed is not None:
        return claimed
    # Only a secret id proves who the person is; other services' ids can be guessed.
    secret = visitor.session_id if get(visitor.kind).can_resume else ""
    return identity.participant if secret and secret == identity.session_id else None


def refusal(request: HttpRequest, study: Study, visitor: Visitor | None) -> HttpResponse | None:
    """Return the page for a person who cannot start, or None.

    People without an id, with an earlier participation, or from an excluded study cannot.
    """
    if definition(study).recruitment.is_open:
        return None
    if visitor is None:
        return unknown(request, study)
    if _identity(study, visitor) is not None:
        return begun(request, study)
    # The service's study of a later session admits nobody new.
    if visitor.service_study in definition(study).later_studies:
        return unknown(request, study)
    if is_remembered(study, visitor):
        return took_part(request, study, visitor)
    if is_excluded(study, visitor):
        return turned_away(request, study, visitor)
    return None


def service_of(study: Study) -> str:
    """Return the name of the study's recruitment service. Empty for an open study."""
    return definition(study).recruitment.name


def unknown(request: HttpRequest, study: Study) -> HttpResponse:
    """Return the page for a link without an id, or with an id that the service never gives.

    In a laboratory it is the start page, on which people type their id.
    """
    recruitment = definition(study).recruitment
    if recruitment.is_lab:
        typed = request.GET.get(recruitment.id_parameter, "")
        context = {**about_study(study), "typed": typed[:40], "unknown": bool(typed)}
        return render(request, "surveys/typed_id.html", context)
    context = {**about_study(study), "service": service_of(study)}
    return render(request, "surveys/unknown_visitor.html", context, status=403)


def begun(request: HttpRequest, study: Study, typed: str = "") -> HttpResponse:
    """Return the page for a person who already takes part in another browser.

    The personal code lets them continue here.
    """
    context = {**about_study(study), "typed": typed[:40], "unknown": bool(typed)}
    return render(request, "surveys/begun.html", context, status=409)


def took_part(request: HttpRequest, study: Study, visitor: Visitor | None) -> HttpResponse:
    """Return the page for a person who took part before and had everything deleted."""
    context = {**about_study(study), "way_back": way_back(study, Outcome.WITHDRAWN, visitor)}
    return render(request, "surveys/took_part.html", context, status=403)


def turned_away(request: HttpRequest, study: Study, visitor: Visitor | None) -> HttpResponse:
    """Return the page for a person who took part in a study that the given study excludes."""
    context = {**about_study(study), "way_back": way_back(study, Outcome.SCREENED_OUT, visitor)}
    return render(request, "surveys/turned_away.html", context, status=403)


def way_back(study: Study, outcome: Outcome, visitor: Visitor | None) -> exits.WayBack | None:
    """Return the way back of a visitor without a participation."""
    return exits.way_back(study, outcome, visitor.external_id) if visitor else None


def way_back_of_deleted(request: HttpRequest, study: Study) -> exits.WayBack | None:
    """Return the way back of a person whose data were just erased."""
    visitor = visitor_cookie.remembered(request, study)
    if visitor is None or _identity(study, visitor) is not None:
        return None
    return way_back(study, Outcome.WITHDRAWN, visitor)


def remember_deleted(response: HttpResponse, study: Study, visitor: Visitor | None) -> None:
    """Keep in the erased person's own browser the ids that the way back needs."""
    if visitor is not None and visitor.external_id:
        visitor_cookie.remember(response, study, visitor)


def remembered_until(participant: Participant) -> datetime | None:
    """Return until when an erasure would keep the keyed hash of the participant's id, if at all."""
    identity = Identity.objects.filter(participant=participant).first()
    return identity.remember_until if identity else None


def visitor_of(participant: Participant) -> Visitor | None:
    """Return the participant's identity at the recruitment service, or None in an open study."""
    identity = Identity.objects.filter(participant=participant).first()
    if identity is None:
        return None
    return Visitor(definition(participant.study).recruitment.kind, identity.external_id)


def _identity(study: Study, visitor: Visitor) -> Identity | None:
    people = study.identities.select_related("participant__study", "participant__arm")
    return people.filter(external_hash=visitor.external_hash).first()
