"""The panel's page for writing, checking and saving a study file."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from studyplatform.panel import members
from studyplatform.panel.access import for_researchers
from surveys import services
from surveys.models import Study
from surveys.study_checks.costs import warnings
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition


class StudyFileForm(forms.Form):
    """The study file as text. The browser's line endings become single line feeds."""

    source = forms.CharField(
        label="Study file (TOML)",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 40, "cols": 100, "spellcheck": "false"}),
    )

    def clean_source(self) -> str:
        """Replace the browser's line endings (CRLF) by LF, so that the file's hash does
        not change."""
        return str(self.cleaned_data["source"]).replace("\r\n", "\n")


@require_http_methods(["GET", "HEAD", "POST"])
@for_researchers
@permission_required("surveys.change_study", raise_exception=True)
def draft(request: HttpRequest) -> HttpResponse:
    """Show a study file to edit, then check and load it.

    It starts from the demo's file or, with ``?from=``, from another study's.
    """
    known = request.GET.get("from")
    source = get_object_or_404(Study, slug=known).source if known else _example()
    form = StudyFileForm(
        request.POST if request.method == "POST" else None, initial={"source": source}
    )
    problems: tuple[str, ...] = ()
    if form.is_valid():
        there = set(Study.objects.values_list("pk", flat=True))
        try:
            study = services.load_study(form.cleaned_data["source"])
        # Mistakes of the file are listed one by one; a refused change has a single reason.
        except StudyFileError as error:
            problems = error.problems
        except services.StudyError as error:
            problems = (str(error),)
        else:
            if study.pk not in there and isinstance(request.user, User):
                members.begin(study, request.user)
            return _kept(request, study)
    context = admin.site.each_context(request) | {
        "title": f"Study file of {known}" if known else "A new study",
        "form": form,
        "problems": problems,
    }
    return render(request, "admin/surveys/draft.html", context)


def _example() -> str:
    """Return a file to start from."""
    return str((settings.STUDIES_DIR / "demo.toml").read_text(encoding="utf-8"))


def _kept(request: HttpRequest, study: Study) -> HttpResponse:
    messages.success(
        request, f"{study} was saved; its state is: {study.get_state_display().lower()}."
    )
    for warning in warnings(definition(study)):
        messages.warning(request, warning)
    return HttpResponseRedirect(reverse("admin:surveys_study_change", args=[study.pk]))
