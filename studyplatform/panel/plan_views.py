"""The plan of a study: the sample that it needs, and its preregistration."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from analysis.errors import AnalysisError
from studyplatform.jobs.kinds import BY_KEY
from studyplatform.models import Job, TextVersion
from studyplatform.panel import registrations, study_texts
from studyplatform.panel.access import Right, study_page
from studyplatform.panel.editor.base import tables
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.report_page import policy_of, with_bar_of
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
    user = request.user
    if not isinstance(user, User):
        raise Http404
    text = study_texts.text_of(study, user)
    latest = text.versions.all()[0]
    try:
        source = edited(latest.source, _changes(latest.source, job, form.cleaned_data))
        version = study_texts.save(text, source, after=latest.number, user=user)
    except (EditError, OutdatedError) as error:
        form.add_error(None, str(error) or gettext("Somebody saved another version. Try again."))
        return _page(request, study, job, form, status=409)
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
        gettext("The sample is written into the study file. The study uses version %(number)d now.")
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
            "The sample is written into version %(number)d of the study file. The study does not "
            "use this version yet: press “Save and use in the study”."
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


def _page(
    request: HttpRequest,
    study: Study,
    sent: Job | None = None,
    form: SampleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    jobs = registrations.power_jobs(study)
    latest = sent or (jobs[0] if jobs else None)
    plan = definition(study).analysis
    try:
        written, problem = registrations.preregistration(study), ""
    except AnalysisError as error:
        written, problem = None, str(error)
    outcomes = [one for one in plan.get("outcomes", ()) if one.get("role") != "exploratory"]
    context = {
        "places": definition(study).allocation.places,
        "outcomes": outcomes,
        "goal": plan.get("sample_goal"),
        "jobs": jobs,
        "latest": latest,
        "made": (latest.result or {}).get("provenance", {}) if latest else {},
        "form": form or (SampleForm(initial=_proposal(latest)) if latest else None),
        "kind": BY_KEY["power"],
        "written": written,
        "names": registrations.NAMES,
        "problem": problem,
        "stated": plan.get("preregistration"),
    }
    return render_study_page(request, study, "plan", "panel/plan.html", context, status)
