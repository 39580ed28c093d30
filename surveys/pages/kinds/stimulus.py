"""A stimulus as a page shows it: the image, the classifier's prediction, and the map."""

from django.urls import reverse
from django.utils.translation import gettext as _

from explanations import catalogue
from explanations.imagesets.input_rule import InputRule
from explanations.models import Explanation, Prediction
from explanations.pipeline import pictures
from surveys.models import Condition, Participant, Trial, TrialMap, Uncovering
from surveys.pages import uncovering
from surveys.pages.kinds import Screen
from surveys.pages.language import spoken
from surveys.pages.picture_links import picture_url
from surveys.pages.signals import are_counted
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition
from surveys.tasks import Stage

BLURRED, CLEARED = "blurred", "cleared"
"""The names, in a URL, of a blurred image, and of one with a clear place."""
DENSE = "?dense"
"""End of the URL of a picture for a screen with two dots per pixel."""


def image_url(participant: Participant, prediction: Prediction, picture_code: str) -> str:
    """Return the URL of the image."""
    image, rule = prediction.image, prediction.classifier.rule
    files = [
        pictures.image_picture(image, rule, dense=dense) for dense in _sizes(participant, rule)
    ]
    return picture_url(participant, picture_code, "image", files)


def map_url(
    participant: Participant, explanation: Explanation, picture_code: str, name: str = "map"
) -> str:
    """Return the URL of a map, by its name among several."""
    rule = explanation.prediction.classifier.rule
    files = [pictures.map_picture(explanation, dense=dense) for dense in _sizes(participant, rule)]
    return picture_url(participant, picture_code, name, files)


def legend_url(method: str) -> str:
    """Return the URL of a method's legend, which browsers keep for all trials."""
    return reverse("legend", kwargs={"name": pictures.legend_picture(method).name})


def pictures_of(trial: Trial, stage: Stage) -> list[str]:
    """Return the URLs of all pictures of a trial at a stage, as the script that loads them reads
    them.

    Where a dense screen gets larger pictures, the URL of each picture is followed by a comma and
    the URL of its larger version.
    """
    person, code, explanation = trial.participant, trial.picture_code, trial.explanation
    prediction = trial.stimulus.prediction
    if stage.uncovers:
        addresses = [picture_url(person, code, name) for name in ("image", BLURRED)]
    else:
        addresses = [image_url(person, prediction, code)]
    methods = []
    if explanation is not None and stage.shows_map:
        addresses.append(map_url(person, explanation, code))
        methods.append(explanation.method)
    if stage.compares or (stage.classes and explanation is not None):
        for trial_map in beside(trial):
            name = map_name(trial_map.place)
            addresses.append(map_url(person, trial_map.explanation, code, name))
            methods.append(trial_map.explanation.method)
    if pictures.has_dense_picture(prediction.classifier.rule):
        addresses = [f"{address},{address}{DENSE}" for address in addresses]
    return [*addresses, *map(legend_url, dict.fromkeys(methods))]


def beside(trial: Trial) -> list[TrialMap]:
    """Return the maps that the trial shows side by side."""
    maps = list(trial.maps.select_related("explanation"))
    for trial_map in maps:  # all are of the trial's prediction, which was read with the trial
        trial_map.explanation.prediction = trial.stimulus.prediction
    return maps


def _sizes(participant: Participant, rule: InputRule) -> tuple[bool, ...]:
    """Return for which screens, usual and dense ones, a URL names the picture's files.

    It names none where the pictures that a person loads are counted: only a query can count them.
    """
    if are_counted(participant.study):
        return ()
    return (False, True) if pictures.has_dense_picture(rule) else (False,)


def to_uncover(trial: Trial, part: TrialsPart) -> Screen:
    """Return what the template needs to blur the image and to clear it, with or without the script.

    ``clear_url`` is the picture with the cell that was cleared last without the script, if any.
    """
    person, code = trial.participant, trial.picture_code
    path = Uncovering.objects.filter(trial=trial).first()
    cleared = len(uncovering.cells_in(path.points)) if path else 0
    across = uncovering.cells_across(part)
    blurred = picture_url(person, code, BLURRED)
    cells = [
        [
            {"name": f"{row}-{column}", "row": row, "column": column}
            for column in range(1, across + 1)
        ]
        for row in range(1, across + 1)
    ]
    return {
        "uncover": True,
        "sharp_url": picture_url(person, code, "image"),
        "image_url": blurred,
        "clear_url": f"{picture_url(person, code, CLEARED)}?place={cleared}" if cleared else "",
        "radius": part.circle / 2,
        "across": across,
        "cells": cells,
    }


