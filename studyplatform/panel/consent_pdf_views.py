"""The PDF of a study's consent: uploaded, read, and taken away again."""

import re
import unicodedata
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.bodies import takes_files
from studyplatform.models import StudyText
from studyplatform.panel import study_texts
from studyplatform.panel.access import signed_in
from studyplatform.panel.draft_preview_views import user_of
from studyplatform.panel.editor.sections.texts import language_name, languages_of
from studyplatform.panel.pdf_checks import fault_of
from studyplatform.panel.study_text_views import tabs_of_text
from studyplatform.panel.study_texts import OutdatedError
from studyplatform.panel.toml_edits import REMOVED, Change, EditError, Path, edited, read, value_at
from surveys.services import documents
from surveys.study_file.consent import PDF, Document
from surveys.web.consent import as_pdf

FORM_BYTES = 100_000
"""What a request may have in addition to the file."""
REMOVE = "remove"


@dataclass(frozen=True)
class ShownPdf:
    """The PDF of a language: its document, or None, and whether its content is stored."""

    code: str
    language: str
    document: Document | None
    is_stored: bool


class PdfForm(forms.Form):
    """A PDF, and the language in which it informs."""

    language = forms.ChoiceField(label=gettext_lazy("Language"))
    file = forms.FileField(label=gettext_lazy("PDF"))

    def __init__(self, codes: list[str], *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        language = self.fields["language"]
        if isinstance(language, forms.ChoiceField):
            language.choices = [(code, language_name(code)) for code in codes]
        self.fields["file"].widget.attrs["accept"] = ".pdf,application/pdf"

    def clean_file(self) -> tuple[str, bytes]:
        """Return the name for the study file, and the content. Refuses what is not a plain PDF."""
        file = self.cleaned_data["file"]
        content = file.read(documents.LARGEST + 1)
        if fault := fault_of(content):
            raise ValidationError(fault)
        return name_of(file.name or ""), content


@takes_files(largest=documents.LARGEST + FORM_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the PDFs of the study file; store one, or take one away, as a new version."""
    text = study_texts.writable(user_of(request), pk)
    latest = text.versions.all()[0]
    try:
        codes = languages_of(read(latest.source))
    except EditError as error:
        messages.error(request, str(error))
        return redirect("panel:study-text", pk=text.pk)
    if request.method == "POST" and request.POST.get("act") == REMOVE:
        if (code := request.POST.get("language", "")) not in codes:
            raise Http404("The study has no such language.")
        return _write(request, text, code, None)
    form = PdfForm(codes, request.POST or None, request.FILES or None)
    if form.is_valid():
        name, content = form.cleaned_data["file"]
        named = Document(name, documents.store_document(content))
        return _write(request, text, form.cleaned_data["language"], named)
    context = {
        "area": "studies",
        "text": text,
        "study_of_text": text.study,
        "title": study_texts.title_of(text.study.source if text.study else latest.source),
        "tabs": tabs_of_text(request.user, text),
        "form": form,
        "pdfs": [_shown(latest.source, code) for code in codes],
        "megabytes": documents.LARGEST // 1_000_000,
    }
    status = 422 if form.is_bound else 200
    return render(request, "panel/consent_pdf.html", context, status=status)


@require_safe
@signed_in
def download(request: HttpRequest, pk: int, language: str) -> FileResponse:
    """Return the PDF of the latest version in the language, as participants get it."""
    text = study_texts.writable(user_of(request), pk)
    source = text.versions.all()[0].source
    try:
        codes = languages_of(read(source))
    except EditError as error:
        raise Http404("The file cannot be read.") from error
    shown = _shown(source, language) if language in codes else None
    if shown is not None and shown.document is None and language != codes[0]:
        shown = _shown(source, codes[0])  # as participants: a language without one of its own
    if shown is None or shown.document is None or not shown.is_stored:
        raise Http404("The study has no such document.")
    return as_pdf(shown.document)


def name_of(sent: str) -> str:
    """Return the name of a file in the form that a study file can contain."""
    stem = sent.rpartition("/")[2].rpartition("\\")[2]
    stem = stem[:-4] if stem.lower().endswith(".pdf") else stem
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9_. -]+", "-", plain).strip("-. ")[:70].lstrip("_-. ")
    return f"{plain or 'information'}.pdf"


def _shown(source: str, code: str) -> ShownPdf:
    declared = value_at(read(source), _place(source, code), "")
    named = PDF.fullmatch(declared) if isinstance(declared, str) else None
    document = Document(named["name"], named["sha256"] or "") if named else None
    is_stored = document is not None and documents.path_of(document).is_file()
    return ShownPdf(code, language_name(code), document, is_stored)


def _place(source: str, code: str) -> Path:
    is_own = code == languages_of(read(source))[0]
    return ("consent", "pdf") if is_own else ("text", code, "consent", "pdf")


def _write(
    request: HttpRequest, text: StudyText, code: str, document: Document | None
) -> HttpResponse:
    """Name the document in the study file, as a new version; None takes the name away."""
    latest = text.versions.all()[0]
    value = f"{document.name}#{document.sha256}" if document else REMOVED
    try:
        source = edited(latest.source, [Change(_place(latest.source, code), value)])
        version = study_texts.save(text, source, after=latest.number, user=user_of(request))
    except (EditError, OutdatedError) as error:
        messages.error(request, str(error) or gettext("Somebody saved meanwhile. Try again."))
        return redirect("panel:consent-pdf", pk=text.pk)
    messages.success(
        request,
        gettext(
            "Saved as version %(number)d. Change the version of the consent as well, and press "
            "“Save and use in the study”, or “Save and create the study”."
        )
        % {"number": version.number},
    )
    # The version of the consent and the button that lets the study use it are there.
    return redirect("panel:edit-section", pk=text.pk, section="texts")
