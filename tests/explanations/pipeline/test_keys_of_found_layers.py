"""A stored map is never taken for the map of another layer that a method found by itself."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from explanations import catalogue
from explanations.classifier.checkpoint import Classifier
from explanations.computing.whole import WholeNetwork
from explanations.imagesets.scene_set import SceneSet
from explanations.methods.protocol import parameters_of
from explanations.models import Explanation
from explanations.pipeline.image_import import import_images
from explanations.pipeline.precompute import Computed, explain
from explanations.pipeline.predictions import load_classifier, predict
from explanations.pipeline.weights_registry import register_classifier
from explanations.pipeline.work_list import jobs_of
from explanations.store.artefacts import artefact_key
from tests.explanations.any_network import Projected, Residual, Transformer

pytestmark = pytest.mark.django_db
METHODS = [catalogue.get(key) for key in ("gradcam", "gradcam_plus_plus", "placebo_borrowed")]


@pytest.fixture
def stored(monkeypatch, weights_file):
    """A classifier of chained modules, and its predictions of two scenes."""
    monkeypatch.setattr("explanations.pipeline.image_import.BACKGROUND_SIZE", 2)
    images = import_images(SceneSet(), "test", limit=2).image_set.images
    weights = register_classifier(weights_file)
    classifier = load_classifier(weights, "cpu")
    rows = images.filter(split="test").select_related("image_set")
    return classifier, predict(classifier, weights, list(rows))


def with_network(classifier: Classifier, kind: type[nn.Module]) -> Classifier:
    """The classifier with another network of ten classes."""
    torch.manual_seed(2)
    network = kind()
    network.head = nn.Linear(network.head.in_features, 10)
    return replace(classifier, network=network.eval().requires_grad_(False))


def key_without_a_layer(job, classifier):
    """The name of a map from the time before keys contained a layer."""
    return artefact_key(
        weights=classifier.sha256,
        image=job.prediction.image.sha256,
        target=job.target,
        method=job.method.key,
        parameters=parameters_of(job.explainer),
        version=job.explainer.version,
        background=job.background.sha256 if job.background else "",
    )


@pytest.mark.parametrize("kind", [None, Residual, Transformer])
def test_maps_keep_their_names_where_the_found_layer_is_that_of_the_first_rule(stored, kind):
    classifier, predictions = stored
    if kind is not None:
        classifier = with_network(classifier, kind)
    jobs = list(jobs_of(classifier, predictions, METHODS, "strict"))
    assert [job.key for job in jobs] == [key_without_a_layer(job, classifier) for job in jobs]


def test_maps_are_named_by_the_layer_where_the_rule_finds_another_than_the_first(stored):
    classifier, predictions = stored
    classifier = with_network(classifier, Projected)
    chosen = catalogue.get("saliency"), *METHODS
    for job in jobs_of(classifier, predictions, chosen, "strict"):
        same = job.key == key_without_a_layer(job, classifier)
        assert same == (job.method.key == "saliency")  # it reads no layer


def test_a_map_of_the_earlier_layer_is_kept_and_not_taken_for_the_new(stored, monkeypatch):
    classifier, predictions = stored
    classifier = with_network(classifier, Projected)
    methods = [catalogue.get("gradcam")]
    with monkeypatch.context() as before:
        before.setattr(WholeNetwork, "_projects_tokens", lambda self, name: False)
        assert explain(classifier, predictions, methods) == Computed(new=2, known=0)
    assert explain(classifier, predictions, methods) == Computed(new=2, known=0)
    assert explain(classifier, predictions, methods) == Computed(new=0, known=2)
    layers = [row.diagnostics["layer"] for row in Explanation.objects.order_by("id")]
    assert layers == ["blocks.1.qkv"] * 2 + ["blocks.1.norm"] * 2


def test_a_chosen_layer_names_its_maps_alone_and_prepares_no_network(stored, monkeypatch):
    classifier, predictions = stored
    classifier = with_network(classifier, Projected)
    chosen = replace(catalogue.get("gradcam"), parameters={"layer": "blocks.0.norm"})
    monkeypatch.setattr("explanations.pipeline.work_list.Engine", None)  # fails where it is made
    jobs = list(jobs_of(classifier, predictions, [chosen], "strict"))
    assert [job.key for job in jobs] == [key_without_a_layer(job, classifier) for job in jobs]
