"""Database models of what participants were shown, answered and did."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from explanations.models import Explanation
from surveys.models.codes import participant_code
from surveys.models.participant import Participant
from surveys.models.study import Condition, Stimulus


class Trial(models.Model):
    """A screen with one image for one participant. All trials are created at the allocation."""

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

    pictures_sent = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Number of times a picture was sent; only counted where the study file asks.",
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
    """A map of a trial that shows several maps, each for a different class."""

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


class Uncovering(models.Model):
    """The path of the circle with which a participant cleared a trial's blurred picture."""

    trial = models.OneToOneField(Trial, on_delete=models.CASCADE, related_name="uncovering")
    points = models.JSONField(
        default=list,
        help_text="Milliseconds, then x, y (in thousandths) and kind where the circle was open.",
    )

    def __str__(self) -> str:
        return f"{self.trial}, {len(self.points)} points"


class PageView(models.Model):
    """When and how often a page was sent to a participant."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="views")
    step = models.CharField(max_length=80)
    first_shown_at = models.DateTimeField()
    last_shown_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    extensions = models.PositiveSmallIntegerField(
        default=0, help_text="How often the participant asked for more time on the page."
    )
    words = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Number of words on the page; only counted where the study file asks.",
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["participant", "step"], name="one_first_view_per_page"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} {self.step}"


class Submission(models.Model):
    """A page that a participant sent. Each step has at most one, which is never changed.

    A trial that is answered in two stages has two submissions.
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
        default=False,
        help_text="Sent by the page itself when its time was up, or too late for the server.",
    )
    extensions = models.PositiveSmallIntegerField(
        default=0, help_text="How often more time was asked for on the page."
    )
    submitted_at = models.DateTimeField()
    server_seconds = models.FloatField(null=True, blank=True)
    response_time_ms = models.FloatField(
        null=True, blank=True, help_text="By the browser's clock; empty without the script."
    )
    item_order = models.JSONField(
        default=list, help_text="The page's items, in the order in which the person saw them."
    )
    option_order = models.JSONField(
        default=dict,
        blank=True,
        help_text="The options of each item whose options were shuffled, as the person saw them.",
    )
    times_shown = models.PositiveIntegerField(
        default=0, help_text="How often the page had been sent by then; 2 or more: interrupted."
    )
    timings = models.JSONField(
        null=True,
        blank=True,
        help_text="What the page's script measured: painting, dwell, time away.",
    )
    signals = models.JSONField(
        null=True,
        blank=True,
        help_text="Counts of how the answers came about; only where the study file asks.",
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
        """Return whether the page was loaded more than once, or left for another tab or window."""
        return self.times_shown > 1 or bool((self.timings or {}).get("times_away"))


class Answer(models.Model):
    """An answer, as clicked or typed."""

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
    """An occurrence other than an answer, such as a replay, a refusal or a stop. It never contains
    an answer's text.
    """

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
