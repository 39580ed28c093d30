"""A new study, and the editor of study files."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.bodies import takes_files
from studyplatform.models import StudyText, TextVersion
from studyplatform.panel import guide, study_texts
from studyplatform.panel.access import AnyUser, Right, rights_in, signed_in, studies_of, study_page
from studyplatform.panel.editor.catalogue import GROUPS
from studyplatform.panel.frame import Tab, tabs_of
from studyplatform.panel.published import has_gallery
from studyplatform.panel.short_names import NamingForm
from studyplatform.panel.study_texts import OutdatedError
from studyplatform.panel.text_changes import consent_remark, with_changes
from studyplatform.panel.text_checks import TextRemark, stale_texts, unfinished_texts
from surveys.models import Study
from surveys.services import StudyError
from surveys.study_checks.costs import warnings
from surveys.study_file.declaration import StudyFile, StudyFileError
from surveys.study_file.reading.study import read as read_study
from surveys.study_file.stored import definition


class NewStudyForm(NamingForm):
    """Where the file of a new study comes from, and how the study is called."""

    origin = forms.CharField(required=False)
    file = forms.FileField(
        label=gettext_lazy("Or a study file of your own (.toml)"), required=False
    )

    def clean_file(self) -> str:
        """Return the uploaded text, or an empty text without a file."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > study_texts.LONGEST:
            raise ValidationError(gettext("The file is larger than 1 MB."))
        try:
            return str(file.read().decode("utf-8-sig").replace("\r\n", "\n"))
        except UnicodeDecodeError as error:
            raise ValidationError(
                gettext("The file is not text in UTF-8. Save it again in this encoding.")
            ) from error


@takes_files()
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Begin a study from a shipped design, from another study, or from a file."""
    user = _user(request)
    studies = studies_of(user).order_by("title")
    form = NewStudyForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        source = chosen["file"] or _origin(chosen["origin"], user)
        text = study_texts.begin(user, study_texts.renamed(source, chosen["slug"], chosen["title"]))
        # The texts are what every study changes first. What is not TOML opens as a whole text.
        return redirect("panel:edit-section", pk=text.pk, section="texts")
    context = {
        "area": "studies",
        "form": form,
        "templates": study_texts.templates(),
        "studies": studies,
        "published": has_gallery(),
        "origin": request.POST.get("origin") or request.GET.get("origin") or "design:demo.toml",
    }
    return render(request, "panel/new_study.html", context, status=400 if form.errors else 200)


@require_safe
@study_page(Right.MAKE_CHANGES)
def of_study(request: HttpRequest, study: Study) -> HttpResponse:
    """Go to the file of the study: to the form of its texts, which is changed most."""
    text = study_texts.text_of(study, _user(request))
    return redirect("panel:edit-section", pk=text.pk, section="texts")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the latest version with its problems, save another one, and use it."""
    user = _user(request)
    text = study_texts.writable(user, pk)
    if request.method != "POST":
        return _editor(request, text, _latest(text).source)
    source = request.POST.get("source", "").replace("\r\n", "\n")
    after = request.POST.get("after", "")
    if len(source) > study_texts.LONGEST or not after.isdigit():
        raise Http404("This is not a form of the panel.")
    before = _latest(text).source
    try:
        version = study_texts.save(text, source, after=int(after), user=user)
    except OutdatedError:
        return _editor(request, text, source, refused=True, status=409)
    if hint := consent_remark(before, source):
        messages.info(request, hint)
    if request.POST.get("act") != "use":
        messages.success(
            request, gettext("Saved as version %(number)d.") % {"number": version.number}
        )
        return redirect("panel:study-text", pk=text.pk)
    problems = study_texts.problems_of(text, source, user)
    is_new = text.study is None
    if not problems:
        try:
            study = study_texts.use(text, source, user)
        except StudyFileError as error:
            problems = tuple(error.problems)
        except StudyError as error:
            problems = (str(error),)
        else:
            if is_new:
                tell_created(request, study)
            else:
                messages.success(request, gettext("The study now uses this file."))
            for warning in warnings(definition(study)):
                messages.warning(request, warning)
            return redirect("panel:study", slug=study.slug)
    messages.error(
        request, gettext("The file is saved, but the study cannot use it yet. Mend it first.")
    )
    return _editor(request, text, source, problems=problems, status=409)


