"""Tables shown below a study on its page: arms, launches, images."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from explanations import catalogue
from explanations.admin import link_to, picture_of
from surveys.admin.pages import HIDDEN, ReadOnlyInline, people_in
from surveys.blinding import is_blinded
from surveys.models import Arm, Participant, Stimulus, StudyVersion


class ArmInline(ReadOnlyInline):
    model = Arm
    readonly_fields = (
        *("method_label", "started", "completed", "stopped", "ended", "erased", "simulated"),
    )
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

    def stopped(self, arm: Arm) -> int | str:
        return _in_arm(arm, Participant.State.STOPPED)

    @admin.display(description="ended by the study")
    def ended(self, arm: Arm) -> int | str:
        return _in_arm(arm, Participant.State.ENDED)

    @admin.display(description="data erased")
    def erased(self, arm: Arm) -> int | str:
        if is_blinded(arm.study):
            return HIDDEN
        return arm.allocationslot_set.filter(simulated=False, erased=True).count()

    @admin.display(description="simulated, all")
    def simulated(self, arm: Arm) -> int:
        return arm.participants.filter(simulated=True).count()


class VersionInline(ReadOnlyInline):
    model = StudyVersion
    verbose_name_plural = "Launches and what was frozen at each"
    fields = ("number", "launched_at", "people_before", "source_sha256", "stimuli_sha256")
    readonly_fields = fields


class StimulusInline(ReadOnlyInline):
    model = Stimulus
    verbose_name_plural = "Images that every participant sees, each in a different order"
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


def _in_arm(arm: Arm, state: Participant.State) -> int | str:
    """Return the number of real participants of the arm in the state, unless it is hidden."""
    return HIDDEN if is_blinded(arm.study) else people_in(arm, state)
