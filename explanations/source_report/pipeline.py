"""The whole page in one call: measure what is missing, draw, judge, and write."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explanations.classifier.by_group import GroupFigures, by_class
from explanations.classifier.checkpoint import Classifier
from explanations.evaluation.cases import Case
from explanations.evaluation.resumable_lines import Values
from explanations.imagesets.base import ImageSet
from explanations.methods.baselines import BLUR_SHARE
from explanations.methods.deepshap import DeepShap
from explanations.methods.gradcam import GradCam
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.methods.lime import Lime
from explanations.methods.protocol import Explainer, parameters_of
from explanations.methods.saliency import Saliency
from explanations.source_report import figures, maps, page
from explanations.source_report.claims import Answer, judge_all, of_network_alone
from explanations.source_report.evidence import MISSING, Evidence
from explanations.source_report.fairness import quality_by_class
from explanations.source_report.judging_methods import beyond_random
from explanations.source_report.maps import Example
from explanations.source_report.measuring import (
    BASELINES,
    CENTRE,
    CHEAP,
    CONTROLS,
    EXPENSIVE,
    LOCATED,
    NARROW,
    TRAININGS,
    Group,
    Numbers,
    Work,
    seconds_left,
)
from explanations.source_report.numbers import DRAWS, Network
from explanations.source_report.page import Content
from explanations.source_report.processes import Computing, on_cores
from explanations.source_report.sources import LABELS, Sources, cases_by_class, examples
from explanations.source_report.wording import evaluation_in_words, worded
from explanations.store.atomic_files import write_atomically

OF_EACH_QUICK = 50
"""Test images of each class for the figures by class, in a quick run. A full run takes all."""
TIMED = 64
"""Images whose prediction is timed for the estimate."""
EVALUATED = {"base": "--evaluation-base", "strong": "--evaluation"}
"""Option of the results of evaluate_explanations, by the recipe of the network."""
DRAWING, PRINTING = 10, 20
"""Seconds for the maps of a network and for the PDF, on two cores. They vary little."""


@dataclass(frozen=True)
class Settings:
    """Sample sizes, and results of other commands that the page quotes."""

    quick: bool = False
    slow_images: int = EXPENSIVE.full
    """Images of each class for Integrated Gradients, SHAP and LIME, in a full run."""
    study: Mapping[str, Any] | None = None
    evaluations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Results of evaluate_explanations on CIFAR-10, by the recipe of the network."""
    planted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Effects that the study's synthetic participants were given, by outcome and arm."""
    seed: int = 0

    def images(self, group: Group, classes: int) -> int:
        """Return the number of images of all classes together."""
        if self.quick:
            return group.quick
        slow = group in (EXPENSIVE, BASELINES, TRAININGS, NARROW)
        return classes * (self.slow_images if slow else group.full)


def works_of(sources: Sources, settings: Settings, folder: Path) -> list[Work]:
    """List what has to be measured: photographs if there are any, and always the scenes."""
    measured = [(network, _photographs(sources)) for network in sources.networks.values()]
    works = [
        _work(group, network, source, settings, folder)
        for group in (CHEAP, CONTROLS, CENTRE, EXPENSIVE, BASELINES)
        for network, source in measured or [(sources.scenes, sources.scene_set)]
    ]
    works += [
        _work(TRAININGS, network, _photographs(sources), settings, folder)
        for network in sources.networks.values()
        if network.other
    ]
    works += [
        _work(NARROW, network, _photographs(sources), settings, folder)
        for network in sources.networks.values()
        if network.narrow
    ]
    return [*works, _work(LOCATED, sources.scenes, sources.scene_set, settings, folder)]


@dataclass(frozen=True)
class Estimate:
    """Seconds that the page will take."""

    measuring: float
    """Seconds of the missing measurements on the cores that are used."""
    rest: float
    """Seconds of predictions, pictures and PDF."""

    @property
    def minutes(self) -> int:
        """Return the minutes of everything on this machine, at least 1."""
        return max(1, round((self.measuring + self.rest) / 60))


