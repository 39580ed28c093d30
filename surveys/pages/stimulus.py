"""A stimulus as a page shows it: the image, what the classifier says of it, and the map."""

from django.urls import reverse

from explanations import catalogue, pictures
from explanations.models import Explanation, Prediction
from surveys.languages import spoken
from surveys.models import Condition, Participant
from surveys.pages import Screen
from surveys.studyfile import definition


def picture_url(participant: Participant, picture_code: str, picture: str) -> str:
    """Where the participant's browser finds a picture: image, map or legend."""
    kwargs = {"code": participant.code, "picture_code": picture_code, "picture": picture}
    return reverse("picture", kwargs=kwargs)


def picture_urls(participant: Participant, picture_code: str, *, with_map: bool) -> list[str]:
    """The addresses of all pictures of a stimulus."""
    pictures = ("image", "map", "legend") if with_map else ("image",)
    return [picture_url(participant, picture_code, picture) for picture in pictures]


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
    """What the template needs. ``names_class`` False: neither caption nor page gives it away."""

    shown: Screen = {
        "image_url": picture_url(participant, picture_code, "image"),
        "map_over": definition(participant.study).pages.map == "over",
    }
    label = spoken(participant.study).class_label(prediction.predicted_class)
    if shows_prediction and condition.shows_prediction:
        shown["prediction"] = label
        if condition.shows_probability:
            shown["probability"] = round(100 * prediction.probability)
    if explanation is None:
        return shown
    named = names_class and "prediction" in shown
    return shown | {
        "method": catalogue.get(explanation.method),
        "map_url": picture_url(participant, picture_code, "map"),
        "map_alt": pictures.alt_text(explanation),
        "caption": pictures.caption(explanation, label if named else None),
        "legend_url": picture_url(participant, picture_code, "legend"),
    }
