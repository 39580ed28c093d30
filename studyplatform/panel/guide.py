"""The study file that the guide writes from about eight answers."""

import json
import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, override
from django.utils.translation import gettext_lazy as _

from explanations import catalogue
from explanations.classifier.header import HeaderError, read_header
from explanations.imagesets import NAMES as KNOWN_SETS
from explanations.imagesets import SCENES
from explanations.models import ClassifierWeights, ImageSet, Prediction
from explanations.pipeline.weights_registry import registered_names, weights_file

TEXTS = Path(__file__).with_name("guide_texts.toml")
NONE = "none"
"""The key of the arm without an explanation, which is the control."""
OWN_IMAGES_LATER = "# Until your own images are uploaded and chosen on the page Images."
"""The comment by which a study file says that its images are not the ones that are wanted."""
USUAL_NUMBERS = (8, 4)
"""Right and wrong predictions that each person sees, unless the images have fewer."""
PRACTICE = (2, 1)
"""Right and wrong predictions of the practice, which are other images."""
ENOUGH_WRONG = USUAL_NUMBERS[1] + PRACTICE[1]
"""Wrong predictions that the usual numbers need between people."""
IDENTIFIERS_MONTHS = 3
"""Months after which the ids of a recruitment service go. People have been paid by then."""
QUESTIONS: Mapping[str, Promise] = {
    "reliance": _("Do people follow wrong answers more, or less, when they see a map?"),
    "trust": _("Do people trust the classifier more, or less, when they see a map?"),
    "understanding": _("Do maps help people to understand the classifier?"),
}
SECONDS = {"decide": 20, "judge_advisor": 35, "forward_simulation": 20, "classify": 20}
"""About how long a picture takes, for the duration that the consent states."""


@dataclass(frozen=True)
class Source:
    """Images with a classifier of their classes: what ``[images]`` and ``[classifier]`` name.

    ``images`` is 0 for drawn scenes that no job has drawn yet, and for ``own`` images, which are
    uploaded once the study exists. Until then such a study names an image set of the same classes.
    ``wrong`` is the number of images on which the classifier is wrong, None if it is unknown. It is
    estimated from the test accuracy until the classifier has seen all of the images. ``accuracy``
    is the share of its own test images that the classifier gets right, 0 if it is unknown.
    """

    image_set: str
    split: str
    weights: str
    classes: tuple[str, ...]
    images: int = 0
    own: bool = False
    wrong: int | None = None
    is_estimated: bool = False
    accuracy: float = 0.0
    size: int = 0
    """Width and height of the classifier's input in pixels, 0 if it is unknown."""

    @property
    def key(self) -> str:
        """Return the value by which a form names the source."""
        return f"{'own/' if self.own else ''}{self.image_set}/{self.split}/{self.weights}"

    @property
    def images_wanted(self) -> int | None:
        """Return how many images have enough errors for the usual numbers, if the classifier errs
        on them as often as on its own test images. None if that is unknown."""
        errors = round(1 - self.accuracy, 6)
        return math.ceil(ENOUGH_WRONG / errors) if self.accuracy and errors else None


@dataclass(frozen=True)
class Answers:
    """The answers to the guide's questions."""

    slug: str
    title: str
    seed: int
    language: str
    question: str
    design: str
    methods: tuple[str, ...]
    task: str
    checks: bool
    source: Source
    right: int
    wrong: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    places: int
    recruitment: str
    data_months: int


