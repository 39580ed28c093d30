"""A stopped measurement resumes image by image, and the page is made from the real numbers."""

import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explanations.evaluation.cases import Case
from explanations.evaluation.ranking import spearman
from explanations.imagesets.background import Background
from explanations.methods.integrated_gradients import IntegratedGradients
from explanations.source_report.measuring import (
    CENTRE,
    CHEAP,
    CONTROLS,
    EXPENSIVE,
    NARROW,
    TRAININGS,
    Group,
    Work,
    seconds_left,
)
from explanations.source_report.numbers import (
    DRAWS,
    Network,
    absolute_baselines,
    another_training,
    centre,
    cheap,
    controls,
    expensive,
    narrow,
    neighbour,
    turned,
)
from explanations.source_report.pipeline import Settings, evidence_of, together
from explanations.source_report.processes import WORTH_STARTING, InThisProcess, on_cores


def work(folder, compute, sha256="weights"):
    network = SimpleNamespace(
        classifier=SimpleNamespace(sha256=sha256), backgrounds=(), label="network", other=None
    )
    image = np.zeros((32, 32, 3), dtype=np.uint8)
    cases = {name: [Case(image, 0, 0, f"{name}{n}") for n in range(3)] for name in ("cat", "dog")}
    return Work(Group("group", "numbers", compute, 1, 1, 1), network, cases, folder)


class Stop(Exception):
    """An interruption."""


def test_a_stopped_measurement_computes_only_what_is_missing(tmp_path):
    seen = []

    def compute(network, case):
        if len(seen) == 4:
            raise Stop
        seen.append(case.sha256)
        return {"value": float(len(seen))}

    with pytest.raises(Stop):
        work(tmp_path, compute).measure()
    assert len(work(tmp_path, compute).missing()) == 2

    def rest(network, case):
        seen.append(case.sha256)
        return {"value": 9.0}

    numbers = work(tmp_path, rest).measure()
    assert sorted(seen) == sorted(set(seen))
    assert [values["value"] for values in numbers["cat"]] == [1, 2, 3]
    assert [values["value"] for values in numbers["dog"]] == [4, 9, 9]
    by_image = work(tmp_path, rest).by_image()
    assert (by_image["cat0"], by_image["dog2"]) == ({"value": 1}, {"value": 9})
    # The control: other weights have numbers of their own.
    assert len(work(tmp_path, rest, "others").missing()) == 6


def test_all_missing_images_are_handed_over_at_once_in_order(tmp_path):
    """Otherwise every core but one would wait at the end of each class."""
    handed = []

    class Computing:
        cores = 2

        def __call__(self, compute, network, cases):
            handed.append([case.sha256 for case in cases])
            return iter([(compute(network, case), 1.0) for case in cases])

    planned = work(tmp_path, lambda network, case: {"number": float(case.sha256[-1])})
    # One image more than cores, so that one of them was not the first of its process.
    assert seconds_left([planned], Computing()) == 3
    numbers = planned.measure(Computing())
    assert handed == [["cat0", "cat1", "cat2"], ["dog0", "dog1", "dog2"]]
    assert [values["number"] for values in numbers["dog"]] == [0, 1, 2]


def test_no_process_is_started_for_few_images(classifier):
    network = Network("scenes", "scenes", classifier, ())
    with on_cores([network], WORTH_STARTING - 1) as computing:
        assert isinstance(computing, InThisProcess)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.nightly
def test_processes_compute_the_numbers_of_this_process(classifier, scenes, two_threads):
    network = Network("scenes", "scenes", classifier, (Background(scenes), Background(scenes)))
    cases = [Case(image, 0, 0, str(number)) for number, image in enumerate(scenes[:3])]
    here = [values for values, _ in InThisProcess()(expensive, network, cases)]
    # The network has an engine by now, as after the estimate of a run.
    with on_cores([network], WORTH_STARTING) as computing:
        assert computing.cores == 2
        there = [values for values, _ in computing(expensive, network, cases)]
    assert without_times(there) == without_times(here)
    assert len({values["lime_r2"] for values in there}) == 3


def without_times(numbers):
    return [
        {name: value for name, value in values.items() if not name.startswith("ms:")}
        for values in numbers
    ]