def sharpness(rule: InputRule) -> Screen:
    """Return how a page draws a classifier's input and its maps: in squares if tiny, and from
    larger pictures on a dense screen."""
    return {
        "is_tiny": pictures.is_tiny(rule),
        "dense": DENSE if pictures.has_dense_picture(rule) else "",
    }


def map_name(place: int) -> str:
    """Return the name, in a URL, of the map at the place among several side by side."""
    return f"map-{place}"


def legend_name(place: int) -> str:
    """Return the name, in a URL, of the legend of the map at the place among several methods'."""
    return f"legend-{place}"


def map_alt(participant: Participant, explanation: Explanation) -> str:
    """Return what a screen reader says of a map, as the study file chooses it."""
    chosen = definition(participant.study).pages.map_alt
    if chosen == "regions":
        return pictures.alt_text(explanation)
    return _("A map of the picture.") if chosen == "neutral" else ""


def maps_compared(trial: Trial, *, names_class: str | None) -> Screen:
    """Return what the template needs to show the maps of several methods, each with its legend.

    ``names_class`` is the reader's name for the predicted class, or None if it is not to be named.
    """
    person, code = trial.participant, trial.picture_code
    return {
        "maps": [
            {
                "number": trial_map.place,
                "url": map_url(person, trial_map.explanation, code, map_name(trial_map.place)),
                "alt": map_alt(person, trial_map.explanation),
                "empty": bool(trial_map.explanation.diagnostics.get("empty")),
                "method": catalogue.get(trial_map.explanation.method),
                "caption": pictures.caption(trial_map.explanation, names_class),
                "legend_url": legend_url(trial_map.explanation.method),
            }
            for trial_map in beside(trial)
        ],
    }


def maps_beside(trial: Trial) -> Screen:
    """Return what the template needs to show the maps of several classes without naming them."""
    person, maps = trial.participant, beside(trial)
    method = maps[0].explanation.method  # all maps of a trial are of the condition's method
    return {
        "method": catalogue.get(method),
        "maps": [
            {
                "number": trial_map.place,
                "url": map_url(
                    person, trial_map.explanation, trial.picture_code, map_name(trial_map.place)
                ),
                "alt": map_alt(person, trial_map.explanation),
                "empty": bool(trial_map.explanation.diagnostics.get("empty")),
            }
            for trial_map in maps
        ],
        "caption": pictures.caption_of_each(method),
        "legend_url": legend_url(method),
    }


def stimulus(
    participant: Participant,
    prediction: Prediction,
    explanation: Explanation | None,
    picture_code: str,
    condition: Condition,
    *,
    shows_prediction: bool = True,
    names_class: bool = True,
) -> Screen:
    """Return what the template needs to show the stimulus.

    If ``names_class`` is False, neither caption nor page may reveal the predicted class.
    """

    shown: Screen = {
        "image_url": image_url(participant, prediction, picture_code),
        "map_over": definition(participant.study).pages.map == "over",
        **sharpness(prediction.classifier.rule),
    }
    label = spoken(participant.study).class_label(prediction.predicted_class)
    if shows_prediction and condition.shows_prediction:
        shown["prediction"] = label
        if condition.shows_probability:
            shown["probability"] = round(100 * prediction.probability)
    if explanation is None:
        return shown
    # A caption that named the class would give away a prediction that the page hides.
    named = names_class and "prediction" in shown
    return shown | {
        "method": catalogue.get(explanation.method),
        "map_url": map_url(participant, explanation, picture_code),
        "map_alt": map_alt(participant, explanation),
        "caption": pictures.caption(explanation, label if named else None),
        "legend_url": legend_url(explanation.method),
    }
