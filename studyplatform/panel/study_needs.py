"""What a study's pictures still lack: predictions, chosen images, and maps of each method."""

from dataclasses import dataclass

from django.utils.translation import gettext

from explanations import catalogue
from studyplatform.panel.image_choice import images_in_use, predictions_in_use
from surveys.models import Study
from surveys.services.studies import missing_for_launch
from surveys.services.trials import classes_of, explanations_of, maps_of_classes
from surveys.study_file.declaration import StudyFile
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class Need:
    """Things of which the study needs ``wanted`` and has ``there``."""

    label: str
    there: int
    wanted: int

    @property
    def is_met(self) -> bool:
        """Return whether nothing is missing."""
        return self.there >= self.wanted


def lacking(study: Study) -> list[str]:
    """Return in words which pictures the study still lacks, in the launch's own judgement."""
    missing = missing_for_launch(study)
    if not missing:
        return []
    # Whether the classifier has seen every image of the set does not matter to a launch.
    _seen, *others = needs_of(study)
    sentences = [
        gettext("%(what)s: %(there)d of %(wanted)d.")
        % {"what": need.label, "there": need.there, "wanted": need.wanted}
        for need in others
        if not need.is_met
    ]
    return sentences or missing


def practice_in_words(declared: StudyFile) -> str:
    """Return how many images the practice shows, for which nobody has asked. Empty for none."""
    practice = sum(
        sum(declared.images_of_part(part)) for part in declared.trial_parts if part.is_practice
    )
    return gettext("%(count)d of them for the practice") % {"count": practice} if practice else ""


def _chosen_label(declared: StudyFile) -> str:
    label, practice = gettext("Images chosen for participants"), practice_in_words(declared)
    return f"{label} ({practice})" if practice else label


def needs_of(study: Study) -> list[Need]:
    """Return the needs of a study. Maps are counted as the launch counts them."""
    declared = definition(study)
    stimuli = list(study.stimuli.select_related("prediction__classifier"))
    wanted = sum(declared.predictions_shown)
    needs = [
        Need(
            gettext("Images that the classifier has seen"),
            predictions_in_use(study).count(),
            images_in_use(study).count(),
        ),
        Need(_chosen_label(declared), len(stimuli), wanted),
    ]
    for condition in study.conditions.exclude(method=""):
        parts = [part for part in declared.trial_parts if part.is_in(condition.key)]
        keys = {part.key for part in parts}
        shown = [stimulus for stimulus in stimuli if stimulus.part in keys]
        # Before images are chosen, the file tells how many maps there will be.
        planned = sum(sum(declared.images_of_part(part)) for part in parts)
        label = gettext("Maps for “%(condition)s”") % {"condition": condition.label}
        method = catalogue.get(condition.method).label
        label += "" if method == condition.label else f" ({method})"
        available = len(explanations_of(condition, shown, simulated=False))
        needs.append(Need(label, available, len(shown) or planned))
        if several := len(classes_of(study, shown)):
            together = len(maps_of_classes(condition, shown, simulated=False))
            label = gettext("Images with maps of all classes for “%(condition)s”") % {
                "condition": condition.label
            }
            needs.append(Need(label, together, several))
    return needs
