"""What each kind of page shows beside its questions: nothing here may tell arm or true class."""

from typing import Any

from django.urls import reverse
from django.utils.module_loading import import_string

from explanations import catalogue, pictures
from explanations.models import Explanation, Prediction
from surveys import flow, questionnaires
from surveys.examples import EXAMPLE, example_explanation, example_prediction
from surveys.models import Participant, Trial

Screen = dict[str, Any]


def screen(participant: Participant, step: flow.Step) -> Screen:
    """Everything that the step's template shows, apart from its form."""
    number, total = flow.progress(participant, step)
    kind: Screen = import_string(flow.kind_of(step).screen)(participant, step)
    return {
        "participant": participant,
        "study": participant.study,
        "number": number,
        "total": total,
        **kind,
    }


def questionnaire(participant: Participant, step: flow.Step) -> Screen:
    shown = questionnaires.get(step.questionnaire)
    return {"questionnaire": shown, "heading": shown.title}


def instructions(participant: Participant, step: flow.Step) -> Screen:
    """How to read the map, with an example if one is computed; without a map, how to look."""
    shown: Screen = {
        "heading": "What you will see",
        "trials": sum(step.kind == "trial" for step in flow.steps(participant.study)),
        "method": catalogue.get(participant.arm.method) if participant.arm.method else None,
        "legend_url": reverse("legend", kwargs={"code": participant.code}),
    }
    prediction = example_prediction(participant.study)
    if prediction is None:
        return shown
    explanation = example_explanation(participant.arm, prediction)
    return shown | _stimulus(participant, prediction, explanation, EXAMPLE)


def trial(participant: Participant, step: flow.Step) -> Screen:
    trials = participant.trials.select_related("stimulus__prediction", "explanation")
    shown = trials.get(position=step.trial_position or 0)
    stimulus = _stimulus(
        participant, shown.stimulus.prediction, shown.explanation, shown.picture_code
    )
    return {"heading": f"Picture {shown.position}"} | stimulus


def is_visible(trial: Trial) -> bool:
    """Whether the participant may see the trial's pictures: it is answered, or it is the page."""
    participant = trial.participant
    if participant.state == Participant.State.WITHDRAWN:
        return False
    step = flow.current_step(participant)
    return step is None or step.trial_position == trial.position or hasattr(trial, "submission")


def _stimulus(
    participant: Participant,
    prediction: Prediction,
    explanation: Explanation | None,
    picture_code: str,
) -> Screen:
    """An image, what the classifier says of it, and the map with its words."""

    def url(picture: str) -> str:
        kwargs = {"code": participant.code, "picture_code": picture_code, "picture": picture}
        return reverse("picture", kwargs=kwargs)

    shown: Screen = {"prediction": prediction.predicted_class, "image_url": url("image")}
    if explanation is None:
        return shown
    method = catalogue.get(explanation.method)
    return shown | {
        "method": method,
        "map_url": url("map"),
        "map_alt": pictures.alt_text(explanation),
        "caption": pictures.caption(explanation),
        "legend_url": reverse("legend", kwargs={"code": participant.code}),
    }
