"""Participants, those whom researchers excluded, and their identities at a recruitment service."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from surveys.models.codes import participant_code, pseudonym
from surveys.models.sealed import SealedHash, SealedText
from surveys.models.study import Arm, Study


class Participant(models.Model):
    """A participation. ``arrival_key``, a hash, prevents a second one if the consent is sent twice.

    The arm is empty until the first page that differs between arms is shown.
    """

    class State(models.TextChoices):
        """State of a participation. Erased participants have no row and therefore no state."""

        STARTED = "started"
        COMPLETED = "completed"
        STOPPED = "stopped"  # pressed "stop, and keep my answers"
        ENDED = "ended"  # by an ending of the study file

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    arm = models.ForeignKey(
        Arm, on_delete=models.PROTECT, related_name="participants", null=True, blank=True
    )
    code = SealedText(default=participant_code, editable=False, hashed_in="code_hash")
    code_hash = SealedHash(unique=True, of="code")
    pseudonym = models.CharField(max_length=9, unique=True, default=pseudonym, editable=False)
    arrival_key = models.CharField(max_length=64, unique=True, editable=False)
    personal_code = SealedText(
        editable=False,
        hashed_in="personal_code_hash",
        help_text="With it the person can have everything deleted later.",
    )
    personal_code_hash = SealedHash(unique=True, of="personal_code")
    state = models.CharField(max_length=10, choices=State, default=State.STARTED)
    simulated = models.BooleanField(default=False, editable=False)
    rotation = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Number of the image set that the first block shows."
    )
    language = models.CharField(
        max_length=35, default="en", help_text="Of the consent and of every page."
    )
    consent_version = models.CharField(max_length=40)
    consent_sha256 = models.CharField("hash of the consent text", max_length=64)
    consent_checks = models.JSONField(
        default=list, help_text="Keys of the check boxes of the consent that were ticked."
    )
    consented_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    completion_code = models.CharField(max_length=8, blank=True)
    bonus = models.DecimalField(
        max_digits=8,
        decimal_places=2,
        null=True,
        editable=False,
        help_text="What the person was told at the end, by the rule of the study file.",
    )
    ending = models.CharField(
        max_length=30,
        blank=True,
        help_text="Key of the ending of the study file that ended the participation early.",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="completed")
                | (Q(finished_at__isnull=False) & ~Q(completion_code="")),
                name="who_completed_has_a_time_and_a_code",
            ),
            models.CheckConstraint(
                condition=Q(state="ended") ^ Q(ending=""),
                name="whom_the_study_ended_has_an_ending_and_nobody_else",
            ),
        ]
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.pseudonym

    @property
    def has_left_early(self) -> bool:
        """Return whether the participation ended before the last page, by whomever."""
        return self.state in (self.State.STOPPED, self.State.ENDED)


class HandExclusion(models.Model):
    """A participant whom a researcher excluded from the analysis, with the reason.

    The answers stay. The export's manifest lists the participant, and the report prints the reason
    in its participant flow.
    """

    class Scope(models.TextChoices):
        """The sets of the analysis that leave the participant out."""

        PER_PROTOCOL = "per_protocol"
        ALL = "all"

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="exclusion"
    )
    reason = models.CharField(max_length=200, help_text="Printed in the report.")
    scope = models.CharField(max_length=12, choices=Scope, default=Scope.PER_PROTOCOL)
    at = models.DateTimeField()
    by = models.CharField(max_length=150, help_text="Name of the researcher.")
    after_unblinding = models.BooleanField(help_text="Whether researchers could see the arm.")

    class Meta:
        verbose_name_plural = "exclusions by hand"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="an_exclusion_by_hand_has_a_reason"
            ),
        ]
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.participant}: {self.reason}"


class Identity(models.Model):
    """A participant's ids at the recruitment service they came from, kept apart from all answers.

    Nothing else holds these ids, and no export but export_study --with-identifiers. It goes with
    the participant when they have everything deleted. ``external_hash`` stays when the ids are
    forgotten after payment, so that nobody takes part twice. ``remember_until`` is the date that
    the person's consent named for keeping the hash after an erasure, empty if it named none.
    """

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="identity"
    )
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="identities")
    external_id = SealedText(blank=True)
    external_hash = models.CharField(max_length=64, editable=False, db_index=True)
    session_id = SealedText(
        blank=True,
        hashed_in="session_hash",
        help_text="The recruitment service's id of the submission.",
    )
    session_hash = SealedHash(blank=True, db_index=True, of="session_id")
    service_study = models.CharField(
        max_length=128, blank=True, help_text="The recruitment service's id of the study."
    )
    service_status = models.CharField(
        max_length=30, blank=True, help_text="As the recruitment service told it last."
    )
    service_status_at = models.DateTimeField(null=True, blank=True)
    remember_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "external_hash"], name="one_participation_per_external_id"
            ),
        ]
        ordering: ClassVar = ["participant"]

    def __str__(self) -> str:
        return f"identity of {self.participant}"


class RememberedId(models.Model):
    """The keyed hash of an erased person's id, which prevents another participation until a date.

    It is kept only if the person's consent said so, and leads to no answer, arm or place.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="remembered_ids")
    external_hash = models.CharField(max_length=64, editable=False)
    until = models.DateTimeField(help_text="Deleted then.")

    class Meta:
        verbose_name_plural = "remembered ids"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "external_hash"], name="an_erased_id_is_remembered_once_per_study"
            ),
        ]
        ordering: ClassVar = ["study", "until"]

    def __str__(self) -> str:
        return f"an erased id in {self.study.slug}"
