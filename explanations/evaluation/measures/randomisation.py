"""Randomisation (Adebayo et al. 2018): a map of the classifier must change with the classifier."""

import copy
from dataclasses import replace

import torch
from torch import nn

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import he_initialise
from explanations.engine import Engine
from explanations.evaluation.ranking import spearman
from explanations.evaluation.subject import Setting, Subject


def parameter_randomisation(subject: Subject, share: float) -> dict[str, float]:
    """Rank correlation of the map with that of the network whose upper layers are drawn anew.

    ``share`` of the layers with weights, counted from the output, at least one: cascading. Near 1,
    the map does not show what the network has learned there.
    """
    setting, case = subject.setting, subject.case
    engine = setting.last("randomised", share, lambda: _randomised_engine(setting, share))
    return {
        name: spearman(relevance, setting.explained(name, case.image, case.predicted, engine))
        for name, relevance in subject.maps.items()
    }


def class_sensitivity(subject: Subject) -> dict[str, float]:
    """Rank correlation of the map with the same method's map of another class, drawn at random."""
    setting, case = subject.setting, subject.case
    other = other_class(subject)
    return {
        name: spearman(relevance, setting.explained(name, case.image, other))
        for name, relevance in subject.maps.items()
    }


def other_class(subject: Subject) -> int:
    """A class that is not the explained one."""
    classes = len(subject.setting.engine.workspace.classifier.class_names)
    step = 1 + subject.case.seed("class", subject.setting.seed) % (classes - 1)
    return (subject.case.predicted + step) % classes


def randomised(classifier: Classifier, share: float, seed: int) -> tuple[Classifier, int]:
    """A copy whose upper layers have new weights after He et al. (2015); and how many layers."""
    network = copy.deepcopy(classifier.network)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    count = max(1, round(share * len(layers)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in reversed(layers[len(layers) - count :]):
            he_initialise(layer)
    return replace(classifier, network=network, sha256=""), count


def _randomised_engine(setting: Setting, share: float) -> Engine:
    workspace = setting.engine.workspace
    classifier, _ = randomised(workspace.classifier, share, setting.seed)
    return Engine(classifier, workspace.background, setting.engine.precision)
