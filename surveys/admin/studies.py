"""Studies: their state, and the actions that open, close and export them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from surveys import services
from surveys.admin.inlines import ArmInline, StimulusInline, VersionInline
from surveys.admin.pages import StyledAdmin, people_in
from surveys.export.archive import zip_of
from surveys.export.folder import ExportError
from surveys.export.formats import FORMATS
from surveys.export.writing import Simulated
from surveys.models import Participant, Study
from surveys.web import signed_links

EVERY_FORMAT = tuple(entry.key for entry in FORMATS)


@admin.register(Study)
class StudyAdmin(StyledAdmin):
    list_display = (
        "title",
        "state",
        "link",
        "completed",
        "started",
        "stopped",
        "ended",
        "simulated",
    )
    sortable_by = ("title", "state")
    fields = ("state", "slug", "image_set", "classifier", "loaded_at", "source_sha256")
    inlines = (ArmInline, VersionInline, StimulusInline)
    actions = (
        *("open_studies", "close_studies", "export", "export_simulated"),
        *("export_every_format", "export_simulated_in_every_format"),
    )
    actions_selection_counter = False

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Return whether the user may open and close studies, although nobody edits them here."""
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
        shown: dict[str, Any] = {"record_actions": self.get_actions(request)}
        if study is not None:
            shown["participant_link"] = request.build_absolute_uri(signed_links.landing_path(study))
            # Rehearsals fill the simulated places, so the link is for people who may open studies.
            if self.has_manage_permission(request):
                shown["rehearsal_link"] = request.build_absolute_uri(
                    signed_links.rehearsal_path(study)
                )
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    @admin.display(description="participant link")
    def link(self, study: Study) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', signed_links.landing_path(study))

    def completed(self, study: Study) -> int:
        return people_in(study, Participant.State.COMPLETED)

    @admin.display(description="under way")
    def started(self, study: Study) -> int:
        return people_in(study, Participant.State.STARTED)

    def stopped(self, study: Study) -> int:
        return people_in(study, Participant.State.STOPPED)

    @admin.display(description="ended by the study")
    def ended(self, study: Study) -> int:
        return people_in(study, Participant.State.ENDED)

    @admin.display(description="simulated, all")
    def simulated(self, study: Study) -> int:
        return study.participants.filter(simulated=True).count()

    @admin.action(description="Open: admit participants", permissions=["manage"])
    def open_studies(self, request: HttpRequest, studies: QuerySet[Study]) -> None:
        for study in studies:
            try:
                services.open_study(study=study)
            except services.StudyError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, f"{study} is open.", messages.SUCCESS)

    @admin.action(description="Close: end the collection of data", permissions=["manage"])
    def close_studies(self, request: HttpRequest, studies: QuerySet[Study]) -> None:
        for study in studies:
            services.close_study(study=study)
            self.message_user(
                request,
                f"{study} is closed. Participants who have started can finish. The arms stay "
                f"hidden until: manage.py unblind_study {study.slug} --reason TEXT",
                messages.SUCCESS,
            )

    @admin.action(description="Export the data", permissions=["export"])
    def export(self, request: HttpRequest, studies: QuerySet[Study]) -> HttpResponse | None:
        return self._export(request, studies, "none")

    @admin.action(description="Export only simulated data", permissions=["export"])
    def export_simulated(
        self, request: HttpRequest, studies: QuerySet[Study]
    ) -> HttpResponse | None:
        return self._export(request, studies, "only")

    @admin.action(
        description="Export the data in every format (Excel, SPSS, Stata, Parquet, JSON)",
        permissions=["export"],
    )
    def export_every_format(
        self, request: HttpRequest, studies: QuerySet[Study]
    ) -> HttpResponse | None:
        return self._export(request, studies, "none", EVERY_FORMAT)

    @admin.action(description="Export only simulated data in every format", permissions=["export"])
    def export_simulated_in_every_format(
        self, request: HttpRequest, studies: QuerySet[Study]
    ) -> HttpResponse | None:
        return self._export(request, studies, "only", EVERY_FORMAT)

    def _export(
        self,
        request: HttpRequest,
        studies: QuerySet[Study],
        simulated: Simulated,
        formats: Sequence[str] = ("csv",),
    ) -> HttpResponse | None:
        try:
            content = zip_of(studies, simulated, formats)
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
