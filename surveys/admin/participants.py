"""Participants, with their progress and, once their arm may be known, what they saw and did."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from explanations.admin import picture_of
from surveys.admin.pages import HIDDEN, ReadOnlyInline, StyledAdmin
from surveys.blinding import hides_arm, limited_pages
from surveys.models import Arm, Event, Participant, Trial
from surveys.pages import sequence
from surveys.study_file.stored import definition


class TrialInline(ReadOnlyInline):
    model = Trial
    fields = ("picture", "map", "predicted_class", "is_correct", "answers", "seconds")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Trial]:
        trials = super().get_queryset(request)
        return trials.select_related("stimulus__prediction__image", "explanation").prefetch_related(
            "submissions__answers"
        )

    def picture(self, trial: Trial) -> SafeString:
        return picture_of(trial.stimulus.prediction.image)

    def map(self, trial: Trial) -> SafeString | str:
        if trial.explanation is None:
            return "–"
        address = reverse("explanations:map-picture", args=[trial.explanation.pk])
        return format_html('<img class="thumbnail" src="{}" alt="" loading="lazy">', address)

    def predicted_class(self, trial: Trial) -> str:
        return trial.stimulus.prediction.predicted_class

    @admin.display(description="correct", boolean=True)
    def is_correct(self, trial: Trial) -> bool:
        return trial.stimulus.prediction.is_correct

    def answers(self, trial: Trial) -> str:
        pages = trial.submissions.all()
        given = [f"{answer.item} {answer.value}" for page in pages for answer in page.answers.all()]
        return ", ".join(given) or "–"

    @admin.display(description="response time, s")
    def seconds(self, trial: Trial) -> str:
        times = [page.response_time_ms for page in trial.submissions.all()]
        known = [f"{milliseconds / 1000:.1f}" for milliseconds in times if milliseconds is not None]
        return ", ".join(known) or "–"


class EventInline(ReadOnlyInline):
    model = Event
    fields = readonly_fields = ("at", "kind", "step", "which_items")

    @admin.display(description="items")
    def which_items(self, event: Event) -> str:
        return HIDDEN if hides_arm(event.participant) else event.items


class ArmFilter(admin.SimpleListFilter):
    """Filter by arm, for unblinded studies only."""

    title = "arm"
    parameter_name = "allocated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        arms = Arm.objects.filter(study__unblinded_at__isnull=False).select_related("study")
        return [(str(arm.pk), f"{arm.study.slug}: {arm.label}") for arm in arms]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Participant]
    ) -> QuerySet[Participant]:
        chosen = self.value() or ""
        known = dict(self.lookups(request, None))
        return queryset.filter(arm=int(chosen)) if chosen in known else queryset


@admin.register(Participant)
class ParticipantAdmin(StyledAdmin):
    list_display = (
        "pseudonym", "slug", "shown_arm", "state", "pages", "simulated", "consented_at"
    )  # fmt: skip
    list_filter = ("study", "state", "simulated", ArmFilter)
    lookups = (
        *("study__id__exact", "study__isnull", "state__exact", "state__isnull"),
        *("simulated__exact", "simulated__isnull", ArmFilter.parameter_name),
        *(f"consented_at__{part}" for part in ("year", "month", "day")),
    )
    sortable_by = ("pseudonym", "slug", "state", "simulated", "consented_at")
    list_select_related = ("study", "arm")
    search_fields = ("pseudonym", "=completion_code")
    search_help_text = "Pseudonym or completion code"
    date_hierarchy = "consented_at"
    fields = (
        "pseudonym",
        ("study", "shown_arm"),
        ("state", "pages", "simulated"),
        ("consented_at", "finished_at"),
        ("consent_version", "consent_sha256"),
        "completion_code",
    )
    readonly_fields = ("shown_arm",)
    inlines = (TrialInline, EventInline)

    def get_inlines(self, request: HttpRequest, obj: Participant | None) -> list[Any]:
        """Return the inlines, without trials while the participant's arm is hidden."""
        blinded = obj is not None and hides_arm(obj)
        return [EventInline] if blinded else [TrialInline, EventInline]

    @admin.display(description="arm")
    def shown_arm(self, participant: Participant) -> str:
        if hides_arm(participant):
            return HIDDEN
        return str(participant.arm) if participant.arm else "none yet"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        people: QuerySet[Participant] = super().get_queryset(request)
        return people.annotate(page_count=Count("submissions"))

    @admin.display(description="study", ordering="study__slug")
    def slug(self, participant: Participant) -> str:
        return participant.study.slug

    @admin.display(description="pages sent")
    def pages(self, participant: Any) -> str:
        if hides_arm(participant) and limited_pages(definition(participant.study)):
            return HIDDEN
        return f"{participant.page_count} of {len(sequence.steps_of(participant))}"