def sources(hidden: Collection[str] = ()) -> list[Source]:
    """Return the images that the classifiers of this installation know.

    First every stored set that a weight file fits, except the sets in ``hidden``; then the drawn
    scenes, which a job draws when a study needs them; then, for each weight file, the researcher's
    own images.
    """
    stored, drawn, own = [], [], []
    sets = list(ImageSet.objects.exclude(name__in=list(hidden)).order_by("name"))
    for weights in _weight_files():
        fitting = [
            _with_errors(
                Source(image_set.name, "test", weights.name, weights.classes, count), weights
            )
            for image_set in sets
            if set(image_set.class_names) == set(weights.classes)
            and _fits(image_set.name, weights.data)
            and (count := image_set.images.filter(split="test").count())
        ]
        stored += fitting
        # The loading accepts a set without images only if the platform knows the set by name.
        named = [Source(weights.data, "test", weights.name, weights.classes)]
        known = [source for source in named if source.image_set in KNOWN_SETS]
        if weights.data in SCENES and all(source.image_set != weights.data for source in fitting):
            drawn += known
        own += [
            # Errors on the images of a stored set say nothing about images of one's own.
            replace(
                source, images=0, own=True, wrong=None, accuracy=weights.accuracy, size=weights.size
            )
            for source in (known or fitting)[:1]
        ]
    drawn.sort(key=lambda source: source.image_set)
    return sorted(stored, key=lambda source: source.image_set) + drawn + own


def _with_errors(source: Source, weights: "_Weights") -> Source:
    """Return the source with the number of images on which its classifier is wrong."""
    stem = Path(weights.name).name.removesuffix(".safetensors")
    # A file that was replaced has a row for each of its contents.
    newest = ClassifierWeights.objects.filter(name=stem).order_by("-registered_at")[:1]
    seen = Prediction.objects.filter(
        image__image_set__name=source.image_set,
        image__split=source.split,
        classifier__in=list(newest),
    )
    counts = seen.aggregate(all=Count("pk"), wrong=Count("pk", filter=Q(is_correct=False)))
    if counts["all"] >= source.images:
        return replace(source, wrong=counts["wrong"])
    if not weights.accuracy or weights.data != source.image_set:
        return source
    return replace(source, wrong=round(source.images * (1 - weights.accuracy)), is_estimated=True)


def usual_numbers(source: Source) -> tuple[int, int]:
    """Return the numbers of right and wrong predictions with which the guide begins.

    Usually 8 and 4. A set with fewer errors gets as many as it has beside those of the practice,
    and twice as many right ones, as far as it has them.
    """
    if source.wrong is None:
        return USUAL_NUMBERS
    right, wrong = USUAL_NUMBERS
    wrong = max(1, min(wrong, source.wrong - PRACTICE[1]))
    right = max(1, min(right, 2 * wrong, source.images - source.wrong - PRACTICE[0]))
    return right, wrong


def _fits(image_set: str, trained_on: str) -> bool:
    """Check whether a set may go with a classifier of its classes. Scenes of 32 pixels would be
    blurred for a classifier of larger scenes."""
    return image_set not in SCENES or trained_on not in SCENES or image_set == trained_on


@dataclass(frozen=True)
class _Weights:
    """A weight file: its path in the project, its classes, and the image set it was trained on.

    ``accuracy`` is the share of test images that it classifies correctly, 0 if unknown.
    """

    name: str
    classes: tuple[str, ...]
    data: str
    accuracy: float
    size: int


def _weight_files() -> list[_Weights]:
    """Return shipped and registered classifiers, those of one image set by their accuracy, so that
    the best one is offered first."""
    shipped = sorted(settings.WEIGHTS_DIR.glob("*.safetensors"))
    registered = [weights_file(name) for name in registered_names()]
    by_data: dict[str, list[_Weights]] = {}
    for one in _read_weights((*shipped, *registered), registered):
        by_data.setdefault(one.data or one.name, []).append(one)
    return [
        one
        for group in by_data.values()
        for one in sorted(group, key=lambda one: one.accuracy, reverse=True)
    ]


def _read_weights(paths: Sequence[Path], registered: Sequence[Path]) -> Iterator[_Weights]:
    for path in paths:
        try:
            header = read_header(path)
        except HeaderError:  # the file cannot be used by any study
            continue
        try:
            card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            data = str(card["data"]["name"])
            accuracy = float(card["evaluation"]["test"]["accuracy"])
        except (OSError, ValueError, KeyError, TypeError):  # weights without a readable card
            data, accuracy = "", 0.0
        # A registered classifier is known by its name, because the data folder may move.
        name = path.stem if path in registered else path.relative_to(settings.BASE_DIR).as_posix()
        yield _Weights(name, header.class_names, data, accuracy, header.rule.size)


