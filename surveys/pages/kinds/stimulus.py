"""A stimulus as a page shows it: the image, the classifier's prediction, and the map."""

from django.urls import reverse
from django.utils.translation import gettext as _

from explanations import catalogue
from explanations.imagesets.input_rule import InputRule
from explanations.models import Explanation, Prediction
from explanations.pipeline import pictures
from surveys.models import Condition, Participant, Trial, Uncovering
from surveys.pages import uncovering
from surveys.pages.kinds import Screen
from surveys.pages.language import spoken
from surveys.study_file.parts import TrialsPart
from surveys.study_file.stored import definition

BLURRED, CLEARED = "blurred", "cleared"
"""The names, in a URL, of a blurred image, and of one with a clear place."""
DENSE = "?dense"
"""End of the URL of a picture for a screen with two dots per pixel."""


def picture_url(participant: Participant, picture_code: str, picture: str) -> str:
    """Return the URL of a picture (image, map or legend) for the participant's browser."""
    kwargs = {"code": participant.code, "picture_code": picture_code, "picture": picture}
    return reverse("picture", kwargs=kwargs)


def picture_urls(
    participant: Participant,
    picture_code: str,
    *,
    with_map: bool,
    maps: int = 0,
    legends: int = 0,
    blurred: bool = False,
    dense: bool = False,
) -> list[str]:
    """Return the URLs of all pictures of a stimulus, as the script that loads them reads them.

    ``maps`` is the number of maps shown side by side, of which ``legends`` have a legend of their
    own. ``blurred`` adds the blurred image to the image. If ``dense``, the URL of each picture is
    followed by a comma and the URL of its larger version.
    """
    beside = [map_name(place) for place in range(1, maps + 1)]
    named = [*(["map"] if with_map else []), *beside]
    images = ("image", BLURRED) if blurred else ("image",)
    addresses = [picture_url(participant, picture_code, name) for name in (*images, *named)]
    if dense:
        addresses = [f"{address},{address}{DENSE}" for address in addresses]
    own = [legend_name(place) for place in range(1, legends + 1)]
    shared = ["legend"] if named and not own else []
    keys = [picture_url(participant, picture_code, name) for name in (*own, *shared)]
    return [*addresses, *keys]


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
    beside = trial.maps.select_related("explanation__prediction__image")
    return {
        "maps": [
            {
                "number": trial_map.place,
                "url": picture_url(person, code, map_name(trial_map.place)),
                "alt": map_alt(person, trial_map.explanation),
                "empty": bool(trial_map.explanation.diagnostics.get("empty")),
                "method": catalogue.get(trial_map.explanation.method),
                "caption": pictures.caption(trial_map.explanation, names_class),
                "legend_url": picture_url(person, code, legend_name(trial_map.place)),
            }
            for trial_map in beside
        ],
    }


def maps_beside(trial: Trial) -> Screen:
    """Return what the template needs to show the maps of several classes without naming them."""
    beside = list(trial.maps.select_related("explanation__prediction__image"))
    method = beside[0].explanation.method  # all maps of a trial are of the condition's method
    return {
        "method": catalogue.get(method),
        "maps": [
            {
                "number": trial_map.place,
                "url": picture_url(
                    trial.participant, trial.picture_code, map_name(trial_map.place)
                ),
                "alt": map_alt(trial.participant, trial_map.explanation),
                "empty": bool(trial_map.explanation.diagnostics.get("empty")),
            }
            for trial_map in beside
        ],
        "caption": pictures.caption_of_each(method),
        "legend_url": picture_url(trial.participant, trial.picture_code, "legend"),
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
        "image_url": picture_url(participant, picture_code, "image"),
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
        "map_url": picture_url(participant, picture_code, "map"),
        "map_alt": map_alt(participant, explanation),
        "caption": pictures.caption(explanation, label if named else None),
        "legend_url": picture_url(participant, picture_code, "legend"),
    }