@require_safe
@signed_in
def compare(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Compare a version with the one before it, or with the version that ``?with=`` names."""
    text = study_texts.writable(_user(request), pk)
    version = get_object_or_404(text.versions, number=number)
    asked = request.GET.get("with", "")
    other = text.versions.filter(number=int(asked) if asked.isdigit() else number - 1).first()
    lines = study_texts.difference(other.source if other else "", version.source)
    context = {
        "area": "studies",
        "text": text,
        "version": version,
        "other": other,
        "latest": _latest(text),
        "lines": lines,
        "rows": study_texts.side_by_side(lines) if other else [],
    }
    return render(request, "panel/compare_versions.html", context)


@require_safe
@signed_in
def download(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Return a version as a file."""
    text = study_texts.writable(_user(request), pk)
    version = get_object_or_404(text.versions, number=number)
    name = text.study.slug if text.study else f"study-{text.pk}"
    return HttpResponse(
        version.source,
        content_type="application/toml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{number}.toml"'},
    )


def _editor(request: HttpRequest, text: StudyText, source: str, **options: Any) -> HttpResponse:
    latest, refused = _latest(text), options.get("refused", False)
    problems = options.get("problems")
    if problems is None:
        problems = study_texts.problems_of(text, source, _user(request))
    context = {
        "area": "studies",
        "text": text,
        "study_of_text": text.study,
        "tabs": tabs_of_text(request.user, text),
        "section_groups": GROUPS,
        "source": source,
        "latest": latest,
        "problems": study_texts.placed(problems),
        # Without a script, the link of a mistake goes to a copy of the text with numbers.
        "numbered": source.splitlines() if problems else [],
        **remarks_on(None if problems else read_study(source)),
        "versions": with_changes(text.versions.all()[:21]),
        "refused": refused,
        "lines": study_texts.difference(latest.source, source) if refused else [],
        "in_use": text.study is not None and text.study.source == source,
    }
    return render(request, "panel/study_text.html", context, status=options.get("status", 200))


def remarks_on(declared: StudyFile | None) -> dict[str, list[TextRemark]]:
    """Return what the launch will say about the texts of a file without mistakes."""
    if declared is None:
        return {"gaps": [], "stale": []}
    return {"gaps": list(unfinished_texts(declared)), "stale": list(stale_texts(declared))}


def tabs_of_text(user: AnyUser, text: StudyText) -> list[tuple[Tab, str, bool]]:
    """Return the tabs of the study that the text belongs to, and none for a text without one."""
    return tabs_of(rights_in(user, text.study), text.study, "file") if text.study else []


def tell_created(request: HttpRequest, study: Study) -> None:
    """Say that the study is created, with a link to its images, which come next."""
    page = "panel:images"
    if guide.OWN_IMAGES_LATER in study.source:
        page, next_step = "panel:upload-images", gettext("Next: upload your images")
    elif study.image_set.images.filter(split=definition(study).images.split).exists():
        next_step = gettext("Next: look at its images, or upload your own")
    else:
        next_step = gettext("Next: upload your images, or draw the scenes")
    messages.success(
        request,
        format_html(
            '{} <a href="{}">{}</a>',
            gettext("The study is created."),
            reverse(page, kwargs={"slug": study.slug}),
            next_step,
        ),
    )


def _latest(text: StudyText) -> TextVersion:
    return text.versions.all()[0]


def _origin(origin: str, user: User) -> str:
    """Return the text that a new study begins with. Raises Http404 for what the user may not
    see."""
    kind, _, name = origin.partition(":")
    if kind == "study":
        return get_object_or_404(studies_of(user), slug=name).source
    return study_texts.template_text(name)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