def study_file(answers: Answers) -> str:
    """Return the study file, which passes every check if there are enough images."""
    return "\n".join([*_head(answers), *_shown(answers), *_parts(answers), *_plan(answers)]) + "\n"


def _head(answers: Answers) -> Iterator[str]:
    yield f"# {answers.title}"
    yield "#"
    yield "# Written by the panel's guide. Everything can be changed; the texts in square brackets"
    yield "# have to be before the launch."
    yield ""
    yield f"slug = {_text(answers.slug)}"
    yield f"title = {_text(answers.title)}"
    with override("en"):  # the preregistration is in English
        yield f"question = {_text(str(QUESTIONS[answers.question]))}"
    yield f"language = {_text(answers.language)}"
    yield f"seed = {answers.seed}"
    yield from ("", "[consent]", 'version = "1"', f"text = {_long(_consent(answers))}")
    yield from ("", "[debrief]", f"text = {_long(_debrief(answers))}")
    if answers.language != "en" and (labels := _class_labels(answers)):
        yield from ("", "[classes]", *(f"{key} = {_text(label)}" for key, label in labels.items()))


def _shown(answers: Answers) -> Iterator[str]:
    within = answers.design == "within"
    blocks = len(_arms(answers)) if within else 1
    yield from ("", "[images]")
    if answers.source.own:
        yield OWN_IMAGES_LATER
    yield f"set = {_text(answers.source.image_set)}"
    yield f"split = {_text(answers.source.split)}"
    if within:
        yield f"sets = {blocks}  # each block shows other images, which rotate over the conditions"
    yield from ("", "[classifier]", f"weights = {_text(answers.source.weights)}")
    for key, label, method in _arms(answers):
        yield from ("", "[[conditions]]" if within else "[[arms]]")
        yield f"key = {_text(key)}"
        yield f"label = {_text(label)}"
        if method:
            yield f"method = {_text(method)}"
    if within:
        yield from ("", "[design]", 'within = ["condition"]')


def _parts(answers: Answers) -> Iterator[str]:
    within = answers.design == "within"
    for key in answers.before:
        yield from _part("questionnaire", questionnaire=key)
    yield from _part("instructions")
    if answers.checks:
        yield from _part("quiz")
        right, wrong = PRACTICE
        yield from _part("practice", task=answers.task, right=right, wrong=wrong)
    attention = {"attention": 1} if answers.checks else {}
    yield from _part(
        "trials", task=answers.task, right=answers.right, wrong=answers.wrong, **attention
    )
    for key in _measured(answers):
        block = {"per_block": True} if within else {}
        yield from _part("questionnaire", questionnaire=key, **block)
    for key in answers.after:
        if key not in _measured(answers):
            yield from _part("questionnaire", questionnaire=key)
    yield from ("", "[allocation]", "block_multiples = [1, 2]", f"places = {answers.places}")
    yield from _recruitment(answers)
    yield from ("", "[retention]  # months after the end of collection")
    if answers.recruitment != "open":
        yield f"identifiers_months = {_identifiers_months(answers)}"
    yield f"data_months = {answers.data_months}"


def _identifiers_months(answers: Answers) -> int:
    return min(IDENTIFIERS_MONTHS, answers.data_months)


