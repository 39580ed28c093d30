"""What participants say is wrong, image by image, as the panel shows it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from explanations import catalogue
from explanations.models import Explanation
from explanations.pipeline import pictures
from explanations.store.artefacts import ArtefactError
from studyplatform.panel.method_names import method_name
from surveys.export.feedback import ImageFeedback, Share, comments_of
from surveys.models import Study
from surveys.services.trials import explanations_of
from surveys.tasks.items import diagnosis as questions

COMMENTS_PER_IMAGE = 20
IMAGE = "image"
"""Name of the picture of the image itself; the other pictures have the key of their method."""


@dataclass(frozen=True)
class Count:
    """How many of the people asked gave a diagnosis."""

    text: str
    number: int
    asked: int
    share: Share


@dataclass(frozen=True)
class Map:
    """A map that participants saw of the image, with what people who saw it say.

    ``people`` is None and ``said`` is empty while they would reveal arms.
    """

    method: str
    label: str
    alt: str
    people: int | None
    said: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Row:
    """An image of the list. ``more_comments`` counts the comments that are not among these."""

    image: ImageFeedback
    counts: Sequence[Count]
    maps: Sequence[Map]
    comments: Sequence[str]
    more_comments: int


def rows(study: Study, images: Sequence[ImageFeedback], people: Q) -> list[Row]:
    """Return a row for each image, with its maps and comments."""
    options = dict(questions()[0].options)
    simulated = ("simulated", True) in people.children
    maps = _maps(study, [image.stimulus for image in images], simulated=simulated)
    comments = _comments(study, [image.stimulus for image in images], people)
    return [
        Row(
            image,
            [
                Count(text, image.counts.get(key, 0), image.asked(key), image.share(key))
                for key, text in options.items()
            ],
            [_map(explanation, image, options) for explanation in maps[image.stimulus]],
            comments[image.stimulus][:COMMENTS_PER_IMAGE],
            max(0, len(comments[image.stimulus]) - COMMENTS_PER_IMAGE),
        )
        for image in images
    ]


def shown_map(study: Study, stimulus: int, method: str) -> Explanation | None:
    """Return the map of the method that participants of the study see of the image."""
    maps = _maps(study, [stimulus], simulated=False)[stimulus]
    return next((explanation for explanation in maps if explanation.method == method), None)


def _maps(
    study: Study, stimuli: Sequence[int], *, simulated: bool
) -> Mapping[int, list[Explanation]]:
    """Return the maps by stimulus, one for each method of the study, in the order of its arms."""
    chosen = list(
        study.stimuli.filter(pk__in=stimuli)
        .select_related("prediction__image")
        .defer("prediction__probabilities", "prediction__image__part_map")
    )
    by_stimulus: dict[int, list[Explanation]] = defaultdict(list)
    methods: set[str] = set()
    for condition in study.conditions.exclude(method=""):
        if condition.method in methods:
            continue
        methods.add(condition.method)
        shown = explanations_of(condition, chosen, simulated=simulated)
        for stimulus in chosen:
            if stimulus.pk in shown:
                explanation = shown[stimulus.pk]
                explanation.prediction = stimulus.prediction
                by_stimulus[stimulus.pk].append(explanation)
    return by_stimulus


def _map(explanation: Explanation, image: ImageFeedback, options: Mapping[str, str]) -> Map:
    try:
        alt = pictures.alt_text(explanation)
    # A damaged file must not hide what people say.
    except ArtefactError as error:
        alt = str(error)
    people, said = (image.by_method or {}).get(explanation.method, (0, {}))
    return Map(
        explanation.method,
        method_name(catalogue.get(explanation.method)),
        alt,
        None if image.by_method is None else people,
        [(text, said[key]) for key, text in options.items() if said.get(key)],
    )


def _comments(study: Study, stimuli: Sequence[int], people: Q) -> Mapping[int, list[str]]:
    by_stimulus: dict[int, list[str]] = defaultdict(list)
    said = comments_of(study, people).filter(submission__trial__stimulus__in=stimuli)
    for stimulus, text in said.values_list("submission__trial__stimulus", "value"):
        by_stimulus[stimulus].append(text)
    return by_stimulus
