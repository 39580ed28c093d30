"""The structured editor: forms for what people change most in a study file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from studyplatform.models import StudyText, TextVersion
from studyplatform.panel import study_texts
from studyplatform.panel.access import Right, signed_in, study_page
from studyplatform.panel.editor.base import NEW, Section, Values, tables
from studyplatform.panel.editor.catalogue import BY_KEY, GROUPS
from studyplatform.panel.editor.entries import Entry
from studyplatform.panel.editor.mistakes import by_field, mistakes
from studyplatform.panel.page_names import page_names
from studyplatform.panel.questionnaire_cards import questionnaire_cards
from studyplatform.panel.study_text_views import remarks_on, tabs_of_text, tell_created
from studyplatform.panel.study_texts import OutdatedError
from studyplatform.panel.text_changes import consent_remark
from studyplatform.panel.toml_edits import EditError, Path, read, value_at
from surveys import services
from surveys.models import Study
from surveys.services import StudyError
from surveys.study_file.declaration import StudyFile, StudyFileError
from surveys.study_file.reading.study import read as read_study

ADDITIONS = (
    (NEW, "outcome"), (NEW, "family"), (NEW, "criterion"), (NEW, "contrast"), (NEW, "more"),
    (NEW, "less"), (NEW, "author"), (NEW, "orcid"), (NEW, "affiliation"),
    (NEW, "quasi_identifier"),
)  # fmt: skip
"""Fields that add to the plan and to the release, which can still change while people take part."""


class SectionForm(forms.Form):
    """The fields of a section, filled with the values of a version of the file."""

    def __init__(
        self,
        section: Section,
        values: dict[str, Any],
        data: Any = None,
        *,
        is_locked: Callable[[Path], bool] = lambda path: False,
    ) -> None:
        super().__init__(data)
        self.mistakes: Mapping[str, list[str]] = {}
        self.entries = section.entries(values)
        self.has_locks = False
        for entry in self.entries:
            field = entry.form_field(values)
            # Django keeps the initial value of a disabled field, whatever is sent.
            field.disabled = is_locked(entry.path)
            self.has_locks = self.has_locks or field.disabled
            self.fields[entry.name] = field

    def show_mistakes(self, mistakes: Mapping[str, list[str]]) -> None:
        """Mark the fields whose value in the file is a mistake."""
        self.mistakes = mistakes
        for name in mistakes:
            described = [f"{self[name].auto_id}_error"]
            if self.fields[name].help_text:
                described.insert(0, f"{self[name].auto_id}_helptext")
            self.fields[name].widget.attrs |= {
                "aria-invalid": "true", "aria-describedby": " ".join(described),
            }  # fmt: skip

    def groups(self) -> list["Group"]:
        """Return the fields below the heading of each group."""
        groups: dict[str, Group] = {}
        for entry in self.entries:
            group = groups.setdefault(str(entry.group), Group(str(entry.group)))
            group.fields.append(self[entry.name])
            group.lead = group.lead or str(entry.lead)
            if entry.path[0] == "parts" and entry.path[-1] == "place":
                group.place = int(entry.path[1]) + 1
        return list(groups.values())


@dataclass
class Group:
    """Fields below a heading and a sentence. ``place`` is that of the page that they belong to,
    from 1, or 0."""

    heading: str
    fields: list[Any] = field(default_factory=list)
    place: int = 0
    lead: str = ""


@require_safe
@study_page(Right.MAKE_CHANGES)
def of_study(request: HttpRequest, study: Study, section: str) -> HttpResponse:
    """Go to a section of the study's file."""
    text = study_texts.text_of(study, _user(request))
    return redirect("panel:edit-section", pk=text.pk, section=section)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def edit(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Show a section of the latest version, and save what was touched as another version."""
    user = _user(request)
    text = study_texts.writable(user, pk)
    if section not in BY_KEY:
        raise Http404("The editor has no such section.")
    latest = text.versions.all()[0]
    base = latest
    if request.method == "POST":
        base = get_object_or_404(text.versions, number=_number(request, "base"))
    try:
        values = read(base.source)
    except EditError as error:
        messages.error(request, str(error))
        return redirect("panel:study-text", pk=text.pk)
    form = SectionForm(
        BY_KEY[section],
        values,
        request.POST if request.method == "POST" else None,
        is_locked=locks(text),
    )
    page = _Page(request, text, BY_KEY[section], latest, base)
    if not form.is_bound:
        return page.show(form)
    if not form.is_valid():
        return page.show(form, status=422)
    if _number(request, "after") != latest.number:
        return page.show(form, refused=True, status=409)
    _move(form, request.POST.get("act", ""))
    try:
        _check_places(values, read(latest.source), form.entries)
        source = BY_KEY[section].write(latest.source, values, form.cleaned_data, form.entries)
        version = study_texts.save(text, source, after=latest.number, user=user)
    except OutdatedError:
        return _Page(request, text, BY_KEY[section], text.versions.all()[0], base).show(
            form, refused=True, status=409
        )
    except EditError as error:
        form.add_error(None, str(error))
        return page.show(form, status=409)
    if hint := consent_remark(latest.source, source):
        messages.info(request, hint)
    return _saved(request, text, version, section)


def locks(text: StudyText) -> Callable[[Path], bool]:
    """Return the check of which values can no longer change, because people have taken part."""
    if text.study is None or services.can_be_deleted(text.study):
        return lambda path: False

    def is_locked(path: Path) -> bool:
        # Texts of another language are below text.CODE. Languages themselves stay as they are.
        own = path[2:] if path[0] == "text" else path
        can_change = bool(own) and own[0] in services.CORRECTABLE
        return not can_change and path not in ADDITIONS

    return is_locked


def _move(form: SectionForm, act: str) -> None:
    """Move a page up or down by one, if the button for it was pressed."""
    direction, _, place = act.partition(":")
    if direction in ("up", "down") and place.isdecimal():
        name = f"parts.{int(place) - 1}.place"
        if name in form.cleaned_data:
            form.cleaned_data[name] = int(place) + (1 if direction == "down" else -1)


def _saved(
    request: HttpRequest, text: StudyText, version: TextVersion, section: str
) -> HttpResponse:
    said = gettext("Saved as version %(number)d.") % {"number": version.number}
    if request.POST.get("act") != "use":
        messages.success(request, said)
        return redirect("panel:edit-section", pk=text.pk, section=section)
    is_new = text.study is None
    try:
        problems = study_texts.problems_of(text, version.source, _user(request))
        if not problems:
            study_texts.use(text, version.source, _user(request))
    except (StudyFileError, StudyError) as error:
        problems = getattr(error, "problems", (str(error),))
    if problems:
        messages.error(
            request,
            gettext("%(saved)s The study cannot use it yet: see the mistakes.") % {"saved": said},
        )
        for problem in study_texts.placed(problems)[:3]:
            messages.error(request, problem.sentence)
    elif is_new and text.study is not None:
        tell_created(request, text.study)
    else:
        messages.success(request, gettext("%(saved)s The study uses it now.") % {"saved": said})
    return redirect("panel:edit-section", pk=text.pk, section=section)


def _check_places(before: Any, now: Any, entries: list[Entry]) -> None:
    """Refuse to write to a place in a list that holds something else now."""
    for entry in entries:
        for depth, key in enumerate(entry.path):
            if isinstance(key, int):
                place = entry.path[: depth + 1]
                if _identity(value_at(before, place)) != _identity(value_at(now, place)):
                    raise EditError(
                        gettext(
                            "Somebody has added, removed or moved entries meanwhile. Open the page "
                            "again and repeat your change."
                        )
                    )


def _identity(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return None
    return [entry.get(name) for name in ("key", "kind", "questionnaire", "item")]


class _Page:
    """The editor's page of a section."""

    def __init__(
        self,
        request: HttpRequest,
        text: StudyText,
        section: Section,
        latest: TextVersion,
        base: TextVersion,
    ) -> None:
        self.request, self.text, self.section = request, text, section
        self.latest, self.base = latest, base

    def show(self, form: SectionForm, *, refused: bool = False, status: int = 200) -> HttpResponse:
        """Render the page; ``refused`` if a colleague has saved meanwhile."""
        text, source = self.text, self.latest.source
        problems = study_texts.problems_of(text, source, _user(self.request))
        # The file has just been checked, plan included, so that reading it again is enough.
        declared = None if problems else read_study(source)
        found = mistakes(source, _values(source), study_texts.placed(problems))
        if not form.is_bound:  # what was sent may have mended them
            form.show_mistakes(by_field(found, self.section))
        context = {
            "area": "studies",
            "text": text,
            "study_of_text": text.study,
            "title": study_texts.title_of(text.study.source if text.study else source),
            "tabs": tabs_of_text(self.request.user, text),
            "section_groups": GROUPS,
            "section": self.section,
            "note": self.section.note(_values(source)),
            "form": form,
            "base": self.base,
            "latest": self.latest,
            "refused": refused,
            "lines": study_texts.difference(self.base.source, source) if refused else [],
            "problems": found,
            **remarks_on(declared),
            "questionnaires": questionnaire_cards() if self.section.key == "pages" else (),
            "pages": len(tables(_values(source), "parts")),
            "in_use": text.study is not None and text.study.source == source,
            "preview_at": self._preview(declared),
            "live": None if declared is None else self._live(declared),
        }
        return render(self.request, "panel/study_form.html", context, status=status)

    def _preview(self, declared: StudyFile | None) -> str:
        """Return the URL of the page that shows what the section edits, empty with mistakes."""
        if declared is None:
            return ""
        number = self._page_number(declared)
        page = {"arm": declared.arms[-1].key, "language": declared.language, "number": number}
        return reverse("panel:draft-page", kwargs={"pk": self.text.pk, **page})

    def _live(self, declared: StudyFile) -> dict[str, Any]:
        """Return what the live preview lets choose, and the page that it begins with."""
        names = page_names(declared)
        steps = [(number, names[step.key]) for number, step in enumerate(declared.steps, 1)]
        return {
            "pages": [
                (0, gettext("Consent")), *steps, (len(steps) + 1, gettext("Debrief")),
            ],
            "number": self._page_number(declared),
            "arms": [(arm.key, arm.label) for arm in declared.arms],
            "arm": declared.arms[-1].key,
            "languages": declared.languages,
            "language": declared.language,
        }  # fmt: skip

    def _page_number(self, declared: StudyFile) -> int:
        """Return the number of the page that shows most of what the section edits."""
        trials = [
            number for number, step in enumerate(declared.steps, 1) if step.trial_position == 1
        ]
        showing = ("arms", "trials", "sets", "pace", "feedback", "display")
        of_trials = dict.fromkeys(showing, trials[0] if trials else 0)
        of_pages = dict.fromkeys(("pages", "blocks", "answers", "checks"), 1)
        return (of_trials | of_pages).get(self.section.key, 0)


def _values(source: str) -> Values:
    """Return the values of a version. One that cannot be read, which a colleague may have saved
    meanwhile, has none."""
    try:
        return read(source)
    except EditError:
        return {}


def _number(request: HttpRequest, name: str) -> int:
    value = request.POST.get(name, "")
    if not value.isdecimal() or len(value) > 9:
        raise Http404("This is not a form of the panel.")
    return int(value)


def _user(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user
