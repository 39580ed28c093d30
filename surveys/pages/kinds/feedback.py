"""Feedback after a trial: the true class, and whether participant and classifier were right."""

from django.utils.translation import gettext as _

from surveys import tasks
from surveys.models import Answer, Participant, Trial
from surveys.pages.kinds import Screen
from surveys.pages.kinds.stimulus import stimulus
from surveys.pages.kinds.trial import part_of, trial_of
from surveys.pages.language import spoken
from surveys.study_file.step import Step


def screen(participant: Participant, step: Step) -> Screen:
    trial = trial_of(participant, step)
    task = tasks.get(part_of(participant, step).task)
    prediction = trial.stimulus.prediction
    shown = stimulus(
        participant, prediction, trial.explanation, trial.picture_code, trial.condition
    )
    shown.pop("prediction", None)  # the sentences below name it
    texts = spoken(participant.study)
    true = texts.class_label(prediction.image.true_class)
    sentences = [_("The picture shows: %(name)s.") % {"name": true}]
    if trial.condition.shows_prediction or task.guesses_class:
        said = (
            _("The classifier says: %(name)s. That is right.")
            if prediction.is_correct
            else _("The classifier says: %(name)s. That is wrong.")
        )
        sentences.append(said % {"name": texts.class_label(prediction.predicted_class)})
    if task.guesses_class and (place := right_map(trial)) is not None:
        sentences.append(_("The map of this class was map %(number)s.") % {"number": place})
    right = decided_right(trial)
    if right is not None:
        sentences.append(_("Your answer was right.") if right else _("Your answer was wrong."))
    return shown | {"heading": _("The correct answer"), "sentences": sentences, "right": right}


def decided_right(trial: Trial) -> bool | None:
    """Return whether the last answer to the trial was right, or None if nothing was answered.

    The right decision is to accept a correct prediction, to name the true class, to guess the class
    that the classifier predicts, or to choose the map of that class.
    """
    # Each task stores its last answer under an item that tells what was decided.
    answers = dict(Answer.objects.filter(submission__trial=trial).values_list("item", "value"))
    prediction = trial.stimulus.prediction
    if "agreed" in answers:
        return (answers["agreed"] == "1") == prediction.is_correct
    if "rated_right" in answers:
        return (answers["rated_right"] in {"3", "4"}) == prediction.is_correct
    if "guessed_answer" in answers:
        return bool(answers["guessed_answer"] == prediction.predicted_class)
    if "chosen_map" in answers:
        return int(answers["chosen_map"]) == right_map(trial)
    if "final_answer" in answers:
        return bool(answers["final_answer"] == prediction.image.true_class)
    return None


def right_map(trial: Trial) -> int | None:
    """Return the place, from 1, of the predicted class's map among the maps that the trial showed,
    or None if it showed one map or none.
    """
    places = trial.maps.filter(explanation=trial.explanation).values_list("place", flat=True)
    return places.first()
