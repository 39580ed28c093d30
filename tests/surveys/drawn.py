"""A small study for tests of pages: drawn pictures, predictions and maps, no network behind them.

Everything below the pages is real: rows, stored files, services. Only the numbers are made up.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.classifier.header import FORMAT, in_one_order
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.image_import import image_store
from explanations.pipeline.pictures import artefact_store
from explanations.store.artefacts import Artefact
from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from surveys.study_checks import loading
from tests.conftest import ROOT
from tests.surveys.factories import with_fixed_chance
from tests.surveys.snapshots import made_once

CLASSES = ("car", "truck", "boat", "tree")
ARMS = ("none", "gradcam", "saliency", "integrated_gradients", "deepshap", "lime", "placebo")
ARMS_THAT_DIAGNOSE = ("none", "gradcam", "lime")
STUDY_FILE = """
slug = "{slug}"
title = "Pictures and a classifier"
seed = 7
[consent]
version = "1"
text = "What happens here.\\n\\nYou may stop at any time."
[debrief]
text = "What it was about."
[images]
set = "drawn"
split = "test"
{counts}
[classifier]
weights = "{weights}"
{arms}
{parts}
[allocation]
block_multiples = [1]
places = {places}
[pages]
resume_hours = {resume_hours}
map = "{map_place}"
[analysis]
control = "{control}"
[[analysis.outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
family = "primary"
{extra}
"""
QUESTIONNAIRES = """
[questionnaires]
before = ["ai-experience-v1"]
after = ["trust-v1", "understanding-v1", "comments-v1"]
"""


def trial_parts(task: str = "decide", more: str = "") -> str:
    """A question, the instructions, two right and one wrong trial of the task, and trust."""
    return f"""
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v1"
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 2
wrong = 1
task = "{task}"
{more}
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


@made_once
def drawn_study(
    folder: Path,
    *,
    slug: str = "drawn",
    right: int = 2,
    wrong: int = 1,
    places: int = 70,
    resume_hours: int = 0,
    opened: bool = True,
    parts: str = "",
    arms: Sequence[str] = ARMS,
    map_place: str = "beside",
    extra: str = "",
    control: str = "none",
) -> Study:
    """An open study of seven arms; one right prediction more than it shows is left as example.

    ``parts``: text that declares them; ``right`` and ``wrong`` then say how many images there are.
    ``extra`` stands at the end of its file.
    """
    weights = folder / "drawn.safetensors"
    write_weights(weights)
    image_set, _ = ImageSet.objects.get_or_create(
        name="drawn", defaults={"class_names": list(CLASSES)}
    )
    if not image_set.images.exists():
        _draw(image_set, right + wrong + 1)
    text = STUDY_FILE.format(
        slug=slug,
        counts="" if parts else f"right = {right}\nwrong = {wrong}",
        parts=parts or QUESTIONNAIRES,
        map_place=map_place,
        places=places,
        resume_hours=resume_hours,
        weights=weights,
        arms=_arms(arms, "conditions" if "within" in extra else "arms"),
        extra=extra,
        control=control,
    )
    study = with_fixed_chance(services.load_study(text))
    if not study.classifier.prediction_set.exists():
        _predict(image_set, study.classifier, wrong)
    choose_stimuli(study)
    if opened:
        services.open_study(study=study)
    return study


@made_once
def diagnosed_study(folder: Path) -> Study:
    """A study of three arms that asks what is wrong, with what 12 simulated people said."""
    study = drawn_study(folder, parts=trial_parts(more="diagnosis = true"), arms=ARMS_THAT_DIAGNOSE)
    simulate(study=study, number=12, seed=3, profile=load("mixed"))
    return study


def shipped_study(folder: Path, name: str) -> Study:
    """A study that ships, open, over drawn pictures in place of its own."""
    text = (ROOT / "studies" / f"{name}.toml").read_text(encoding="utf-8")
    declared = loading.parse(text)
    classes = tuple(declared.in_language("de").classes)
    weights = folder / "shipped.safetensors"
    write_weights(weights, classes)
    image_set = ImageSet.objects.create(name=declared.images.set, class_names=list(classes))
    (trials,) = declared.trial_parts
    _draw(image_set, trials.right + trials.wrong + 1)
    study = with_fixed_chance(services.load_study(text.replace(declared.weights, str(weights))))
    _predict(image_set, study.classifier, trials.wrong)
    choose_stimuli(study)
    services.open_study(study=study)
    return study


def write_weights(path: Path, classes: Sequence[str] = CLASSES) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {"format": FORMAT, "class_names": json.dumps(classes)}
    content = save({"nothing": np.zeros(1, dtype=np.float32)}, metadata)
    path.write_bytes(in_one_order(content))


def _arms(keys: Sequence[str], word: str) -> str:
    return "\n".join(
        f'[[{word}]]\nkey = "{key}"\nlabel = "Label of {key}"\n'
        + ("" if key == "none" else f'method = "{key}"\n')
        for key in keys
    )


def _draw(image_set: ImageSet, count: int) -> None:
    classes = image_set.class_names
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        StudyImage.objects.create(
            image_set=image_set,
            sha256=image_store().write(pixels),
            split="test",
            true_class=classes[number % len(classes)],
            source=f"drawn {number}",
            width=32,
            height=32,
        )


def _predict(image_set: ImageSet, classifier: ClassifierWeights, wrong: int) -> None:
    """The first ``wrong`` images are taken for the next class; every image gets every map."""
    predictions = []
    for number, image in enumerate(image_set.images.order_by("id")):
        classes = image_set.class_names
        true = classes.index(image.true_class)
        predicted = classes[(true + (number < wrong)) % len(classes)]
        predictions.append(
            Prediction(
                image=image,
                classifier=classifier,
                predicted_class=predicted,
                probability=0.7,
                probabilities=[0.1, 0.1, 0.1, 0.7],
                is_correct=predicted == image.true_class,
            )
        )
    Prediction.objects.bulk_create(predictions)
    _explain(
        (prediction, method.key, "") for prediction in predictions for method in catalogue.METHODS
    )


def explain_classes(study: Study, count: int = 4) -> None:
    """Maps of the next probable classes of the study's stimuli, by the methods of its arms."""
    methods = list(study.conditions.exclude(method="").values_list("method", flat=True))
    _explain(
        (stimulus.prediction, method, other)
        for stimulus in study.stimuli.select_related("prediction__classifier")
        for method in methods
        for other in stimulus.prediction.likeliest(count)[1:]
    )


def explain_by(study: Study, method: str) -> None:
    """A map of each of the study's predictions by a method that not every image has one of."""
    _explain((prediction, method, "") for prediction in study.classifier.prediction_set.all())


def _explain(wanted: Iterable[tuple[Prediction, str, str]]) -> None:
    """Store a made-up map for each prediction, method and class, by one writer."""
    wanted = list(wanted)
    artefacts = [
        Artefact.of(
            hashlib.sha256(f"{_of(prediction)} {method} {other}".encode()).hexdigest(),
            _attribution(prediction, method, other),
        )
        for prediction, method, other in wanted
    ]
    with artefact_store().writer() as writer:
        stored = writer.append(artefacts)
    Explanation.objects.bulk_create(
        Explanation(
            prediction=prediction, method=method, other_class=other, parameters={}, **asdict(place)
        )
        for (prediction, method, other), place in zip(wanted, stored, strict=True)
    )


def _of(prediction: Prediction) -> str:
    """What was predicted by what: the same in every database, unlike a primary key."""
    return f"{prediction.classifier.sha256} {prediction.image.sha256}"


def _attribution(prediction: Prediction, method: str, other_class: str) -> Attribution:
    seed = int(prediction.image.sha256[:8], 16)
    rng = np.random.default_rng([seed, len(method), *other_class.encode()])
    native = rng.random((8, 8), dtype=np.float32)
    return Attribution(
        np.kron(native, np.ones((4, 4), dtype=np.float32)),
        native=native,
        segments=np.kron(np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((8, 8), np.uint8)),
    )
