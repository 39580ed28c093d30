"""Studies, their arms and stimuli, and all that participants do; written by services alone."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q

from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction


def participant_code() -> str:
    """192 random bits: the secret address of one participation."""
    return secrets.token_urlsafe(24)


def pseudonym() -> str:
    """The name under which a participant stands in exports; not derived from the code."""
    return f"P{secrets.token_hex(4)}"


def allocation_secret() -> str:
    """128 random bits: with them, nobody can foretell the allocation from the study file's seed."""
    return secrets.token_hex(16)


def completion_code() -> str:
    """Eight characters that a person can copy without mistaking one for another."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))


class Study(models.Model):
    """A study as declared in its file."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    source = models.TextField("study file", help_text="The TOML file, to the letter.")
    source_sha256 = models.CharField("hash of the study file", max_length=64)
    seed = models.BigIntegerField(help_text="Of the allocation and of every order.")
    allocation_secret = models.CharField(
        max_length=32,
        default=allocation_secret,
        editable=False,
        help_text="Beside the seed, what the allocation of real participants is drawn from.",
    )
    image_set = models.ForeignKey(ImageSet, on_delete=models.PROTECT)
    classifier = models.ForeignKey(ClassifierWeights, on_delete=models.PROTECT)
    loaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "studies"

    def __str__(self) -> str:
        return self.title


class StudyVersion(models.Model):
    """A study as it was launched: a change after that is another version, never a silent one."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    launched_at = models.DateTimeField()
    people_before = models.PositiveIntegerField(
        help_text="Real participants who had come by then, withdrawn ones included."
    )
    source = models.TextField("study file", help_text="The TOML file, to the letter.")
    source_sha256 = models.CharField("hash of the study file", max_length=64)
    stimuli_sha256 = models.CharField("hash of images, predictions and maps", max_length=64)
    weights_sha256 = models.CharField("hash of the classifier's weights", max_length=64)
    instruments = models.JSONField(help_text="Hash of its file by questionnaire.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "number"], name="one_version_per_number_of_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "number"]

    def __str__(self) -> str:
        return f"{self.study.slug} version {self.number}"


class Condition(models.Model):
    """What a trial can show beside the image: no prediction, a prediction, a map of some method."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="conditions")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField()
    label = models.CharField(max_length=80)
    method = models.CharField(
        max_length=40, blank=True, help_text="Key of a method, placebo, or empty for no map."
    )
    shows_prediction = models.BooleanField(default=True)
    shows_probability = models.BooleanField(default=False)
    factors = models.JSONField(
        default=dict, blank=True, help_text="Level by name of each declared factor."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "key"], name="condition_keys_differ_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return self.label


class Arm(models.Model):
    """One randomised group. Its blocks say which condition its participants see, and when.

    A between-participants arm has one block; in a within design an arm is an order of conditions.
    """

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="arms")
    position = models.PositiveSmallIntegerField()
    key = models.SlugField()
    label = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "key"], name="arm_keys_differ_in_a_study"),
            models.UniqueConstraint(
                fields=["study", "position"], name="one_arm_per_position_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return self.label


class ArmBlock(models.Model):
    """A run of trials under one condition, in every participation of the arm."""

    arm = models.ForeignKey(Arm, on_delete=models.CASCADE, related_name="blocks")
    number = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="blocks")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["arm", "number"], name="one_condition_per_block"),
        ]
        ordering: ClassVar = ["arm", "number"]

    def __str__(self) -> str:
        return f"{self.arm} {self.number}: {self.condition}"