def test_the_estimate_keeps_the_numbers_that_it_was_made_from(tmp_path):
    seen = []

    def compute(network, case):
        seen.append(case.sha256)
        return {"value": 1.0}

    planned = work(tmp_path, compute)
    assert seconds_left([planned]) > 0
    assert len(planned.missing()) == 4
    planned.measure()
    assert len(seen) == 6
    assert seconds_left([planned]) == 0


def test_the_estimate_does_not_multiply_what_is_done_once(tmp_path):
    """The first image of a network takes long: SHAP's background, the copy with random weights."""

    def compute(network, case):
        time.sleep(0 if warm else 0.3)
        warm.append(True)
        return {"value": 1.0}

    warm = []
    assert seconds_left([work(tmp_path, compute)]) < 0.3


def test_the_cheap_numbers_of_a_scene_are_finite_and_the_same_each_time(classifier, scenes):
    network = Network("scenes", "scenes", classifier, (Background(scenes), Background(scenes)))
    case = Case(scenes[0], 0, 0, "a")
    numbers = cheap(network, case)
    assert all(np.isfinite(value) for value in numbers.values())
    assert numbers == cheap(network, case)
    assert {"saliency_half:14", "random9_saliency_half:14", "drop:random", "right"} <= set(numbers)
    # Every draw of random weights is another network.
    assert len({numbers[f"random{draw}_saliency_blocks:0"] for draw in range(DRAWS)}) == DRAWS
    # Less noise changes the map less, and two means of the same kind are not the same.
    assert numbers["smoothgrad_top:15"] < numbers["smoothgrad_top:5"]
    assert numbers["smoothgrad_again_top:5"] < 1
    assert np.abs(neighbour(case).astype(int) - scenes[0]).max() == 2


def test_a_turned_map_has_the_same_values_in_another_place(classifier, scenes):
    network = Network("scenes", "scenes", classifier, (Background(scenes), Background(scenes)))
    numbers = controls(network, Case(scenes[0], 0, 0, "a"))
    assert set(numbers) == {"drop:turned:gradcam", "drop:turned:saliency", "confidence"}
    assert numbers["confidence"] == pytest.approx(classifier.probabilities(scenes[:1])[0, 0])
    corner = np.zeros((32, 32), dtype=np.float32)
    corner[:4, :4] = 1
    other = turned({"a": corner})["turned:a"]
    assert other.sum() == corner.sum()
    assert (other * corner).sum() == 0
    # Pixels as far from the centre as each other are drawn, so that another draw is only similar.
    losses = [centre(network, Case(scenes[0], 0, 0, name))["drop:centre"] for name in "aab"]
    assert losses[0] == losses[1]
    assert losses[2] == pytest.approx(losses[0], abs=0.1)


@pytest.mark.parametrize(
    "classifier", ["untrained", pytest.param("trained", marks=pytest.mark.nightly)], indirect=True
)
def test_the_expensive_numbers_cover_every_method_that_a_claim_compares(classifier, scenes):
    network = Network("scenes", "scenes", classifier, (Background(scenes), Background(scenes)))
    numbers = expensive(network, Case(scenes[0], 0, 0, "a"))
    assert all(np.isfinite(value) for value in numbers.values())
    methods = ("gradcam", "saliency", "integrated_gradients", "deepshap", "lime")
    assert all(numbers[f"ms:{method}"] > 0 for method in methods)
    assert numbers["ms:lime"] > numbers["ms:saliency"]
    drops = ("integrated_gradients:black", "deepshap", "lime", "random")
    assert {f"drop:{name}" for name in drops} <= set(numbers)
    assert {f"drop:turned:{name}" for name in drops[:3]} <= set(numbers)
    assert numbers["ig_roughness"] > 0
    assert 0 < numbers["ig_residual:black"] < 0.2
    # The same background twice gives the same map.
    assert (numbers["background_rank"], numbers["background_error"]) == (pytest.approx(1), 0)


