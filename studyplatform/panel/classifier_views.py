"""The page on which a classifier is registered. Nothing of a request is read before it is
permitted."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from explanations.classifier.header import HeaderError
from explanations.models import ClassifierWeights
from explanations.pipeline.weights_registry import registered_names
from studyplatform.bodies import takes_files
from studyplatform.jobs import queue, uploaded_weights
from studyplatform.jobs.classifier_form import ClassifierForm
from studyplatform.jobs.forms import JobForm
from studyplatform.jobs.kinds import ArgumentsError
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from surveys.models import Study

MEGABYTE = 1_000_000


# The check against forged requests reads the form, and with it the file. It is made by ``_store``,
# once it is known that the person may upload, and how much is coming.
@takes_files(largest=None)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.MAKE_CHANGES)
def register(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the form, and queue the registration of what is sent."""
    if request.method != "POST":
        return _page(request, study, ClassifierForm(study))
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > uploaded_weights.LARGEST:
        sentence = gettext(
            "The file is larger than %(most)d MB. Ask whoever runs the server to register it by "
            "the command register_classifier."
        )
        problem = sentence % {"most": uploaded_weights.LARGEST // MEGABYTE}
        return _page(request, study, ClassifierForm(study), 413, problem)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _store(request, study)


@csrf_protect
def _store(request: HttpRequest, study: Study) -> HttpResponse:
    data = request.POST.dict()
    sent = request.FILES.get("weights")
    # Only what was sent with this request counts: a hash from elsewhere names no file.
    data["upload"] = ""
    if sent is not None and sent.file is not None:
        try:
            data["upload"] = uploaded_weights.keep(sent.file, sent.name or "")
        except HeaderError as error:
            return _page(request, study, ClassifierForm(study, data), 422, str(error))
    try:
        job, _is_new = queue.enqueue("classifier", study=study, data=data, by=_user(request))
    except ArgumentsError as error:
        return _page(request, study, error.form, 422)
    messages.info(request, gettext("The classifier is being checked."))
    return redirect("panel:job", slug=study.slug, pk=job.pk)


def _page(
    request: HttpRequest, study: Study, form: JobForm, status: int = 200, problem: str = ""
) -> HttpResponse:
    names = registered_names()
    known = ClassifierWeights.objects.filter(name__in=names).order_by("name")
    context = {
        "form": form,
        "problem": problem,
        "registered": known,
        "megabytes": uploaded_weights.LARGEST // MEGABYTE,
    }
    return render_study_page(
        request, study, "explanations", "panel/register_classifier.html", context, status
    )


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):  # study_page lets nobody else in
        raise Http404("Sign in first.")
    return request.user