class Stimulus(models.Model):
    """An image with its prediction, chosen for a part of a study: the same ones in every arm."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="stimuli")
    position = models.PositiveSmallIntegerField()
    part = models.CharField(
        max_length=80, default="trials", help_text="Key of the part of the study that shows it."
    )
    image_set_number = models.PositiveSmallIntegerField(
        default=0, help_text="Which of the rotated sets it is in, from 0."
    )
    prediction = models.ForeignKey(Prediction, on_delete=models.PROTECT)

    class Meta:
        verbose_name_plural = "stimuli"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "prediction"], name="a_study_shows_an_image_once"
            ),
            models.UniqueConstraint(
                fields=["study", "position"], name="one_stimulus_per_position_in_a_study"
            ),
        ]
        ordering: ClassVar = ["study", "position"]

    def __str__(self) -> str:
        return f"{self.position}: {self.prediction}"


class Participant(models.Model):
    """One participation. ``arrival_key`` makes a doubled consent one participation.

    There is no arm until the first page that differs between arms is shown.
    """

    class State(models.TextChoices):
        STARTED = "started"
        COMPLETED = "completed"
        WITHDRAWN = "withdrawn"

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="participants")
    arm = models.ForeignKey(
        Arm, on_delete=models.PROTECT, related_name="participants", null=True, blank=True
    )
    code = models.CharField(max_length=40, unique=True, default=participant_code, editable=False)
    pseudonym = models.CharField(max_length=9, unique=True, default=pseudonym, editable=False)
    arrival_key = models.CharField(max_length=64, unique=True, editable=False)
    personal_code = models.CharField(
        max_length=14,
        unique=True,
        editable=False,
        help_text="With it the person can have everything deleted later.",
    )
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
    consented_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    completion_code = models.CharField(max_length=8, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(state="completed")
                | (Q(finished_at__isnull=False) & ~Q(completion_code="")),
                name="who_completed_has_a_time_and_a_code",
            ),
        ]
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.pseudonym


class AllocationSlot(models.Model):
    """A place that is taken: held from the consent on, and bound to an arm at the allocation.

    A place that goes back is deleted, and the ledger says so. Simulated participants have places of
    their own, so that rehearsals use up no real one. Of a participant who was deleted after the
    allocation only ``erased`` is left: the place stays used, so that the balance of the arms and
    the count of all who were allocated stay true.
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
        ]
        ordering: ClassVar = ["study", "simulated", "position", "arrival"]

    def __str__(self) -> str:
        return f"{self.study.slug} {self.position or 'held'}"


class LedgerEntry(models.Model):
    """One event of the allocation, chained to the one before by its hash; triggers keep it as is.

    Each study has two ledgers, that of simulated participants apart. An entry leads to nobody.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="ledger")
    simulated = models.BooleanField(default=False)
    sequence = models.PositiveIntegerField(help_text="From 0.")
    previous = models.CharField("hash of the previous entry", max_length=64)
    content = models.TextField(help_text="What happened, as canonical JSON.")
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


class Trial(models.Model):
    """One screen with one image, for one participant; all are made at the allocation."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="trials")
    position = models.PositiveSmallIntegerField()
    stimulus = models.ForeignKey(Stimulus, on_delete=models.PROTECT)
    explanation = models.ForeignKey(Explanation, on_delete=models.PROTECT, null=True, blank=True)
    block = models.PositiveSmallIntegerField(default=1, help_text="Counts from 1.")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="trials")
    picture_code = models.CharField(
        max_length=40,
        unique=True,
        default=participant_code,
        editable=False,
        help_text="Secret address of its pictures: names neither arm nor class.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["participant", "position"], name="one_trial_per_position"
            ),
            models.UniqueConstraint(
                fields=["participant", "stimulus"], name="a_participant_sees_an_image_once"
            ),
        ]
        ordering: ClassVar = ["participant", "position"]

    def __str__(self) -> str:
        return f"{self.participant} trial {self.position}"


