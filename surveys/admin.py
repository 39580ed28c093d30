"""The panel's pages for studies and what their participants did: to be read, never edited.

A study is opened, closed and exported by actions. Which arm somebody is in is hidden until the
study is closed; the participants' secret addresses stand nowhere here.
"""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from explanations import catalogue
from explanations.admin import ReadOnlyAdmin, link_to, picture_of
from surveys import flow, links, services
from surveys.archive import zip_of
from surveys.concealment import hides_arm, is_concealed, limited_pages, revealing_pages
from surveys.export import Simulated
from surveys.exporting.folder import ExportError
from surveys.models import (
    Answer,
    Arm,
    Event,
    LedgerEntry,
    Participant,
    Stimulus,
    Study,
    StudyVersion,
    Submission,
    Trial,
)
from surveys.studyfile import definition

CONCEALED = "hidden until the study is closed"


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of another table on a page, to be looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class PanelAdmin(ReadOnlyAdmin):
    """A page that shows rows of other tables."""

    class Media:
        css: ClassVar = {"all": ["surveys/panel.css"]}


class ArmInline(ReadOnlyInline):
    model = Arm
    readonly_fields = ("method_label", "started", "completed", "withdrawn", "erased", "simulated")
    fields = ("key", "label", *readonly_fields)

    @admin.display(description="method")
    def method_label(self, arm: Arm) -> str:
        names = [
            catalogue.get(block.condition.method).label if block.condition.method else "no map"
            for block in arm.blocks.select_related("condition")
        ]
        return " → ".join(names)

    @admin.display(description="under way")
    def started(self, arm: Arm) -> int | str:
        return _in_arm(arm, Participant.State.STARTED)

    def completed(self, arm: Arm) -> int | str:
        return _in_arm(arm, Participant.State.COMPLETED)

    def withdrawn(self, arm: Arm) -> int | str:
        return _in_arm(arm, Participant.State.WITHDRAWN)

    @admin.display(description="withdrawn and deleted")
    def erased(self, arm: Arm) -> int | str:
        if is_concealed(arm.study):
            return CONCEALED
        return arm.allocationslot_set.filter(simulated=False, erased=True).count()

    @admin.display(description="simulated, all")
    def simulated(self, arm: Arm) -> int:
        return arm.participants.filter(simulated=True).count()


class VersionInline(ReadOnlyInline):
    model = StudyVersion
    verbose_name_plural = "Launches: what was frozen at each"
    fields = ("number", "launched_at", "people_before", "source_sha256", "stimuli_sha256")
    readonly_fields = fields


class StimulusInline(ReadOnlyInline):
    model = Stimulus
    verbose_name_plural = "Images that every participant sees, in an order of their own"
    fields = ("picture", "image", "true_class", "predicted_class", "probability", "is_correct")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Stimulus]:
        return super().get_queryset(request).select_related("prediction__image")

    def picture(self, stimulus: Stimulus) -> SafeString:
        return picture_of(stimulus.prediction.image)

    @admin.display(description="image with its explanations")
    def image(self, stimulus: Stimulus) -> SafeString:
        return link_to(stimulus.prediction.image)

    def true_class(self, stimulus: Stimulus) -> str:
        return stimulus.prediction.image.true_class

    def predicted_class(self, stimulus: Stimulus) -> str:
        return stimulus.prediction.predicted_class

    def probability(self, stimulus: Stimulus) -> str:
        return f"{stimulus.prediction.probability:.0%}"

    @admin.display(description="correct", boolean=True)
    def is_correct(self, stimulus: Stimulus) -> bool:
        return stimulus.prediction.is_correct