@contextmanager
def computing_for(works: Sequence[Work]) -> Iterator[Computing]:
    """Provide the computation of the missing numbers, on all cores if there are many."""
    networks = list({work.network.key: work.network for work in works}.values())
    with on_cores(networks, sum(len(work.missing()) for work in works)) as computing:
        yield computing


def estimate(
    works: Sequence[Work], sources: Sources, settings: Settings, computing: Computing
) -> Estimate:
    """Estimate the seconds of the whole page.

    The missing measurements are timed on a few images of each group, whose numbers are kept, the
    predictions of all test images on a few of them.
    """
    measuring = seconds_left(works, computing) / computing.cores
    rest = 0.0
    for network, source in _predicted(sources):
        limit = _predicted_images(source, settings)
        started = time.perf_counter()
        images = [image.pixels for image in source.images("test", TIMED, settings.seed)]
        network.classifier.probabilities(np.stack(images))
        each = (time.perf_counter() - started) / len(images)
        rest += each * (limit or source.count("test")) + DRAWING
    return Estimate(measuring, rest + PRINTING)


Measured = Mapping[str, Mapping[str, Numbers]]
"""Numbers of each group of numbers and network, by their keys."""


def measure(works: Sequence[Work], computing: Computing) -> Measured:
    """Compute the missing numbers of each work, and return all."""
    by_group: dict[str, dict[str, Numbers]] = {}
    for work in works:
        by_group.setdefault(work.group.key, {})[work.network.key] = work.measure(computing)
    return by_group


