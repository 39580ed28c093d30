"""A network with one known detector: every method must find it, and every measure must see it."""

import numpy as np
import pytest

from explanations.engine import METHODS
from explanations.evaluation.catalogue import GROUPS, MEASURES
from explanations.evaluation.controls import CONTROLS
from explanations.evaluation.measures.localisation import area_under_roc
from explanations.evaluation.measures.randomisation import other_class, randomised
from tests.explanations.evaluation.conftest import PATCH

VALUES: dict[str, dict[str, float]] = {}


def values(measure, subject):
    if measure.key not in VALUES:
        VALUES[measure.key] = measure.of(subject)
    return VALUES[measure.key]


def by_key(key):
    return next(measure for measure in MEASURES if measure.key == key)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_planted_detector(planted, method):
    """The largest value and most of the relevance lie on the red pixels or beside them."""
    found = {
        key: values(by_key(key), planted)[method]
        for key in ("pointing_game_1px", "pixel_auc", "rank_accuracy")
    }
    assert found["pointing_game_1px"] == 1
    assert found["pixel_auc"] > 0.95
    assert found["rank_accuracy"] > 0.4  # LIME's patches hold the cyan half as well


def test_lime_is_blind_to_a_plain_patch_that_is_one_of_its_patches(planted):
    """Painted over with its own mean colour, it looks as before: a limit of the method."""
    case = planted.case
    plain = case.image.copy()
    plain[PATCH] = (250, 10, 10)
    methods = {key: planted.setting.explainers[key] for key in ("lime", "gradcam")}
    found = planted.setting.engine.explain(plain[None], [1], methods)
    mask = np.zeros((32, 32), dtype=bool)
    mask[PATCH] = True
    assert area_under_roc(found["gradcam"][0].relevance, mask) > 0.95
    assert area_under_roc(found["lime"][0].relevance, mask) < 0.7


def test_controls_do_not_find_it(planted):
    assert values(by_key("pixel_auc"), planted)["random"] < 0.7
    assert values(by_key("pixel_auc"), planted)["centre"] < 0.7


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_every_measure_gives_a_finite_number_for_each_map_it_is_about(planted, measure):
    found = values(measure, planted)
    assert np.isfinite(list(found.values())).all()
    maps = set(found) - {"chance"}
    if measure.key == "outlined_share":  # LIME alone outlines patches
        assert maps == {"lime"}
    else:
        assert maps == set(planted.maps) if measure.group != "axioms" else maps < set(METHODS)


def test_faithfulness_tells_the_detector_from_a_random_map(planted):
    for key in ("deletion_mean", "deletion_blur", "infidelity"):
        found = values(by_key(key), planted)
        assert all(found[method] < found["random"] for method in METHODS), key
    for key in ("insertion_mean", "insertion_blur", "road"):
        found = values(by_key(key), planted)
        assert all(found[method] > found["random"] for method in METHODS), key


def test_maps_that_ignore_the_network_do_not_change_with_it(planted):
    for key in ("randomised_output", "randomised_all", "class_sensitivity"):
        found = values(by_key(key), planted)
        assert all(found[control] == pytest.approx(1) for control in CONTROLS)


def test_a_class_that_answers_to_nothing_has_empty_maps(planted):
    assert other_class(planted) == 0
    found = values(by_key("class_sensitivity"), planted)
    assert all(found[method] == 0 for method in METHODS if method != "lime")
    # LIME explains the probability, which falls as the other's rises: the map upside down.
    assert found["lime"] == pytest.approx(-1)


def test_chance_is_the_area_of_the_object(planted):
    assert values(by_key("mass_accuracy"), planted)["chance"] == 18 / 1024
    assert values(by_key("pointing_game_1px"), planted)["chance"] == (64 - 2) / 1024


def test_a_random_map_moves_with_every_pixel_and_a_centre_map_with_none(planted):
    found = values(by_key("max_sensitivity"), planted)
    assert found["centre"] == 0
    assert found["random"] > 0.5


def test_randomising_starts_at_the_output(planted):
    classifier = planted.setting.engine.workspace.classifier
    upper, count = randomised(classifier, 0.0, seed=1)
    assert count == 1
    assert bool((upper.network[0].weight == classifier.network[0].weight).all())
    assert not bool((upper.network[4].weight == classifier.network[4].weight).all())
    every, count = randomised(classifier, 1.0, seed=1)
    assert count == 2
    assert not bool((every.network[0].weight == classifier.network[0].weight).all())
    again, _ = randomised(classifier, 1.0, seed=1)
    assert bool((every.network[0].weight == again.network[0].weight).all())


def test_an_image_without_a_mask_has_no_localisation(planted):
    from dataclasses import replace

    bare = replace(planted, case=replace(planted.case, mask=None))
    with pytest.raises(ValueError, match="has no mask"):
        by_key("pixel_auc").of(bare)


def test_keys_are_unique_and_every_group_is_used():
    assert len({measure.key for measure in MEASURES}) == len(MEASURES)
    assert {measure.group for measure in MEASURES} == {group.key for group in GROUPS}
