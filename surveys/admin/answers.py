"""Answers, pages, events and ledger entries as lists, without rows that reveal an arm."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from explanations.admin import ReadOnlyAdmin
from surveys.blinding import revealing_pages
from surveys.models import Answer, Event, LedgerEntry, Study, Submission


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ("person", "questionnaire", "item", "value", "at")
    list_filter = (
        "submission__participant__study", "submission__participant__simulated", "questionnaire"
    )  # fmt: skip
    lookups = (
        *("submission__participant__study__id__exact", "submission__participant__study__isnull"),
        "submission__participant__simulated__exact",
        "submission__participant__simulated__isnull",
        *("questionnaire", "questionnaire__isnull"),
    )
    sortable_by = ("person", "questionnaire", "item", "at")
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
    lookups = (
        *("participant__study__id__exact", "participant__study__isnull"),
        *("participant__simulated__exact", "participant__simulated__isnull"),
    )
    sortable_by = ("participant", "step", "submitted_at", "server_seconds", "response_time_ms")
    list_select_related = ("participant",)
    search_fields = ("participant__pseudonym", "step")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        rows: QuerySet[Submission] = super().get_queryset(request)
        return rows.exclude(revealing_pages(Study.objects.all(), "participant", visits=True))


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("at", "participant", "kind", "step", "items")
    list_filter = ("kind", "participant__study", "participant__simulated")
    lookups = (
        *("kind", "kind__isnull", "participant__study__id__exact", "participant__study__isnull"),
        *("participant__simulated__exact", "participant__simulated__isnull"),
    )
    sortable_by = ("at", "participant", "kind", "step")
    list_select_related = ("participant",)
    search_fields = ("participant__pseudonym",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset(request)
        return rows.exclude(revealing_pages(Study.objects.all(), "participant"))


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Ledger entries of unblinded studies, because a hash reveals the arm to anyone who tries all
    arms.
    """

    list_display = ("study", "simulated", "sequence", "content", "short_hash")
    list_filter = ("study", "simulated")
    lookups = ("study__id__exact", "study__isnull", "simulated__exact", "simulated__isnull")
    sortable_by = ("study", "simulated", "sequence")
    list_select_related = ("study",)
    fields = ("study", "simulated", "sequence", "previous", "content", "hash")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        rows: QuerySet[LedgerEntry] = super().get_queryset(request)
        return rows.filter(study__unblinded_at__isnull=False)

    @admin.display(description="hash")
    def short_hash(self, entry: LedgerEntry) -> str:
        return f"{entry.hash[:12]}…"