class TrialMap(models.Model):
    """One of the maps of a trial that shows several, each of a class of its own."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="maps")
    place = models.PositiveSmallIntegerField(help_text="Counts from 1.")
    explanation = models.ForeignKey(Explanation, on_delete=models.PROTECT)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["trial", "place"], name="one_map_per_place_of_a_trial"),
            models.UniqueConstraint(
                fields=["trial", "explanation"], name="a_trial_shows_a_map_once"
            ),
        ]
        ordering: ClassVar = ["trial", "place"]

    def __str__(self) -> str:
        return f"{self.trial} map {self.place}"


class PageView(models.Model):
    """When and how often a page was sent to a participant."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="views")
    step = models.CharField(max_length=80)
    first_shown_at = models.DateTimeField()
    last_shown_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participant", "step"], name="one_first_view_per_page"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.step}"


class Submission(models.Model):
    """A page that a participant sent: at most one per step, never changed.

    A trial that is answered in two stages has two.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="submissions"
    )
    step = models.CharField(max_length=80)
    trial = models.ForeignKey(
        Trial, on_delete=models.CASCADE, null=True, blank=True, related_name="submissions"
    )
    block = models.PositiveSmallIntegerField(
        default=0, help_text="Block that the page belongs to; 0 outside of blocks."
    )
    timed_out = models.BooleanField(
        default=False, help_text="Sent by the page itself when its time was up."
    )
    submitted_at = models.DateTimeField()
    server_seconds = models.FloatField(null=True, blank=True)
    response_time_ms = models.FloatField(
        null=True, blank=True, help_text="By the browser's clock; empty without the script."
    )
    item_order = models.JSONField(
        default=list, help_text="The page's items, in the order in which the person saw them."
    )
    times_shown = models.PositiveIntegerField(
        default=0, help_text="How often the page had been sent by then; 2 or more: interrupted."
    )
    timings = models.JSONField(
        null=True, blank=True, help_text="What the script measured: surveys.timings.Timings."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participant", "step"], name="one_submission_per_page"),
            models.CheckConstraint(
                condition=Q(response_time_ms__isnull=True) | Q(response_time_ms__gte=0),
                name="response_time_is_not_negative",
            ),
        ]
        ordering: ClassVar = ["participant", "id"]

    def __str__(self) -> str:
        return f"{self.participant} {self.step}"

    @property
    def interrupted(self) -> bool:
        """Whether the page was loaded more than once, or left for another tab or window."""
        return self.times_shown > 1 or bool((self.timings or {}).get("times_away"))


class Answer(models.Model):
    """One answer, as clicked or typed."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="answers")
    questionnaire = models.CharField(
        max_length=80, blank=True, help_text="Its id; empty for a trial."
    )
    item = models.CharField(max_length=80)
    value = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "item"], name="one_answer_per_item"),
        ]
        ordering: ClassVar = ["submission", "id"]

    def __str__(self) -> str:
        return f"{self.item} = {self.value}"


class Event(models.Model):
    """What happened besides answers: replays, refusals, withdrawals. Never an answer's text."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    step = models.CharField(max_length=80, blank=True)
    items = models.CharField(
        max_length=200, blank=True, help_text="Ids of the items whose answers differed."
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["participant", "id"]

    def __str__(self) -> str:
        return f"{self.participant} {self.kind}"


class Identity(models.Model):
    """Who a participant is to the panel that they came from; kept apart from all that they did.

    Nothing else holds these ids, and no export but export_study --with-identifiers. It goes with
    the participant when they have everything deleted. ``external_hash`` stays when the ids are
    forgotten after payment, so that nobody takes part twice.
    """

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="identity"
    )
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="identities")
    external_id = models.CharField(max_length=128, blank=True)
    external_hash = models.CharField(max_length=64, editable=False, db_index=True)
    session_id = models.CharField(
        max_length=128, blank=True, help_text="The panel's id of the submission."
    )
    panel_study = models.CharField(
        max_length=128, blank=True, help_text="The panel's id of the study."
    )
    panel_status = models.CharField(
        max_length=30, blank=True, help_text="As the panel told it last."
    )
    panel_status_at = models.DateTimeField(null=True, blank=True)

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
