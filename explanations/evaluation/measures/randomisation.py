"""Randomisation (Adebayo et al. 2018), which tests whether a map changes with the classifier."""

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
    """Compute the rank correlation with the map of a network whose upper layers are randomised.

    ``share`` is the share of the layers with weights, counted from the output, but at least one
    layer (cascading randomisation). A value near 1 means that the map does not show what these
    layers have learned.
    """
    setting, case = subject.setting, subject.case
    engine = setting.last("randomised", share, lambda: randomised_engine(setting, share))
    return {
        name: spearman(relevance, setting.explained(name, case.image, case.predicted, engine))
        for name, relevance in subject.maps.items()
    }


def class_sensitivity(subject: Subject) -> dict[str, float]:
    """Compute the rank correlation with the method's map of another class, drawn at random."""
    setting, case = subject.setting, subject.case
    other = other_class(subject)
    return {
        name: spearman(relevance, setting.explained(name, case.image, other))
        for name, relevance in subject.maps.items()
    }


def other_class(subject: Subject) -> int:
    """Draw a class other than the explained class."""
    classes = len(subject.setting.engine.workspace.classifier.class_names)
    step = 1 + subject.case.seed("class", subject.setting.seed) % (classes - 1)
    return (subject.case.predicted + step) % classes


def randomised(classifier: Classifier, share: float, seed: int) -> tuple[Classifier, int]:
    """Copy the classifier with new weights (He et al. 2015) in its upper layers, and return their
    number."""
    network = copy.deepcopy(classifier.network)
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    count = max(1, round(share * len(layers)))
    # The caller's random state must not depend on whether a map was randomised.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in reversed(layers[len(layers) - count :]):
            he_initialise(layer)
    return replace(classifier, network=network, sha256=""), count


def randomised_engine(setting: Setting, share: float) -> Engine:
    """Create an engine of the network whose upper layers are randomised."""
    workspace = setting.engine.workspace
    classifier, _ = randomised(workspace.classifier, share, setting.seed)
    return Engine(classifier, workspace.background, setting.engine.precision)