def write(
    sources: Sources,
    settings: Settings,
    output: Path,
    works: Sequence[Work],
    measured: Measured,
    say: Callable[[str], None],
) -> Content:
    """Draw and judge what was measured, and write report.html and results.json to ``output``."""
    settings = replace(
        settings,
        study=worded(settings.study),
        evaluations={
            key: evaluation_in_words(found) for key, found in settings.evaluations.items()
        },
    )
    evidence = evidence_of(works, measured, sources, settings)
    say("Drawing the maps")
    answers = judge_all(evidence)
    content = Content(
        answers=answers,
        examples=_examples(sources),
        curves={
            evidence.labels[key]: figures.by_depth(numbers)
            for key, numbers in evidence.depth.items()
        },
        points={
            evidence.labels[key]: figures.values_by_depth(numbers)
            for key, numbers in evidence.depth.items()
        },
        cards=sources.cards,
        card_figures={
            key: figures.of_card(cards[0]) for key, cards in sources.cards.items() if cards
        },
        fairness=_fairness(sources, settings),
        quality=_quality(evidence),
        study=settings.study,
        evaluations=evidence.evaluations,
        samples=[(work.network.label, work.group.label, work.images) for work in works],
        missing=[*sources.missing, *_left_out(settings), *_without_numbers(answers)],
        trained_with=sources.trained_with,
        planted=settings.planted,
        base_alone=of_network_alone(evidence, "base", answers)
        if {"base", "strong"} <= evidence.depth.keys()
        else None,
        beyond_random=beyond_random(evidence),
        about=_about(sources, settings),
    )
    write_atomically(output / "report.html", page.render(content).encode())
    text = json.dumps(page.as_json(content), indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(output / "results.json", (text + "\n").encode())
    return content


def _photographs(sources: Sources) -> ImageSet:
    assert sources.photographs is not None  # noqa: S101 - a network of photographs needs them
    return sources.photographs


def _work(
    group: Group, network: Network, source: ImageSet, settings: Settings, folder: Path
) -> Work:
    limit = settings.images(group, len(source.class_names))
    return Work(group, network, _cases(source, network.classifier, limit, settings.seed), folder)


@cache
def _cases(
    source: ImageSet, classifier: Classifier, limit: int, seed: int
) -> Mapping[str, Sequence[Case]]:
    """Return ``cases_by_class``, with one prediction of an image for all groups of numbers."""
    return cases_by_class(source, classifier, limit, seed)


def evidence_of(
    works: Sequence[Work],
    by_group: Measured,
    sources: Sources,
    settings: Settings,
) -> Evidence:
    """Join the numbers of an image over the groups, so that differences are within an image.

    The slow methods' images are some of the others', whose cheap numbers they get, too.
    """
    of_depth = (CHEAP, CONTROLS, CENTRE)
    cheap: dict[str, dict[str, Values]] = {}
    slow: dict[str, dict[str, Values]] = {}
    for work in works:
        if work.group is LOCATED:
            continue
        of_kind = cheap if work.group in of_depth else slow
        of_network = of_kind.setdefault(work.network.key, {})
        for image, values in work.by_image().items():
            of_network[image] = {**of_network.get(image, {}), **values}
    cases = {work.network.key: work.cases for work in works if work.group is EXPENSIVE}
    methods = {
        key: {
            name: [
                {**cheap[key].get(case.sha256, {}), **slow[key][case.sha256]} for case in of_class
            ]
            for name, of_class in of_network.items()
        }
        for key, of_network in cases.items()
    }
    return Evidence(
        labels=LABELS,
        depth={
            key: together(together(numbers, by_group[CONTROLS.key][key]), by_group[CENTRE.key][key])
            for key, numbers in by_group[CHEAP.key].items()
        },
        methods=methods,
        trainings={
            key: {
                name: [values for values in images if COMPARED_WITH_ANOTHER in values]
                for name, images in methods[key].items()
            }
            for key in by_group.get(TRAININGS.key, {})
        },
        objects=by_group[LOCATED.key]["scenes"],
        cards=sources.cards,
        study=settings.study,
        evaluations={LABELS[key]: found for key, found in settings.evaluations.items()},
        others={key: network.other_is for key, network in sources.networks.items()},
    )


COMPARED_WITH_ANOTHER = "lime_training_rank"
"""Number of the images that were explained for another network as well."""


def together(numbers: Numbers, more: Numbers) -> Numbers:
    """Join two groups of numbers of the same images, image by image."""
    return {
        name: [{**a, **b} for a, b in zip(images, more[name], strict=True)]
        for name, images in numbers.items()
    }


def _examples(sources: Sources) -> dict[str, list[Example]]:
    """Draw the report's maps for each network; without photographs, of a fish and a truck."""
    shown: dict[str, list[Example]] = {}
    networks = sources.networks.values()
    chosen = ("frog", "truck", "cat", "frog", "dog")
    source = sources.photographs
    if source is None or not networks:
        source, networks = sources.scene_set, [sources.scenes]  # type: ignore[assignment]
        chosen = ("fish", "truck", "fish", "fish", "fish")
    for network in networks:
        found = {name: examples(source, network.classifier, name) for name in set(chosen)}
        for section, more in _of_network(network, [found[name] for name in chosen]).items():
            shown.setdefault(section, []).extend(more)
    return shown


def _of_network(network: Network, chosen: Sequence[Sequence[Case]]) -> dict[str, list[Example]]:
    frog, truck, cats, other, dog = chosen
    return {
        "gradcam": [maps.layers(network, frog[0], "gradcam")],
        "saliency": [maps.layers(network, truck[0], "saliency")],
        "lime": maps.lime(network, cats),
        "ig": [maps.integrated_gradients(network, other[0])],
        "shap": [maps.shap(network, dog[0])],
        "comparison": [maps.side_by_side(network, cats[0])],
    }


def _fairness(sources: Sources, settings: Settings) -> dict[str, list[GroupFigures]]:
    figures_by_label = {}
    for network, source in _predicted(sources):
        images = list(source.images("test", _predicted_images(source, settings), settings.seed))
        names = network.classifier.class_names
        labels = np.array([names.index(image.class_name) for image in images])
        probabilities = network.classifier.probabilities(
            np.stack([image.pixels for image in images])
        )
        figures_by_label[network.label] = by_class(probabilities, labels, names)
    return figures_by_label


def _predicted(sources: Sources) -> list[tuple[Network, ImageSet]]:
    """List the networks, each with its image set, whose figures by class are computed."""
    photographs = [(network, _photographs(sources)) for network in sources.networks.values()]
    return [*photographs, (sources.scenes, sources.scene_set)]


def _predicted_images(source: ImageSet, settings: Settings) -> int | None:
    """Return the number of test images for the figures by class; None for all."""
    return OF_EACH_QUICK * len(source.class_names) if settings.quick else None


def _quality(evidence: Evidence) -> dict[str, dict[str, Any]]:
    quality = {}
    for key, numbers in evidence.depth.items():
        of_network = {
            method: rows
            for method in ("gradcam", "saliency")
            if (rows := quality_by_class(numbers, method))
        }
        if of_network:
            quality[evidence.labels[key]] = of_network
    return quality


def _left_out(settings: Settings) -> list[str]:
    missing = []
    if settings.quick:
        missing.append(
            "This is a quick run with few images, so that most verdicts are open. Repeat the "
            "command without --quick."
        )
    if settings.study is None:
        missing.append("No results of a study were given with --study FOLDER.")
    for key, option in EVALUATED.items():
        if key not in settings.evaluations:
            missing.append(
                f"No results of evaluate_explanations with {LABELS[key]} were given with "
                f"{option} FOLDER."
            )
    return missing


def _without_numbers(answers: Sequence[Answer]) -> list[str]:
    """Name the rows for which nothing was measured, and why."""
    rows = [answer.claim.quote for answer in answers if answer.judged.basis == MISSING]
    quoted = "; ".join(f"“{quote}”" for quote in rows)
    return (
        [
            "These rows need images, weights or cards that are not on this machine, or more images "
            f"than this run has: {quoted}."
        ]
        if rows
        else []
    )


def _about(sources: Sources, settings: Settings) -> dict[str, str]:
    measured = [*sources.networks.values(), sources.scenes]
    return {
        "images": "CIFAR-10 and synthetic scenes" if sources.photographs else "synthetic scenes",
        "seed": str(settings.seed),
        "blur": f"Gaussian, standard deviation of 1/{BLUR_SHARE} of the width, 4 of 32 pixels",
        "random draws": (
            f"one random tenth for each image; {DRAWS} networks with random weights, seeds "
            f"{settings.seed} to {settings.seed + DRAWS - 1}"
        ),
        "methods": "; ".join(map(_with_parameters, EXPLAINERS)),
        **{f"training, {key}": _training(cards) for key, cards in sources.cards.items() if cards},
        "torch": torch.__version__,
        **{f"weights, {network.key}": network.classifier.sha256 for network in measured},
        **{
            f"network with which LIME of {network.key} is compared": (
                f"{network.other_is}, weights {network.other.sha256}"
            )
            for network in measured
            if network.other
        },
    }


def _training(cards: Sequence[Mapping[str, Any]]) -> str:
    """Name what the report does not say of a training: batch size, images and seeds."""
    data = cards[0]["data"]
    seeds = ", ".join(str(card["seed"]) for card in cards)
    return (
        f"batch size {cards[0]['recipe']['batch_size']}; {data['train_images']} training and "
        f"{data['validation_images']} validation images, drawn anew by each seed; "
        f"{'seed' if len(cards) == 1 else 'seeds'} {seeds}"
    )


EXPLAINERS: Sequence[Explainer] = (
    GradCam(),
    Saliency(),
    Lime(precision="fast"),
    IntegratedGradients(),
    DeepShap(),
)
"""The methods with the parameters of this page, where a row does not name others."""


def _with_parameters(explainer: Explainer) -> str:
    """Name a method with all its parameters."""
    parameters = parameters_of(explainer)
    name = type(explainer).__name__
    values = ", ".join(f"{key} {value}" for key, value in parameters.items())
    return f"{name}: {values}" if values else f"{name}: no parameters"