def _recruitment(answers: Answers) -> Iterator[str]:
    """Yield placeholders of codes and addresses, which the launch refuses until they are real."""
    if answers.recruitment == "open":
        return
    yield from ("", "[recruitment]", f"kind = {_text(answers.recruitment)}")
    if answers.recruitment == "lab":
        return
    if answers.recruitment == "service":
        yield from ('name = "Your service"', 'id_parameter = "participant"')
    if answers.recruitment == "prolific":
        yield from ("", "[recruitment.codes]  # copy the real ones from Prolific")
        yield from ('complete = "TODO-complete"', 'withdrawn = "TODO-withdrawn"')
    else:
        yield from ("", "[recruitment.urls]  # copy the real one from the service")
        yield 'complete = "https://your-service.example/complete?id={external_id}"'


def _plan(answers: Answers) -> Iterator[str]:
    within = answers.design == "within"
    yield from ("", "[analysis]")
    yield f"control = {_text('order-1' if within else _arms(answers)[0][0])}"
    yield "alpha = 0.05"
    if answers.task == "judge_advisor":
        yield from ("", "[analysis.behaviour]", 'first = "first_answer"')
        yield from ('advice = "predicted_class"', 'final = "final_answer"', 'truth = "true_class"')
    if answers.checks:
        # Of the second analysis alone: a rule that removes people from the first one would let
        # arms in which more people fail look better.
        yield from ("", "[[analysis.exclusions]]", 'key = "inattentive"', 'rule = "participant"')
        yield from ('label = "failed the attention check"', 'column = "attention_failed"')
        yield "above = 0"
    for outcome in _outcomes(answers):
        yield from ("", "[[analysis.outcomes]]")
        for key, value in outcome.items():
            yield f"{key} = {_value(value)}"


def _outcomes(answers: Answers) -> list[dict[str, Any]]:
    """Return the primary outcome of the question first, then the others that the pages measure."""
    scales = [_scale_outcome(key) for key in _measured(answers)]
    trials = _trial_outcomes(answers.task)
    of_question = answers.question == "reliance" or (
        answers.question == "understanding" and answers.task == "forward_simulation"
    )
    ordered = [*trials, *scales] if of_question else [*scales, *trials]
    within: dict[str, Any] = {"analysis": "repeated", "within": "condition"}
    outcomes = []
    for number, outcome in enumerate(ordered):
        family = {"family": "primary" if number == 0 else "secondary"}
        planned = {k: v for k, v in outcome.items() if k != "smallest_effect" or number == 0}
        if answers.design == "within":
            planned = {k: v for k, v in planned.items() if k not in ("analysis", "fallback")}
            planned |= within
        outcomes.append(planned | family)
    return outcomes


def _trial_outcomes(task: str) -> list[dict[str, Any]]:
    column, of_wrong, of_right = {
        "decide": (
            "agreed",
            "Agreement with wrong predictions (over-reliance)",
            "Agreement with right predictions",
        ),
        "judge_advisor": ("advice_followed", "Wrong advice followed", "Right advice followed"),
        "forward_simulation": (
            "decision_correct",
            "Wrong answers of the classifier guessed",
            "Right answers of the classifier guessed",
        ),
        "classify": (
            "decision_correct",
            "Right decisions about wrong predictions",
            "Right decisions about right predictions",
        ),
    }[task]
    shared = {"kind": "trial_mean", "column": column}
    model = {"analysis": "logistic_trials", "fallback": "binary_trials"}
    return [
        {"key": f"{column}_wrong", "label": of_wrong, **shared, "where": {"prediction_correct": 0},
         **model, "smallest_effect": 0.15},
        {"key": f"{column}_right", "label": of_right, **shared, "where": {"prediction_correct": 1},
         **model, "smallest_effect": 0.15},
    ]  # fmt: skip


SCALES: Mapping[str, tuple[str, str]] = {
    "trust-v1": ("trust", "Trust in the classifier"),
    "state-trust-v1": ("state_trust", "Trust in the classifier after the block"),
    "understanding-v1": ("understanding", "Felt understanding of the classifier"),
}
"""Scale and label of the questionnaires that measure an outcome."""


def _scale_outcome(questionnaire: str) -> dict[str, Any]:
    scale, label = SCALES[questionnaire]
    return {"key": scale, "label": label, "kind": "scale", "scale": scale, "smallest_effect": 0.5}


