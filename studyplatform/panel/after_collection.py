"""What comes after the end of collection, before and after the unblinding, each with its page."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.models import Job
from studyplatform.panel.access import Right
from studyplatform.panel.draft_steps import Step
from studyplatform.panel.study_jobs import has_reports_to_compare
from surveys.models import Study


def steps_after_collection(study: Study, rights: Collection[Right]) -> list[Step]:
    """Return the steps of a study whose collection has ended.

    Empty for any other study, for an archived one, and for readers who may not see its data.
    """
    is_over = study.state == Study.State.CLOSED and study.archived_at is None
    if not is_over or Right.SEE_DATA not in rights:
        return []
    return _before_unblinding(study) if study.unblinded_at is None else _after_unblinding(study)


def _before_unblinding(study: Study) -> list[Step]:
    return [
        Step(
            _("Exclusions"),
            None,
            gettext("Whom you exclude by hand now, you exclude without knowing the arm."),
            _("Look at the participants"),
            reverse("panel:participants", kwargs={"slug": study.slug}),
        ),
        Step(
            _("Unblinding"),
            False,
            gettext("It shows the arms for good, and asks for a reason."),
            _("Unblind the study"),
            reverse("panel:unblind", kwargs={"slug": study.slug}),
        ),
    ]


def _after_unblinding(study: Study) -> list[Step]:
    data = reverse("panel:data", kwargs={"slug": study.slug})
    made = set(
        study.jobs.filter(state=Job.State.DONE, finished_at__gte=study.unblinded_at)
        # A trial of the analysis on simulated people is no report on the study.
        .exclude(arguments__simulated="only")
        .values_list("kind", flat=True)
    )
    can_compare = has_reports_to_compare(study)
    return [
        Step(
            _("Report"),
            "report" in made,
            gettext("It carries out the plan on everybody's data."),
            _("Make the report"),
            f"{data}#start-report",
        ),
        Step(
            _("Export"),
            "export" in made,
            gettext("The data with their arms, in the formats of your software."),
            _("Export the data"),
            f"{data}#start-export",
        ),
        Step(
            _("Comparison"),
            None,
            gettext("Two reports side by side, such as with and without a correction.")
            if can_compare
            else gettext("Possible once there are two reports."),
            _("Compare reports"),
            f"{data}#made" if can_compare else "",
        ),
        Step(
            _("Release"),
            "release" in made,
            gettext("Data that can be given away, checked for answers that describe a person."),
            _("Prepare a release"),
            reverse("panel:start-job", kwargs={"slug": study.slug, "key": "release"}),
        ),
    ]