@admin.register(Study)
class StudyAdmin(PanelAdmin):
    list_display = ("title", "state", "link", "completed", "started", "withdrawn", "simulated")
    fields = ("state", "slug", "image_set", "classifier", "loaded_at", "source_sha256")
    inlines = (ArmInline, VersionInline, StimulusInline)
    actions = ("open_studies", "close_studies", "export", "export_simulated")
    actions_selection_counter = False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Who may change a study may open and close it, although nobody edits it here."""
        return request.user.has_perm("surveys.change_study")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perms(["surveys.view_participant", "surveys.view_answer"])

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"may_draft": self.has_manage_permission(request)}
        return super().changelist_view(request, (extra_context or {}) | shown)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        study = self.get_object(request, object_id)
        shown: dict[str, Any] = {"panel_actions": self.get_actions(request)}
        if study is not None:
            shown["participant_link"] = request.build_absolute_uri(links.landing_path(study))
            if self.has_manage_permission(request):
                shown["rehearsal_link"] = request.build_absolute_uri(links.rehearsal_path(study))
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    @admin.display(description="participant link")
    def link(self, study: Study) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', links.landing_path(study))

    def completed(self, study: Study) -> int:
        return _real(study, Participant.State.COMPLETED)

    @admin.display(description="under way")
    def started(self, study: Study) -> int:
        return _real(study, Participant.State.STARTED)

    def withdrawn(self, study: Study) -> int:
        return _real(study, Participant.State.WITHDRAWN)

    @admin.display(description="simulated, all")
    def simulated(self, study: Study) -> int:
        return study.participants.filter(simulated=True).count()

    @admin.action(description="Open: let participants in", permissions=["manage"])
    def open_studies(self, request: HttpRequest, studies: QuerySet[Study]) -> None:
        for study in studies:
            try:
                services.open_study(study=study)
            except services.StudyError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{study} is open.", messages.SUCCESS)

    @admin.action(description="Close: let nobody else in", permissions=["manage"])
    def close_studies(self, request: HttpRequest, studies: QuerySet[Study]) -> None:
        for study in studies:
            services.close_study(study=study)
            self.message_user(
                request, f"{study} is closed. Who has begun can finish.", messages.SUCCESS
            )

    @admin.action(description="Export the data", permissions=["export"])
    def export(self, request: HttpRequest, studies: QuerySet[Study]) -> HttpResponse | None:
        return self._export(request, studies, "none")

    @admin.action(description="Export simulated data alone", permissions=["export"])
    def export_simulated(
        self, request: HttpRequest, studies: QuerySet[Study]
    ) -> HttpResponse | None:
        return self._export(request, studies, "only")

    def _export(
        self, request: HttpRequest, studies: QuerySet[Study], simulated: Simulated
    ) -> HttpResponse | None:
        try:
            content = zip_of(studies, simulated)
        except ExportError as error:
            self.message_user(request, str(error), messages.ERROR)
            return None
        name = "-".join([*studies.values_list("slug", flat=True)])
        if simulated == "only":
            name += "-simulated"
        disposition = f'attachment; filename="{name}.zip"'
        return HttpResponse(
            content,
            content_type="application/zip",
            headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
        )


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
        given = [f"{one.item} {one.value}" for page in pages for one in page.answers.all()]
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
        return CONCEALED if hides_arm(event.participant) else event.items


class ArmFilter(admin.SimpleListFilter):
    """By arm, of closed studies alone; another parameter than ``arm`` is no lookup of the table."""

    title = "arm"
    parameter_name = "allocated"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        arms = Arm.objects.filter(study__state=Study.State.CLOSED).select_related("study")
        return [(str(arm.pk), f"{arm.study.slug}: {arm.label}") for arm in arms]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Participant]
    ) -> QuerySet[Participant]:
        chosen = self.value() or ""
        known = dict(self.lookups(request, None))
        return queryset.filter(arm=int(chosen)) if chosen in known else queryset


@admin.register(Participant)
class ParticipantAdmin(PanelAdmin):
    list_display = (
        "pseudonym", "slug", "shown_arm", "state", "pages", "simulated", "consented_at"
    )  # fmt: skip
    list_filter = ("study", "state", "simulated", ArmFilter)
    list_select_related = ("study", "arm")
    search_fields = ("pseudonym", "completion_code")
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
        """What was shown tells the arm."""
        concealed = obj is not None and hides_arm(obj)
        return [EventInline] if concealed else [TrialInline, EventInline]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Nobody finds out by a typed address who is in an arm."""
        return lookup.partition("__")[0] != "arm" and super().lookup_allowed(lookup, value, request)

    @admin.display(description="arm")
    def shown_arm(self, participant: Participant) -> str:
        if hides_arm(participant):
            return CONCEALED
        return str(participant.arm) if participant.arm else "none yet"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        people: QuerySet[Participant] = super().get_queryset(request)
        return people.annotate(page_count=Count("submissions"))

    @admin.display(description="study", ordering="study__slug")
    def slug(self, participant: Participant) -> str:
        return participant.study.slug

    @admin.display(description="pages sent", ordering="page_count")
    def pages(self, participant: Any) -> str:
        if hides_arm(participant) and limited_pages(definition(participant.study)):
            return CONCEALED
        return f"{participant.page_count} of {len(flow.steps_of(participant))}"


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("person", "questionnaire", "item", "value", "at")
    list_filter = (
        "submission__participant__study", "submission__participant__simulated", "questionnaire"
    )  # fmt: skip
    list_select_related = ("submission__participant",)
    search_fields = ("submission__participant__pseudonym", "item")
    fields = ("person", "questionnaire", "item", "value", "at")
    readonly_fields = ("person", "at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Answer]:
        answers: QuerySet[Answer] = super().get_queryset(request)
        return answers.exclude(revealing_pages(Study.objects.all(), "submission__participant"))

    @admin.display(description="participant", ordering="submission__participant__pseudonym")
    def person(self, answer: Answer) -> str:
        return answer.submission.participant.pseudonym

    @admin.display(description="sent at", ordering="submission__submitted_at")
    def at(self, answer: Answer) -> Any:
        return answer.submission.submitted_at


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    list_display = ("participant", "step", "submitted_at", "server_seconds", "response_time_ms")
    list_filter = ("participant__study", "participant__simulated")
    list_select_related = ("participant",)
    search_fields = ("participant__pseudonym", "step")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        found: QuerySet[Submission] = super().get_queryset(request)
        return found.exclude(revealing_pages(Study.objects.all(), "participant", visits=True))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "participant", "kind", "step", "items")
    list_filter = ("kind", "participant__study", "participant__simulated")
    list_select_related = ("participant",)
    search_fields = ("participant__pseudonym",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        found: QuerySet[Event] = super().get_queryset(request)
        return found.exclude(revealing_pages(Study.objects.all(), "participant"))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Its hashes, too, are hidden while a study is open: with them, arms could be tried out."""

    list_display = ("study", "simulated", "sequence", "content", "short_hash")
    list_filter = ("study", "simulated")
    list_select_related = ("study",)
    fields = ("study", "simulated", "sequence", "previous", "content", "hash")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        found: QuerySet[LedgerEntry] = super().get_queryset(request)
        return found.filter(study__state=Study.State.CLOSED)

    @admin.display(description="hash")
    def short_hash(self, entry: LedgerEntry) -> str:
        return f"{entry.hash[:12]}…"


def _in_arm(arm: Arm, state: Participant.State) -> int | str:
    """How many real participants of the arm are in the state, once that can be seen."""
    return CONCEALED if is_concealed(arm.study) else _real(arm, state)


def _real(owner: Study | Arm, state: Participant.State) -> int:
    """How many of its real participants are in the state."""
    return owner.participants.filter(simulated=False, state=state).count()
