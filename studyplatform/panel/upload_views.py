"""The page on which images are uploaded. Nothing of a request is read before it is permitted."""

from contextlib import suppress
from threading import Lock
from time import time

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from explanations.imagesets import SCENES
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import FORMATS, MAX_FILE_BYTES
from explanations.imagesets.upload import MAX_IMAGES, MAX_UPLOAD_BYTES, SPLIT, read_uploads
from explanations.models import ImageSet
from studyplatform.bodies import takes_files
from studyplatform.panel import image_edits, image_sets
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.guide import OWN_IMAGES_LATER
from studyplatform.panel.image_edits import ImageEditError
from studyplatform.panel.image_views import tell_used, user_of
from studyplatform.panel.problem_groups import grouped
from surveys.models import Study
from surveys.study_file.stored import definition

MEGABYTE = 1_000_000
PROBLEMS_SHOWN = 20
PROBLEMS_TOLD = 2
"""Reasons, of which each can be long, why the study cannot use the images yet."""
LEFT_BEHIND = 24 * 3600
"""Seconds after which an unfinished upload is what a killed process has left."""
_decoding = Lock()  # an image of 25 megapixels takes half a gigabyte while it is decoded


# The check against forged requests reads the form, and with it every file. It is made by
# ``_store``, once it is known that the person may upload, and how much is coming.
@takes_files(largest=None)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.MAKE_CHANGES)
def upload(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the form, and store what is sent, whole or not at all."""
    if request.method != "POST":
        return _page(request, study)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_UPLOAD_BYTES:
        sentence = gettext("The upload is larger than %(most)d MB. Upload the images in parts.")
        return _page(request, study, [sentence % {"most": MAX_UPLOAD_BYTES // MEGABYTE}], 413)
    _remove_leftovers()
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    try:
        return _store(request, study)
    except TooManyFilesSent:
        sentence = gettext(
            "More than 100 single files were sent. Pack them into a zip file, which may hold "
            "%(most)d images."
        )
        return _page(request, study, [sentence % {"most": MAX_IMAGES}], 400)


@csrf_protect
def _store(request: HttpRequest, study: Study) -> HttpResponse:
    classes = study.classifier.class_names
    chosen = request.POST.get("class", "")
    sent = request.FILES.getlist("images")
    files = [(file.name or "", file.file) for file in sent if file.file is not None]
    try:
        with _decoding:
            uploads = read_uploads(files, classes, chosen if chosen in classes else "", gettext)
            imported = image_sets.store(study, uploads)
    except ImageSetError as error:
        return _page(request, study, list(error.problems), 422, chosen)
    sentence = ngettext(
        "%(new)d image was stored.", "%(new)d images were stored.", imported.new
    ) % {"new": imported.new}
    if imported.known:
        sentence += " " + ngettext(
            "%(known)d image was there already.",
            "%(known)d images were there already.",
            imported.known,
        ) % {"known": imported.known}
    messages.success(request, sentence)
    _use_if_nothing_else(request, study, imported.image_set)
    gallery = reverse("panel:images", kwargs={"slug": study.slug})
    return redirect(f"{gallery}?set={imported.image_set.pk}")


def _use_if_nothing_else(request: HttpRequest, study: Study, uploaded: ImageSet) -> None:
    """Let the study use the uploaded images if its file only waits for them, or if its set is empty
    and no job can draw it."""
    split = definition(study).images.split
    has_others = study.image_set.images.filter(split=split).exists()
    has_others = has_others or study.image_set.name in SCENES
    waits = OWN_IMAGES_LATER in study.source
    if (has_others and not waits) or study.state != Study.State.DRAFT:
        return
    try:
        image_edits.change(
            study,
            user_of(request),
            lambda source: image_edits.with_image_set(source, uploaded.name, SPLIT),
        )
    except ImageEditError as error:
        # Most often there are too few; the next upload tries it again.
        for problem in error.problems[:PROBLEMS_TOLD]:
            messages.warning(request, problem)
        return
    tell_used(request, study, uploaded)


def _remove_leftovers() -> None:
    """Remove files of uploads whose process was killed, which would stay for ever."""
    before = time() - LEFT_BEHIND
    for path in settings.FILE_UPLOAD_TEMP_DIR.glob("*.upload*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _page(
    request: HttpRequest,
    study: Study,
    problems: list[str] | None = None,
    status: int = 200,
    chosen_class: str = "",
) -> HttpResponse:
    problems = grouped(problems or [])
    context = {
        "classes": study.classifier.class_names,
        "chosen_class": chosen_class,
        "problems": problems[:PROBLEMS_SHOWN],
        "more_problems": max(0, len(problems) - PROBLEMS_SHOWN),
        "rule": study.classifier.rule,
        "formats": FORMATS,
        "file_megabytes": MAX_FILE_BYTES // MEGABYTE,
        "megabytes": MAX_UPLOAD_BYTES // MEGABYTE,
        "most": MAX_IMAGES,
    }
    return render_study_page(request, study, "images", "panel/upload_images.html", context, status)