def _measured(answers: Answers) -> list[str]:
    """Return the questionnaires that measure outcomes: after the trials or after each block."""
    trust = "state-trust-v1" if answers.design == "within" else "trust-v1"
    measured = [trust] if answers.question in ("trust", "reliance") else ["understanding-v1"]
    others = [key for key in answers.after if key in SCALES and key not in measured]
    # In a within-subjects design a scale that is asked once cannot compare the conditions.
    return measured if answers.design == "within" else [*measured, *others]


def _arms(answers: Answers) -> list[tuple[str, str, str]]:
    """Return key, label and method of each arm, the control first."""
    named = [(key, catalogue.get(key).label, key) for key in answers.methods if key != NONE]
    return [(NONE, "No explanation", ""), *named] if NONE in answers.methods else named


def _consent(answers: Answers) -> str:
    texts, code = _texts(), answers.language
    blocks = len(_arms(answers)) if answers.design == "within" else 1
    pictures = blocks * (answers.right + answers.wrong)
    pages = 4 + len(answers.before) + len(answers.after) + blocks * len(_measured(answers))
    minutes = max(3, round((pictures * SECONDS[answers.task] + pages * 40) / 60))
    identifiers = {"open": {code: ""}, "lab": texts["identifier_in_the_lab"]}
    asked_of_service = identifiers.get(answers.recruitment, texts["identifier"])[code]
    text = texts["consent"][code].format(
        chance=texts["chance"][answers.design][code],
        pictures=pictures,
        task=texts["task"][answers.task][code],
        minutes=minutes,
        identifier=asked_of_service.format(kept=_duration(_identifiers_months(answers), code)),
        kept=_duration(answers.data_months, code),
    )
    return re.sub(r" {2,}", " ", text)


def _duration(months: int, code: str) -> str:
    """Return a number of months in words of the texts' language, whole years as years."""
    years, rest = divmod(months, 12)
    with override(code):
        if rest:
            return ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
        return ngettext("%(count)d year", "%(count)d years", years) % {"count": years}


def _debrief(answers: Answers) -> str:
    texts, code = _texts(), answers.language
    without = texts["without"][code]
    # People read the names of the maps in the language of the texts; labels of arms are for the
    # report, which is in English.
    with override(code):
        arms = ", ".join(
            _map_in_words(method, gettext(label), code) if method else without
            for _key, label, method in _arms(answers)
        )
    groups = texts["groups"][answers.design][code].format(arms=arms)
    if any(catalogue.get(method).is_placebo for _key, _label, method in _arms(answers) if method):
        groups = f"{groups} {texts['placebo'][code]}"
    question = texts["question"][answers.question][code]
    return str(texts["debrief"][code].format(question=question, groups=groups))


def _map_in_words(method: str, label: str, code: str) -> str:
    """Return what an arm shows. People do not know the names of methods, but those of placebos."""
    if catalogue.get(method).is_placebo:
        return label
    return str(_texts()["map"][code].format(method=label))


def _class_labels(answers: Answers) -> Mapping[str, str]:
    """Return labels of the classes in the language, if a shipped design has them."""
    demo = tomllib.loads((settings.STUDIES_DIR / "demo.toml").read_text(encoding="utf-8"))
    if answers.source.image_set != demo["images"]["set"]:
        return {}
    labels: Mapping[str, str] = demo["text"].get(answers.language, {}).get("classes", {})
    return labels


@cache
def _texts() -> Mapping[str, Any]:
    return tomllib.loads(TEXTS.read_text(encoding="utf-8"))


def _part(kind: str, **keys: Any) -> Iterator[str]:
    yield from ("", "[[parts]]", f"kind = {_text(kind)}")
    for key, value in keys.items():
        yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_value(entry)}' for key, entry in value.items())} }}"
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _long(value: str) -> str:
    return f'"""\n{value}"""'
