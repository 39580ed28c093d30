"""Which jobs of a study somebody sees, and which kinds somebody may start."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from explanations.models import Prediction
from studyplatform.jobs import presence
from studyplatform.jobs.forms import ReportForm
from studyplatform.jobs.kinds import BY_KEY, KINDS, Kind
from studyplatform.models import Job
from studyplatform.panel.access import Right
from surveys.blinding import is_blinded
from surveys.models import Study


def is_report_possible(study: Study) -> bool:
    """Return whether the study has people whose arms a report may compare now."""
    return not ReportForm(study).impossible


def lacks_report(study: Study) -> bool:
    """Return whether no report can be made now."""
    return not is_report_possible(study)


def could_not_choose(study: Study) -> bool:
    """Return whether a draft's classifier has seen its images, and yet none could be chosen."""
    seen = Prediction.objects.filter(classifier=study.classifier, image__image_set=study.image_set)
    is_draft = study.state == Study.State.DRAFT
    return is_draft and not study.stimuli.exists() and seen.exists()


def has_reports_to_compare(study: Study) -> bool:
    """Return whether two finished reports may be seen now."""
    reports = study.jobs.filter(kind="report", state=Job.State.DONE)
    return sum(not is_hidden(job, study) for job in reports) > 1


@dataclass(frozen=True)
class Following:
    """A step that may follow a kind of job, in studies of the ``state`` or, if empty, of any.

    ``fits`` tells whether the step leads anywhere in the study as it is now.
    """

    words: Promise
    url_name: str
    right: Right
    values: Mapping[str, str] = field(default_factory=dict)
    state: str = ""
    fits: Callable[[Study], bool] = lambda study: True
    anchor: str = ""


@dataclass(frozen=True)
class NextStep:
    """A link to what usually comes after a job."""

    words: Promise
    address: str


PREDICTIONS_ALONE = "predictions"
FOLLOWING: Mapping[str, tuple[Following, ...]] = {
    "maps": (
        Following(_("Look at every page in the preview"), "preview:begin", Right.VIEW),
        Following(_("Go to the launch"), "panel:launch", Right.VIEW, state="draft"),
    ),
    "folder": (Following(_("Look at the images"), "panel:images", Right.VIEW),),
    "classifier": (
        Following(
            _("Write its name into the study's file"), "panel:study-file", Right.MAKE_CHANGES
        ),
    ),
    PREDICTIONS_ALONE: (
        Following(_("Choose images"), "panel:choose-images", Right.MAKE_CHANGES),
        Following(_("Look at the predictions"), "panel:images", Right.VIEW),
    ),
    "evaluation": (Following(_("Back to the study"), "panel:study", Right.VIEW),),
    "power": (Following(_("Write the sample into the plan"), "panel:plan", Right.MAKE_CHANGES),),
    "simulation": (
        Following(_("Look at how long the pages take"), "panel:monitor", Right.SEE_DATA),
        Following(_("Try the report on synthetic people"), "panel:data", Right.SEE_DATA),
    ),
    "export": (
        Following(_("Make a report"), "panel:data", Right.SEE_DATA, fits=is_report_possible),
        Following(
            _("Read what a report needs"),
            "panel:data",
            Right.SEE_DATA,
            fits=lacks_report,
            anchor="#start-report",
        ),
    ),
    "look": (Following(_("Back to the study"), "panel:study", Right.VIEW),),
    "release": (Following(_("Back to data and reports"), "panel:data", Right.SEE_DATA),),
    "report": (
        Following(
            _("Compare it with another report"),
            "panel:data",
            Right.SEE_DATA,
            fits=has_reports_to_compare,
            anchor="#made",
        ),
    ),
}
"""What usually comes after each kind of job."""
FAILED_TO_CHOOSE = (
    Following(
        _("Ask for fewer images"), "panel:study-section", Right.MAKE_CHANGES,
        {"section": "trials"},
    ),
    Following(_("Upload more images"), "panel:upload-images", Right.MAKE_CHANGES),
)  # fmt: skip
"""What helps where the maps failed because a draft lacks right or wrong predictions."""
OF_DATA = tuple(kind.key for kind in KINDS if kind.shows_data)


def right_to_start(kind: Kind) -> Right:
    """Return the right that starting, cancelling and deleting a job of the kind needs."""
    return Right.SEE_DATA if kind.shows_data else Right.MAKE_CHANGES


def kinds_to_start(rights: Collection[Right]) -> Sequence[Kind]:
    """Return the kinds that somebody with these rights may start, except those of the data tab."""
    return [
        kind
        for kind in KINDS
        if kind.is_listed and not kind.shows_data and right_to_start(kind) in rights
    ]


def visible_jobs(study: Study, rights: Collection[Right]) -> QuerySet[Job]:
    """Return the study's jobs, without those whose log and result come from people's answers unless
    the rights include seeing data."""
    jobs = study.jobs.select_related("requested_by")
    return jobs if Right.SEE_DATA in rights else jobs.exclude(kind__in=OF_DATA)


def visible_job(study: Study, rights: Collection[Right], pk: int) -> Job:
    """Return a job. Raises Http404 for another study's job and for one that must not be seen."""
    job = visible_jobs(study, rights).filter(pk=pk).first()
    if job is None:
        raise Http404("There is no such job, or you may not see it.")
    return job


def may_change(job: Job, rights: Collection[Right]) -> bool:
    """Return whether somebody with these rights may cancel, repeat and delete the job."""
    return job.kind in BY_KEY and right_to_start(BY_KEY[job.kind]) in rights


def is_hidden(job: Job, study: Study) -> bool:
    """Return whether the job's files show arms of a study that is blinded now."""
    return bool((job.result or {}).get("reveals_arms")) and is_blinded(study)


def next_steps(job: Job, study: Study, rights: Collection[Right]) -> list[NextStep]:
    """Return what somebody with these rights usually does when the job is over."""
    kind = PREDICTIONS_ALONE if job.arguments.get("predictions_only") else job.kind
    following: Sequence[Following] = ()
    if job.state == Job.State.DONE:
        following = FOLLOWING.get(kind, ())
    elif job.state == Job.State.FAILED and kind == "maps" and could_not_choose(study):
        following = FAILED_TO_CHOOSE
    return [
        NextStep(
            step.words,
            reverse(step.url_name, kwargs={"slug": study.slug, **step.values}) + step.anchor,
        )
        for step in following
        if step.right in rights
        and (not step.state or step.state == study.state)
        and step.fits(study)
    ]


def waits_in_vain(job: Job) -> bool:
    """Return whether the job waits and no living worker takes jobs of its kind."""
    return job.state == Job.State.QUEUED and job.kind not in presence.kinds_at_work()
