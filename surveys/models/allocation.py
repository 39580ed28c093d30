"""Database models of the places in a study and of its allocation ledger."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from surveys.models.participant import Participant
from surveys.models.sealed import SealedText
from surveys.models.study import Arm, Study


class AllocationSlot(models.Model):
    """A taken place, which is held from the first page that is sent, and bound to an arm later.

    A place that is given back is deleted and recorded in the ledger. Simulated participants have
    their own places, so that rehearsals use up no real ones. When a participant is deleted after
    the allocation, only ``erased`` is left: the place stays used, so that the balance of the arms
    and the number of allocated people stay true. ``given_back`` lets somebody else in nevertheless,
    if the study file declares so; the arm stays counted.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="slots")
    simulated = models.BooleanField(default=False)
    arrival = models.PositiveIntegerField(
        null=True,
        help_text="The ledger's entry of the arrival; empty for those before there was a ledger.",
    )
    held_since = models.DateTimeField(null=True)
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, null=True, blank=True, related_name="slot"
    )
    erased = models.BooleanField(default=False)
    given_back = models.BooleanField(
        default=False,
        help_text="The arm was used, but somebody else may take the place ([recruitment] replace).",
    )
    arm = models.ForeignKey(Arm, on_delete=models.PROTECT, null=True)
    position = models.PositiveIntegerField(
        null=True, help_text="In the order of the allocations, from 1."
    )
    stratum = models.TextField(default="{}", help_text="Level by factor, as JSON.")
    block = models.PositiveIntegerField(null=True, help_text="From 1 in each stratum.")
    place = models.PositiveIntegerField(null=True, help_text="Within the block, from 1.")
    copy = models.PositiveSmallIntegerField(
        default=1, help_text="Which of the copies that minimisation makes of the arm."
    )
    image_rank = models.PositiveIntegerField(
        null=True,
        help_text="From 0 among the people of the arm, or of the arms with the same conditions. "
        "The images drawn for the person depend on it. Empty if all people see the same images.",
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(erased=False) | Q(participant__isnull=True),
                name="an_erased_place_leads_to_nobody",
            ),
            models.CheckConstraint(
                condition=Q(arm__isnull=True, position__isnull=True)
                | Q(arm__isnull=False, position__isnull=False),
                name="a_place_has_arm_and_position_or_neither",
            ),
            models.CheckConstraint(
                condition=Q(erased=False) | Q(arm__isnull=False),
                name="a_place_that_was_only_held_goes_back",
            ),
            models.CheckConstraint(
                condition=Q(given_back=False) | Q(arm__isnull=False),
                name="a_place_that_is_kept_as_given_back_has_an_arm",
            ),
            models.UniqueConstraint(
                fields=["study", "simulated", "position"], name="one_slot_per_position"
            ),
            models.UniqueConstraint(
                fields=["study", "simulated", "arrival"], name="one_slot_per_arrival"
            ),
            models.UniqueConstraint(
                fields=["study", "simulated", "stratum", "block", "place"],
                name="one_slot_per_entry_of_a_list",
            ),
            models.UniqueConstraint(
                fields=["study", "simulated", "arm", "image_rank"],
                condition=Q(given_back=False),
                name="one_slot_per_draw_of_images",
            ),
        ]
        ordering: ClassVar = ["study", "simulated", "position", "arrival"]

    def __str__(self) -> str:
        return f"{self.study.slug} {self.position or 'held'}"


class LedgerEntry(models.Model):
    """An event of the allocation, chained to the previous event by its hash. Database triggers
    prevent changes.

    Each study has two ledgers, of which the second is for simulated participants. An entry cannot
    be traced to a person.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="ledger")
    simulated = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(help_text="From 0.")
    previous = models.CharField("hash of the previous entry", max_length=64)
    # Sealed, because the first entry names the allocation's secret and others name arms. The hash
    # is that of the readable content.
    content = SealedText(help_text="What happened, as canonical JSON.")
    hash = models.CharField(max_length=64, help_text="SHA-256 of sequence, previous and content.")

    class Meta:
        verbose_name_plural = "allocation ledger"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "simulated", "sequence"], name="one_ledger_entry_per_number"
            ),
            models.UniqueConstraint(
                fields=["study", "simulated", "previous"], name="a_ledger_never_forks"
            ),
            models.CheckConstraint(
                condition=Q(sequence=0, previous="0" * 64)
                | Q(sequence__gt=0) & ~Q(previous="0" * 64),
                name="only_the_first_ledger_entry_follows_none",
            ),
        ]
        ordering: ClassVar = ["study", "simulated", "sequence"]

    def __str__(self) -> str:
        return f"{self.study.slug} {self.sequence}"
