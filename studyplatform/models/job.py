"""Background jobs, such as maps, exports and reports: the queue, the progress and the results."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from surveys.models import Study

MAX_ATTEMPTS = 3


class Job(models.Model):
    """A piece of work that a worker does, one attempt after the other until one succeeds.

    Only ``studyplatform.jobs.queue`` writes here. ``token`` counts how often the job was taken, and
    every write of a worker names the token that it was given: a worker that was replaced writes
    nothing any more.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    kind = models.CharField(max_length=40)
    study = models.ForeignKey(Study, on_delete=models.CASCADE, null=True, related_name="jobs")
    arguments = models.JSONField(default=dict)
    request_sha256 = models.CharField(
        max_length=64, help_text="Hash of kind, study and arguments: equal requests share a job."
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    language = models.CharField(
        max_length=10, default="en", help_text="Language of the log, which the requester reads."
    )
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)

    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    unit = models.CharField(max_length=80, blank=True, help_text="Plural noun of what is counted.")
    step = models.CharField(max_length=200, blank=True, help_text="What is being done now.")
    expected_at = models.DateTimeField(null=True, help_text="Estimated end of this attempt.")

    token = models.PositiveIntegerField(default=0, help_text="How often a worker took the job.")
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)

    checkpoint = models.JSONField(
        default=dict, help_text="What a repeated attempt needs to know about the last."
    )
    log = models.TextField(blank=True, help_text="A line per event; lines are only added.")
    result = models.JSONField(null=True, help_text="Summary, files with their hashes, provenance.")
    error = models.TextField(blank=True)
    cure = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="running", lease_until__isnull=False) & ~Q(holder="")
                | ~Q(state="running") & Q(lease_until__isnull=True, holder=""),
                name="a_job_has_a_holder_and_a_lease_exactly_while_it_runs",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("queued", "running"), finished_at__isnull=True)
                | Q(state__in=("done", "failed", "cancelled"), finished_at__isnull=False),
                name="a_job_has_a_time_of_finishing_exactly_when_it_is_over",
            ),
            models.CheckConstraint(
                condition=Q(state="done", result__isnull=False)
                | ~Q(state="done") & Q(result__isnull=True),
                name="a_job_has_a_result_exactly_when_it_is_done",
            ),
            models.CheckConstraint(
                condition=Q(state="failed") & ~Q(error="") | ~Q(state="failed") & Q(error=""),
                name="a_job_says_what_went_wrong_exactly_when_it_failed",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=True) | Q(done__lte=F("total")),
                name="a_job_does_not_progress_beyond_its_total",
            ),
            models.CheckConstraint(
                condition=Q(attempts__lte=F("max_attempts")),
                name="a_job_is_not_attempted_more_often_than_allowed",
            ),
            models.CheckConstraint(
                condition=Q(attempts__lte=F("token")),
                name="each_attempt_at_a_job_has_a_token_of_its_own",
            ),
            models.UniqueConstraint(
                fields=["request_sha256"],
                condition=Q(state__in=("queued", "running")),
                name="equal_requests_share_one_unfinished_job",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "queued_at"], name="jobs_in_the_order_of_work"),
            models.Index(fields=["study", "-queued_at"], name="jobs_of_a_study_newest_first"),
        ]
        ordering: ClassVar = ["-queued_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_over(self) -> bool:
        """Return whether no worker will touch the job again, unless it is retried."""
        return self.state not in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_stopping(self) -> bool:
        """Return whether the job still runs although somebody has cancelled it."""
        return self.state == self.State.RUNNING and self.cancel_requested_at is not None

    @property
    def is_stalled(self) -> bool:
        """Return whether the job's worker is silent for longer than its lease allows."""
        return self.lease_until is not None and self.lease_until < timezone.now()

    @property
    def share(self) -> float | None:
        """Return the finished share from 0 to 1, or None while the amount of work is unknown."""
        return self.done / self.total if self.total else None

    @property
    def remaining(self) -> timedelta | None:
        """Return the estimated time left, or None without an estimate."""
        if self.state != self.State.RUNNING or self.expected_at is None:
            return None
        return max(self.expected_at - timezone.now(), timedelta())

    @property
    def duration(self) -> timedelta | None:
        """Return how long the last attempt took, or has taken up to now."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def log_lines(self) -> Sequence[tuple[datetime, str]]:
        """Return the time and the sentence of each line of the log."""
        lines = (line.partition(" ") for line in self.log.splitlines())
        return [(datetime.fromisoformat(at), sentence) for at, _, sentence in lines]

    @property
    def files(self) -> Sequence[dict[str, Any]]:
        """Return the files of the result, each with its name, size in bytes and SHA-256."""
        return list((self.result or {}).get("files", ()))
