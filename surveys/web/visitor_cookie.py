"""A visitor from a recruitment service, whose ids in the URL are checked and kept in a signed
cookie.
"""

from collections.abc import Collection
from dataclasses import asdict

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from surveys.models import Study
from surveys.recruitment.visitor import Visitor
from surveys.study_file.recruitment import Recruitment
from surveys.study_file.recruitment_kinds import PLAIN, get

COOKIE = "visitor"
COOKIE_AGE = 24 * 3600  # seconds; longer than Prolific allows for a submission


def in_address(
    request: HttpRequest, recruitment: Recruitment, later: Collection[str] = ()
) -> Visitor | None:
    """Return the visitor in the URL, or None for ids that the recruitment service never gives.

    ``later`` has the service's ids of the studies that send people to later sessions.
    """
    kind = get(recruitment.kind)
    external_id = request.GET.get(recruitment.id_parameter, "")
    session = request.GET.get(kind.session_parameter, "")
    study = request.GET.get(kind.study_parameter, "")
    is_person = kind.id_pattern.fullmatch(external_id)
    is_session = not session or PLAIN.fullmatch(session)
    is_study = study == recruitment.service_study if recruitment.service_study else (
        not study or kind.id_pattern.fullmatch(study)
    )  # fmt: skip
    if not (is_person and is_session and (is_study or study in later)):
        return None
    return Visitor(kind.key, external_id, session, study)


def remember(response: HttpResponse, study: Study, visitor: Visitor) -> None:
    """Store the ids in the browser, so that no later URL contains them."""
    response.set_cookie(
        COOKIE,
        signing.dumps(asdict(visitor), salt=_salt(study)),
        max_age=COOKIE_AGE,
        path=_path(study),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def remembered(request: HttpRequest, study: Study) -> Visitor | None:
    """Return the visitor in the browser's cookie for this study, if any."""
    try:
        ids = signing.loads(
            request.COOKIES.get(COOKIE, ""), salt=_salt(study), max_age=COOKIE_AGE
        )  # fmt: skip
    except signing.BadSignature:
        return None
    return _visitor(ids)


def _visitor(ids: dict[str, str]) -> Visitor:
    """Return the visitor in a cookie, also in one set before "panel" became "service"."""
    kind = "service" if ids["kind"] == "panel" else ids["kind"]
    study = ids.get("service_study", ids.get("panel_study", ""))
    return Visitor(kind, ids["external_id"], ids["session_id"], study)


def forget(response: HttpResponse, study: Study) -> None:
    """Delete the ids from the browser."""
    response.delete_cookie(COOKIE, path=_path(study), samesite="Lax")


def _salt(study: Study) -> str:
    return f"surveys.visitor.{study.slug}"


def _path(study: Study) -> str:
    return reverse("landing", kwargs={"slug": study.slug})
