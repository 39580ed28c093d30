"""Preview of a study file under work, before any study uses it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.models import StudyText
from studyplatform.panel import study_texts
from studyplatform.panel.access import signed_in
from studyplatform.panel.preview_views import Place, show_page, show_picture
from surveys import services
from surveys.models import Study
from surveys.services import StudyError
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition
from surveys.web.pictures import is_dense


@require_safe
@signed_in
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Redirect to the consent in the first arm."""
    text = study_texts.writable(user_of(request), pk)
    try:
        with loaded(text, user_of(request)) as study:
            arm = study.arms.all()[0].key
            return redirect(draft_place(text).page_at(arm, 0, definition(study).language))
    except StudyError as error:
        return _refuse(request, text, str(error))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def page(request: HttpRequest, pk: int, arm: str, language: str, number: int) -> HttpResponse:
    """Show a page of the latest version as participants would see it."""
    text = study_texts.writable(user_of(request), pk)
    way_out = {"back": reverse("panel:study-text", args=[text.pk]), "tabs": [], "is_draft": True}
    try:
        with loaded(text, user_of(request)) as study:
            return show_page(request, study, (arm, language, number), draft_place(text), way_out)
    except StudyError as error:
        return _refuse(request, text, str(error))


@require_safe
@signed_in
def picture(
    request: HttpRequest, pk: int, arm: str, picture_code: str, picture: str
) -> HttpResponse:
    """Return an image, map or legend of a page."""
    text = study_texts.writable(user_of(request), pk)
    try:
        with loaded(text, user_of(request)) as study:
            return show_picture(study, arm, picture_code, picture, dense=is_dense(request))
    except StudyError as error:
        raise Http404(str(error)) from error


@contextmanager
def loaded(text: StudyText, user: User, source: str | None = None) -> Iterator[Study]:
    """Load the source as the file of the text's study for the block only; nothing is stored.

    Without a source, load the latest version. Raises StudyError for a file that the study cannot
    use.
    """
    source = text.versions.all()[0].source if source is None else source
    if problems := study_texts.problems_of(text, source, user):
        raise StudyError(
            gettext("The file has mistakes, so that its pages cannot be shown: %(problem)s")
            % {"problem": problems[0]}
        )
    with transaction.atomic():
        try:
            # Pages can be worded before the study has its images.
            yield services.load_study(source, images_later=True)
        except StudyFileError as error:
            raise StudyError(" ".join(error.problems)) from error
        finally:
            transaction.set_rollback(True)


def draft_place(text: StudyText) -> Place:
    """Return the place of the preview of a file under work."""
    return Place("panel:draft-", {"pk": text.pk}, is_stored=False)


def _refuse(request: HttpRequest, text: StudyText, why: str) -> HttpResponse:
    messages.error(request, why)
    return redirect("panel:study-text", pk=text.pk)


def user_of(request: HttpRequest) -> User:
    """Return the user, who is signed in."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user