def test_absolute_values_of_two_baselines_are_compared_without_their_signs(classifier, scenes):
    network = Network("scenes", "scenes", classifier, ())
    numbers = absolute_baselines(network, Case(scenes[0], 0, 0, "a"))
    pairs = [("black", "mean"), ("black", "blurred"), ("mean", "blurred")]
    assert set(numbers) == {f"baseline_absolute_rank:{a}, {b}" for a, b in pairs}
    assert all(-1 <= value <= 1 for value in numbers.values())
    black, mean = (
        network.engine.explain(
            scenes[:1], [0], {"ig": IntegratedGradients(baseline=name)}
        )["ig"][0].relevance
        for name in ("black", "mean")
    )  # fmt: skip
    without_signs = spearman(np.abs(black), np.abs(mean))
    assert numbers["baseline_absolute_rank:black, mean"] == without_signs != spearman(black, mean)


def test_shap_is_compared_with_a_background_of_one_class(classifier, scenes):
    usual, other = Background(scenes[:2]), Background(scenes[2:3])
    case = Case(scenes[0], 0, 0, "a")
    numbers = narrow(Network("a", "a", classifier, (usual, usual), narrow=other), case)
    assert set(numbers) == {"drop:deepshap:again", "drop:deepshap:narrow", "narrow_error"}
    assert numbers["narrow_error"] > 0
    # The control: the usual background again.
    alike = narrow(Network("a", "a", classifier, (usual, usual), narrow=usual), case)
    assert alike["narrow_error"] == 0
    assert narrow(Network("a", "a", classifier, ()), case) == {}


@pytest.mark.nightly
def test_lime_of_the_same_weights_differs_only_by_its_own_draws(classifier, scenes):
    case = Case(scenes[0], 0, int(classifier.probabilities(scenes[:1])[0].argmax()), "a")
    numbers = another_training(Network("a", "a", classifier, (), other=classifier), case)
    assert numbers["lime_training_rank"] == numbers["lime_other_seed_rank"]
    assert numbers["other_agrees"] == 1
    with pytest.raises(ValueError, match="no other network"):
        another_training(Network("a", "a", classifier, ()), case)


def test_numbers_of_two_trainings_are_kept_by_both(tmp_path):
    def path(group, sha256):
        planned = work(tmp_path, None)
        planned.network.other = sha256 and SimpleNamespace(sha256=sha256)
        return replace(planned, group=group).path("cat")

    assert path(TRAININGS, "a") != path(TRAININGS, "b")
    assert path(EXPENSIVE, "a") == path(EXPENSIVE, "b")


def test_numbers_of_two_groups_are_joined_image_by_image():
    joined = together({"cat": [{"a": 1.0}, {"a": 2.0}]}, {"cat": [{"b": 3.0}, {"b": 4.0}]})
    assert joined == {"cat": [{"a": 1.0, "b": 3.0}, {"a": 2.0, "b": 4.0}]}
    with pytest.raises(ValueError, match="shorter"):
        together({"cat": [{"a": 1.0}, {"a": 2.0}]}, {"cat": [{"b": 3.0}]})


def test_a_quick_run_compares_fewer_images_with_other_networks_than_it_explains():
    def planned(group, **numbers):
        cases = {"cat": [Case(np.zeros((1, 1, 3), np.uint8), 0, 0, image) for image in numbers]}
        return SimpleNamespace(
            group=group, network=SimpleNamespace(key="base"), cases=cases, by_image=lambda: numbers
        )

    works = [
        planned(CHEAP, a={"right": 1.0}, b={"right": 0.0}),
        planned(EXPENSIVE, a={"lime_r2": 0.5}, b={"lime_r2": 0.6}),
        planned(TRAININGS, a={"lime_training_rank": 0.3}),
        planned(NARROW, b={"narrow_error": 0.8}),
    ]
    of_groups = {group.key: {"base": {}} for group in (CHEAP, CONTROLS, CENTRE, TRAININGS)}
    sources = SimpleNamespace(cards={}, networks={})
    evidence = evidence_of(works, of_groups | {"objects": {"scenes": {}}}, sources, Settings())
    assert evidence.methods["base"]["cat"] == [
        {"right": 1, "lime_r2": 0.5, "lime_training_rank": 0.3},
        {"right": 0, "lime_r2": 0.6, "narrow_error": 0.8},
    ]
    assert evidence.trainings["base"]["cat"] == evidence.methods["base"]["cat"][:1]
