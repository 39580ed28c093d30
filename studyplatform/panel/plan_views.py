"""The plan of a study: the sample that it needs, and its preregistration."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from analysis.errors import AnalysisError
from studyplatform.jobs.kinds import BY_KEY
from studyplatform.jobs.planned_effects import planned_effects
from studyplatform.models import Job, TextVersion
from studyplatform.panel import registrations, study_texts
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.editor.base import tables
from studyplatform.panel.editor.sections.plan import REGISTRATION
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.report_page import policy_of, with_bar_of
from studyplatform.panel.schedule_views import FORMAT
from studyplatform.panel.study_texts import OutdatedError
from studyplatform.panel.toml_edits import Change, EditError, edited, read
from surveys.models import Study
from surveys.services import StudyError
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.stored import definition

TYPES = {
    "preregistration.html": "text/html",
    "preregistration.md": "text/markdown",
    "registered.json": "application/json",
}


class SampleForm(forms.Form):
    """The sample that is written into the plan."""

    places = forms.IntegerField(
        label=gettext_lazy("Places"),
        help_text=gettext_lazy("People who are admitted at most, over all arms."),
        min_value=1,
        max_value=1_000_000,
    )
    power = forms.FloatField(
        label=gettext_lazy("Power"),
        min_value=0.5,
        max_value=0.99,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
    )
    d = forms.FloatField(
        label=gettext_lazy("Smallest effect, Cohen's d"),
        help_text=gettext_lazy(
            "The report states the goal by d: the smallest effect in standard deviations of the "
            "simulation. Empty: no goal is written."
        ),
        min_value=0.01,
        max_value=10,
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )


class RegistrationForm(forms.Form):
    """Where and when the plan was registered. The time is that of the reader's zone."""

    url = forms.URLField(
        label=gettext_lazy("Address of the registration"),
        help_text=gettext_lazy("Such as https://osf.io/…, once the plan is registered."),
        max_length=500,
        assume_scheme="https",
    )
    registered_at = forms.DateTimeField(label=gettext_lazy("Date and time of the registration"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["registered_at"]
        field.widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=FORMAT)
        field.help_text = gettext("Date and time in %(zone)s.") % {
            "zone": timezone.get_current_timezone_name()
        }


@require_safe
@study_page(Right.VIEW)
def show(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the planned sample, the simulations, and the preregistration."""
    return _page(request, study)


@require_POST
@study_page(Right.MAKE_CHANGES)
def write_sample(request: HttpRequest, study: Study, pk: int) -> HttpResponse:
    """Write the sample and the effects of a simulation into the plan, as a new version.

    A draft uses it at once, unless the latest version contains other changes that it does not use.
    """
    job = get_object_or_404(study.jobs.filter(kind="power", state=Job.State.DONE), pk=pk)
    form = SampleForm(request.POST)
    if not form.is_valid():
        return _page(request, study, job, form, status=422)
    try:
        return _write(request, study, lambda source: _changes(source, job, form.cleaned_data))
    except (EditError, OutdatedError) as error:
        form.add_error(None, str(error) or gettext("Somebody saved another version. Try again."))
        return _page(request, study, job, form, status=409)


@require_POST
@study_page(Right.MAKE_CHANGES)
def write_registration(request: HttpRequest, study: Study) -> HttpResponse:
    """Write where and when the plan was registered into the study file, as a new version."""
    form = RegistrationForm(request.POST)
    if not form.is_valid():
        return _page(request, study, registration=form, status=422)
    at = timezone.localtime(form.cleaned_data["registered_at"]).isoformat()
    changes = [
        Change((*REGISTRATION, "url"), form.cleaned_data["url"]),
        Change((*REGISTRATION, "registered_at"), at),
    ]
    try:
        return _write(request, study, lambda source: changes)
    except (EditError, OutdatedError) as error:
        form.add_error(None, str(error) or gettext("Somebody saved another version. Try again."))
        return _page(request, study, registration=form, status=409)


def _write(
    request: HttpRequest, study: Study, changes_of: Callable[[str], list[Change]]
) -> HttpResponse:
    """Save the latest version of the study file with changes, and let a draft use it.

    Raises EditError and OutdatedError.
    """
    user = request.user
    if not isinstance(user, User):
        raise Http404
    text = study_texts.text_of(study, user)
    latest = text.versions.all()[0]
    source = edited(latest.source, changes_of(latest.source))
    version = study_texts.save(text, source, after=latest.number, user=user)
    was_in_use = latest.source == study.source
    if not (was_in_use and study.state == Study.State.DRAFT):
        return _not_in_use(request, version)
    try:
        problems = study_texts.problems_of(text, source, user)
        if not problems:
            study_texts.use(text, source, user)
    except (StudyFileError, StudyError) as error:
        problems = getattr(error, "problems", (str(error),))
    if problems:
        for problem in problems[:3]:
            messages.error(request, problem)
        return _not_in_use(request, version)
    messages.success(
        request,
        gettext("It is written into the study file. The study uses version %(number)d now.")
        % {"number": version.number},
    )
    return redirect("panel:plan", slug=study.slug)


def _not_in_use(request: HttpRequest, version: TextVersion) -> HttpResponse:
    """Go to the text, where somebody decides whether the study is to use the new version.

    The version may contain other changes too, or the study may have been launched.
    """
    messages.warning(
        request,
        gettext(
            "It is written into version %(number)d of the study file. The study does not use this "
            "version yet: press “Save and use in the study”."
        )
        % {"number": version.number},
    )
    return redirect("panel:study-text", pk=version.text_id)


@require_safe
@study_page(Right.VIEW)
def document(request: HttpRequest, study: Study, name: str) -> HttpResponse:
    """Show the preregistration's page, or return one of its files."""
    if name not in TYPES:
        raise Http404("The preregistration has no such file.")
    try:
        written = registrations.preregistration(study)
    except AnalysisError as error:
        raise Http404(str(error)) from error
    text = written.texts[name]
    if name.endswith(".html") and "download" not in request.GET:
        context = {"study": study, "written": written}
        return with_bar_of(request, "panel/registration_bar.html", context, text)
    headers = {
        "Content-Disposition": f'attachment; filename="{study.slug}-{name}"',
        "Content-Security-Policy": policy_of(text) if name.endswith(".html") else "sandbox",
    }
    return HttpResponse(text, content_type=f"{TYPES[name]}; charset=utf-8", headers=headers)


def _changes(source: str, job: Job, sample: dict[str, Any]) -> list[Change]:
    outcomes = tables(read(source), "analysis", "outcomes")
    effects = job.arguments.get("effects") or {}
    changes = [
        Change(("analysis", "outcomes", number, "smallest_effect"), effects[outcome["key"]])
        for number, outcome in enumerate(outcomes)
        if outcome.get("key") in effects
    ]
    changes.append(Change(("allocation", "places"), sample["places"]))
    if sample["d"]:
        goal = {"power": sample["power"], "d": round(sample["d"], 4)}
        changes.append(Change(("analysis", "sample_goal"), goal))
    return changes


def _proposal(job: Job) -> dict[str, Any]:
    """Return what the form proposes: the sample of the most demanding outcome."""
    made = (job.result or {}).get("provenance", {})
    per_arm, arms = made.get("per_arm"), made.get("arms", 1)
    goals = [sample["d"] for sample in made.get("samples", ()) if sample.get("d")]
    return {
        "places": per_arm * arms if per_arm else None,
        "power": job.arguments.get("power"),
        "d": round(min(goals), 3) if goals else None,
    }


def _stated(stated: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the registration that the plan names, as values of the form."""
    try:
        at = datetime.fromisoformat((stated or {}).get("registered_at") or "")
    except ValueError:
        return {"url": (stated or {}).get("url", "")}
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    return {"url": (stated or {}).get("url", ""), "registered_at": timezone.localtime(at)}


def _page(
    request: HttpRequest,
    study: Study,
    sent: Job | None = None,
    form: SampleForm | None = None,
    registration: RegistrationForm | None = None,
    status: int = 200,
) -> HttpResponse:
    jobs = registrations.power_jobs(study)
    latest = sent or (jobs[0] if jobs else None)
    plan = definition(study).analysis
    try:
        written, problem = registrations.preregistration(study), ""
    except AnalysisError as error:
        written, problem = None, str(error)
    stated = plan.get("preregistration")
    context = {
        "places": definition(study).allocation.places,
        "effects": planned_effects(study).values(),
        "goal": plan.get("sample_goal"),
        "jobs": jobs,
        "latest": latest,
        "made": (latest.result or {}).get("provenance", {}) if latest else {},
        "form": form or (SampleForm(initial=_proposal(latest)) if latest else None),
        "kind": BY_KEY["power"],
        "written": written,
        "names": registrations.NAMES,
        "problem": problem,
        "stated": stated,
        "registration": registration or RegistrationForm(initial=_stated(stated)),
    }
    return render_study_page(request, study, "plan", "panel/plan.html", context, status)
