"""From numbers to verdicts, on numbers whose verdict is known."""

import dataclasses
import json
import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explanations.evaluation.limits.depth import above_half, depth_numbers, strongest_blocks
from explanations.evaluation.statistics import Mean, mean_of
from explanations.source_report import (
    judging,
    judging_conclusions,
    judging_depth,
    judging_methods,
    judging_recipes,
    page,
)
from explanations.source_report.claims import (
    CLAIMS,
    SECTIONS,
    Answer,
    judge_all,
    judged_quantities,
    of_network_alone,
)
from explanations.source_report.evidence import REASONS, Evidence
from explanations.source_report.fairness import quality_by_class
from explanations.source_report.numbers import DRAWS, SPREADS, roughness, untrained_name
from explanations.source_report.page import Content
from explanations.source_report.verdicts import (
    FAILS,
    HOLDS,
    KINDS,
    MODULES,
    OPEN,
    STEPS,
    VERDICTS,
    Line,
    above,
    below,
    entry,
    explained_by_kind,
    kinds_in,
    named,
    over,
    together,
    with_depth,
)
from tests.conftest import ROOT

LABELS = {"strong": "strong", "base": "base", "scenes": "scenes"}


def spread(around, count=40):
    return [around + 0.1 * np.sin(number) for number in range(count)]


def test_a_claim_holds_only_if_the_whole_interval_is_on_its_side():
    high, low = mean_of(spread(0.5)), mean_of(spread(-0.5))
    assert (above(high, 0), above(low, 0), above(mean_of(spread(0)), 0)) == (HOLDS, FAILS, OPEN)
    assert (below(high, 0), below(low, 0), below(mean_of(spread(0)), 0)) == (FAILS, HOLDS, OPEN)


def test_few_images_give_no_verdict_however_clear_they_look():
    assert above(mean_of([0.5] * 9), 0) == OPEN
    assert above(mean_of([0.5] * 10), 0) == HOLDS


def test_networks_that_disagree_leave_a_claim_open():
    lines = [Line("a", "q", mean_of(spread(1)), verdict=verdict) for verdict in (HOLDS, FAILS)]
    assert together(lines) == OPEN
    assert together(lines[:1]) == HOLDS
    assert together([Line("a", "context", mean_of([1, 2]))]) == OPEN


def test_a_share_of_cells_grows_with_a_smaller_map_and_the_blocks_do_not():
    """Why the same picture at another resolution must not change the verdict."""
    large = np.zeros((32, 32), dtype=np.float32)
    large[:8, :8] = 1
    small = large.reshape(4, 8, 4, 8).mean((1, 3)).astype(np.float32)
    assert strongest_blocks(large) == strongest_blocks(small) == 1
    noisy = large.copy()
    noisy[0, 0] = 3
    assert above_half(noisy) < above_half(small)
    assert strongest_blocks(np.ones((8, 8), dtype=np.float32)) == 0.25
    with pytest.raises(ValueError, match="multiples of 4"):
        strongest_blocks(np.ones((6, 6), dtype=np.float32))


def test_an_empty_map_is_counted_as_empty_and_has_no_spread():
    maps = SimpleNamespace(
        cams={0: -torch.ones(1, 1, 4, 4)}, saliencies={0: torch.ones(1, 1, 4, 4)}
    )
    numbers = depth_numbers(maps)
    assert numbers["cam_empty:0"] == 1
    assert "cam_blocks:0" not in numbers
    assert numbers["saliency_blocks:0"] == 0.25


def test_noise_is_rough_and_a_slope_is_smooth():
    noise = np.random.default_rng(0).random((32, 32)).astype(np.float32)
    slope = np.add.outer(np.arange(32), np.arange(32)).astype(np.float32)
    assert roughness(noise) == pytest.approx(1, abs=0.05)
    assert roughness(slope) < 0.1
    assert roughness(np.ones((8, 8), dtype=np.float32)) == 0


def test_a_number_follows_depth_or_the_kind_of_module():
    deep = {f"cam_entropy:{m}": float(m) for m in MODULES}
    kinds = {f"cam_entropy:{m}": float(m % 5 == 4) for m in MODULES}
    assert with_depth("cam_entropy", MODULES)(deep) == 1
    assert explained_by_kind(deep) < 0 < explained_by_kind(kinds)
    assert with_depth("cam_entropy", MODULES)({"cam_entropy:0": 1.0}) is None


def images(trained, random, apart=0.0):
    """Images whose saliency focuses by ``trained`` a module, and by ``random`` untrained: the mean
    of draws of which the lowest and the highest differ by ``apart``."""
    draws = {
        untrained_name(draw): random + apart * (draw / (DRAWS - 1) - 0.5) for draw in range(DRAWS)
    }
    return {
        "truck": [
            {f"saliency_blocks:{m}": 0.3 + trained * m + 0.001 * n for m in MODULES}
            | {
                f"{who}saliency_blocks:{m}": 0.3 + slope * m
                for who, slope in draws.items()
                for m in MODULES
            }
            for n in range(20)
        ]
    }


@pytest.mark.parametrize(
    ("trained", "random", "verdict", "said"),
    [
        (0.01, 0, HOLDS, False),
        (-0.01, 0, HOLDS, False),
        (0.01, -0.01, OPEN, True),
        (0, 0.01, OPEN, False),
    ],
)
def test_a_pattern_that_random_weights_show_as_strongly_leaves_the_claim_open(
    trained, random, verdict, said
):
    judged = judging_depth.saliency_focuses(
        Evidence(LABELS, depth={"strong": images(trained, random)})
    )
    assert judged.verdict == verdict
    assert ("effect of the architecture" in judged.measured) == said


@pytest.mark.parametrize(
    ("trained", "random", "verdict", "said"),
    [(0.05, 0.025, HOLDS, True), (0.05, 0.0, HOLDS, False), (0.005, 0.0, FAILS, False)],
)
def test_a_difference_too_small_to_be_seen_does_not_count(trained, random, verdict, said):
    """With many images, any difference is significant."""
    judged = judging_depth.focus_rises("saliency", (2, 3), (0, 1))(
        Evidence(LABELS, depth={"strong": images(trained, random)})
    )
    assert judged.verdict == verdict
    assert ("less strongly" in judged.measured) == said


@pytest.mark.parametrize(
    ("apart", "verdict", "said"), [(0.0, HOLDS, False), (0.04, HOLDS, True), (0.2, OPEN, True)]
)
def test_a_claim_must_hold_more_strongly_than_for_a_new_draw_of_random_weights(
    apart, verdict, said
):
    """All three have the same mean over the draws: a single draw could have said anything."""
    judged = judging_depth.focus_rises("saliency", (2, 3), (0, 1))(
        Evidence(LABELS, depth={"strong": images(0.05, 0.0, apart)})
    )
    assert judged.verdict == verdict
    assert bool(judged.lines[0].shown_by) == said
    assert ("A new draw of random weights" in judged.measured) == (verdict == OPEN)


def test_random_weights_have_the_prediction_interval_for_a_new_draw():
    """R: predict(lm(x ~ 1), interval = "prediction") of seq(-.1, .3, length.out = 10) gives
    -.2192584, .4192584."""
    numbers = {
        "frog": [
            {untrained_name(draw) + "a": -0.1 + 0.4 * draw / 9 for draw in range(DRAWS)} | {"a": 1}
        ]
        * 20
    }
    (line,) = judging.lines_of(
        {"strong": numbers}, LABELS, "a", entry("a"), above,
        untrained=lambda who: entry(f"{who}a"),
    )  # fmt: skip
    assert (line.control.low, line.control.high) == pytest.approx((-0.2192584, 0.4192584), abs=1e-6)
    assert (line.control.mean, len(line.draws), line.beyond) == (pytest.approx(0.1), DRAWS, True)


def layers(slopes):
    """Images whose saliency focuses by another slope in each kind of module."""
    image = {f"saliency_blocks:{m}": 0.3 + slopes[KINDS[m]] * m for m in MODULES}
    draws = {
        f"{untrained_name(draw)}saliency_blocks:{m}": 0.3 for draw in range(DRAWS) for m in MODULES
    }
    return Evidence(LABELS, depth={"strong": {"truck": [image | draws] * 20}})


def test_layers_of_the_report_are_judged_however_it_counts_them():
    """Layers 9 and 10 are modules 8 and 9, 9 and 10, or 10 and 11 here."""
    judge = judging_depth.saliency_focuses_more((9, 10), (6, 7, 8))
    judged = judge(layers({"Conv": 0.02, "ReLU": 0.02, "Pool": 0.02}))
    assert judged.verdict == HOLDS
    assert [line.quantity.partition("blocks, ")[2] for line in judged.lines] == [
        "ReLU 8 minus ReLU 6",
        "convolution 10 minus convolution 7",
        "ReLU 11 minus ReLUs 6, 8",
    ]  # fmt: skip
    # Only two of the three counts compare a convolution.
    assert judge(layers({"Conv": -0.02, "ReLU": 0.02, "Pool": 0.0})).verdict == OPEN


def test_a_share_of_no_image_or_of_every_image_is_not_known_exactly():
    """Wilson's upper end for none of n is z² / (n + z²): 3.841459 / 103.841459."""
    share = over({"cat": [{"dark": 0.0}] * 100}, entry("dark"))
    assert (share.mean, share.low) == (0, pytest.approx(0, abs=1e-9))
    assert share.high == pytest.approx(0.0369935, abs=1e-6)


def of_methods(**values):
    return {"cat": [{key: value + 0.001 * n for key, value in values.items()} for n in range(20)]}


@pytest.mark.parametrize(
    ("base", "strong", "verdict", "said"),
    [
        ((HOLDS, HOLDS), (FAILS, OPEN), HOLDS, "Shown for: base."),
        ((HOLDS, FAILS), (FAILS, HOLDS), OPEN, "1 of 2 pass for base; 1 of 2 pass for strong."),
        ((FAILS, FAILS), (FAILS, FAILS), OPEN, "No case of it was shown here"),
    ],
)
def test_one_network_is_enough_for_what_can_be_and_none_refutes_it(base, strong, verdict, said):
    lines = [
        Line(network, "a share", Mean(0.5, 0.4, 0.6, 20), verdict=mark)
        for network, marks in (("base", base), ("strong", strong))
        for mark in marks
    ]
    judged = judging.possible("", lines)
    assert judged.verdict == verdict
    assert said in judged.measured


def test_the_time_of_a_map_does_not_tell_what_is_intensive():
    """LIME is slower than the others here, with neither samples nor networks varied."""
    slow = of_methods(**{"ms:lime": 900.0, "ms:deepshap": 500.0, "ms:gradcam": 14.0})
    judged = judging_methods.lime_costs_most(Evidence(LABELS, methods={"strong": slow}))
    assert (judged.verdict, judged.basis) == (OPEN, "no criterion")


def test_integrated_gradients_are_judged_from_black_and_shown_from_the_blurred_image():
    numbers = of_methods(
        **{
            "drop:integrated_gradients:black": 0.1,
            "drop:integrated_gradients:blurred": 0.6,
            "drop:turned:integrated_gradients:black": 0.2,
            "drop:turned:integrated_gradients:blurred": 0.2,
            "drop:random": 0.3,
            "drop:centre": 0.2,
        }
    )
    judged = judging_methods.ig_beats_random(Evidence(LABELS, methods={"strong": numbers}))
    assert judged.verdict == FAILS
    assert [line.verdict for line in judged.lines] == [FAILS] * 3 + [""] * 3


def located(slope):
    return {
        "fish": [
            {f"cam_auc:{m}": 0.6 + slope * m + 0.001 * n for m in MODULES}
            | {
                f"{untrained_name(draw)}cam_auc:{m}": 0.5 + 0.001 * n
                for m in MODULES
                for draw in range(DRAWS)
            }
            for n in range(20)
        ]
    }


@pytest.mark.parametrize(("slope", "verdict"), [(-0.01, HOLDS), (0.01, FAILS)])
def test_deep_layers_that_keep_the_place_do_not_refute_that_they_may_lose_it(slope, verdict):
    judged = judging_depth.deep_gradcam_loses_the_place(Evidence(LABELS, objects=located(slope)))
    assert judged.lines[0].verdict == verdict
    assert judged.verdict == (HOLDS if verdict == HOLDS else OPEN)
    assert judged.lines[0].control.mean == pytest.approx(0)


def test_sometimes_is_more_often_than_in_earlier_modules_of_the_same_kind():
    def maps(deep, early):
        """A quarter of the images have dark maps in the deepest modules, or in all others."""
        return {
            "frog": [
                {f"cam_empty:{m}": float((deep if m >= 12 else early) and n % 4 == 0)
                 for m in MODULES}
                for n in range(40)
            ]
        }  # fmt: skip

    judge = judging_depth.last_gradcam_is_sometimes_dark
    assert judge(Evidence(LABELS, depth={"strong": maps(True, False)})).verdict == HOLDS
    assert judge(Evidence(LABELS, depth={"strong": maps(False, False)})).verdict == OPEN
    # The control: a network whose earlier modules are dark as often.
    assert judge(Evidence(LABELS, depth={"strong": maps(True, True)})).verdict == OPEN


@pytest.mark.parametrize(
    ("absolute", "rank", "verdict"), [(0.1, 0.1, HOLDS), (0.1, 0.9, OPEN), (0.9, 0.1, OPEN)]
)
def test_baselines_matter_by_pairs_whose_maps_need_not_be_opposite(absolute, rank, verdict):
    """From black and from white, a factor of every attribution changes its sign."""
    numbers = of_methods(
        **{
            "baseline_absolute_rank:black, mean": absolute,
            "baseline_rank:black, white": -0.6,
            "baseline_rank:black, mean": rank,
        }
    )
    judged = judging_methods.baseline_matters(Evidence(LABELS, methods={"strong": numbers}))
    assert judged.verdict == verdict
    assert [line.verdict for line in judged.lines] == [
        HOLDS if absolute < 0.7 else FAILS, HOLDS if rank < 0.7 else FAILS, ""
    ]  # fmt: skip


def test_numbers_for_comparison_do_not_hide_that_there_is_no_criterion():
    numbers = of_methods(**{"ig_residual:black": 0.02})
    judged = judging_methods.ig_steps(Evidence(LABELS, methods={"strong": numbers}))
    assert (len(judged.lines), judged.basis) == (1, "no criterion")


def test_the_page_says_what_the_reports_network_alone_would_show():
    exact, rough = (
        {"cat": of_methods(**{"ig_residual:black": residual})["cat"] * 3} for residual in (0.0, 0.2)
    )
    evidence = Evidence(LABELS, methods={"base": exact, "strong": rough})
    answers = [Answer(claim, claim.judge(evidence)) for claim in CLAIMS if claim.section == "ig"]
    alone = {
        answer.claim.key: answer.judged.verdict
        for answer in of_network_alone(evidence, "base", answers)
    }
    assert alone == {"ig-decompose": HOLDS}
    assert of_network_alone(replace(evidence, methods={"base": exact}), "base", answers) == []


def test_a_difference_too_small_to_count_is_said_to_be_in_the_reports_direction():
    judge = judging_depth.saliency_focuses_more((3, 4, 5), (1, 2))
    small = judge(Evidence(LABELS, depth={"strong": images(0.001, 0)}))
    assert small.verdict == FAILS
    assert f"{len(small.lines)} of the {len(small.lines)} numbers are in the" in small.measured
    assert "goes from 0.31 to 0.32 (strong)" in small.measured
    assert "The verdict depends on this limit" in small.measured
    assert "the report's direction, with" not in judge(
        Evidence(LABELS, depth={"strong": images(-0.001, 0)})
    ).measured  # fmt: skip
    # Layers 3 to 5 and 1 to 2 without pools: modules 3, 5, 6 and 0, 1.
    assert "Left out" in small.measured


def test_small_numbers_are_not_printed_as_nothing():
    texts = [page.number(value) for value in (0.00003, -0.0004, 0.0005, 1e-9, 0, 12.34)]
    assert texts == ["0.00003", "−0.0004", "0.001", "0.000", "0.000", "12.3"]


@pytest.mark.parametrize("key", ["lime", "deepshap"])
def test_slow_methods_are_judged_by_their_own_images(key):
    numbers = of_methods(**{f"drop:{key}": 0.6, "drop:random": 0.3})
    judge = judging.marks_what_counts(key, key)
    assert judge(Evidence(LABELS, methods={"strong": numbers})).verdict == HOLDS
    assert judge(Evidence(LABELS, depth={"strong": numbers})).verdict == OPEN


@pytest.mark.parametrize(
    ("elsewhere", "centre", "verdict"), [(0.2, 0.2, HOLDS), (0.6, 0.2, OPEN), (0.2, 0.6, OPEN)]
)
def test_a_map_must_also_beat_its_own_shape_in_another_place_and_the_centre(
    elsewhere, centre, verdict
):
    """Blurring a compact region costs more than blurring scattered pixels, wherever it is."""
    numbers = of_methods(
        **{
            "drop:gradcam": 0.5,
            "drop:random": 0.1,
            "drop:turned:gradcam": elsewhere,
            "drop:centre": centre,
        }
    )
    evidence = Evidence(LABELS, depth={"strong": numbers})
    judge = judging.marks_what_counts("gradcam", "Grad-CAM")
    assert judge(evidence).verdict == verdict
    of_frogs = judging.marks_what_counts("gradcam", "Grad-CAM", ("frog",))
    assert of_frogs(evidence).lines == ()


def test_counting_more_than_other_pixels_is_not_counting_most():
    images = [{"drop:saliency": 0.5, "drop:random": 0.1, "drop:turned:saliency": 0.2}] * 20
    evidence = Evidence(LABELS, depth={"strong": {"truck": images}})
    most = judging.marks_what_counts("saliency", "saliency", rule=judging.MOST)(evidence)
    assert most.verdict == OPEN
    assert "needed, but not enough" in most.measured
    assert "The sentence holds" not in most.measured
    worse = [{"drop:saliency": 0.1, "drop:random": 0.5, "drop:turned:saliency": 0.6}] * 20
    evidence = Evidence(LABELS, depth={"strong": {"truck": worse}})
    worst = judging.marks_what_counts("saliency", "saliency", rule=judging.MOST)(evidence)
    assert worst.verdict == FAILS


@pytest.mark.parametrize(("others", "verdict"), [(0.6, FAILS), (0.5, OPEN), (0.2, OPEN)])
@pytest.mark.parametrize("key", ["saliency", "lime", "deepshap"])
def test_a_map_whose_pixels_cost_less_than_others_does_not_mark_those_that_count_most(
    key, others, verdict
):
    image = {f"drop:{key}": 0.5, "drop:random": 0.1, f"drop:turned:{key}": 0.2, "drop:centre": 0.1}
    images = {"truck": [image] * 20}
    compared = {"truck": [image | {judging.STRONGEST: others}] * 20}
    evidence = Evidence(LABELS, depth={"strong": images}, methods={"strong": compared})
    most = judging.marks_what_counts(key, key, rule=judging.MOST)(evidence)
    assert most.verdict == verdict
    assert (judging.MORE_COUNT in most.measured) == (verdict == FAILS)


@pytest.mark.parametrize("key", ["road", "infidelity"])
@pytest.mark.parametrize(("control", "verdict"), [(0.30, OPEN), (0.10, HOLDS)])
def test_a_method_that_a_control_exceeds_by_another_measure_has_no_verdict(control, verdict, key):
    keys = ("gradcam", "saliency", "lime", "deepshap", "integrated_gradients:black")
    image = {"drop:random": 0.1}
    for map_key in keys:
        image |= {f"drop:{map_key}": 0.5, f"drop:turned:{map_key}": 0.2}
    rows = [
        {"method": method, "images": "all", "low": mean - 0.01, "high": mean + 0.01}
        for method, mean in (("saliency", 0.2), ("random", control))
    ]
    road = {"key": key, "label": "ROAD", "better": "higher", "rows": rows}
    numbers = {"strong": {"cat": [image] * 20}}
    judged = judging_conclusions.maps_show_influence(
        Evidence(
            LABELS, depth=numbers, methods=numbers,
            evaluations={
                "strong": {"methods": ["saliency"], "controls": ["random"], "measures": [road]}
            },
        )
    )  # fmt: skip
    assert judged.verdict == verdict
    assert ("saliency (ROAD)" in judged.measured) == (verdict == OPEN)
    alone = judging.marks_what_counts("saliency", "saliency")
    evaluation = {"methods": ["saliency"], "controls": ["random"], "measures": [road]}
    evidence = Evidence(LABELS, depth=numbers, evaluations={"strong": evaluation})
    assert alone(evidence).verdict == verdict
    assert judging.beaten_by_controls(evaluation) == (
        {"saliency": ["ROAD"]} if verdict == OPEN else {}
    )
    # Overlapping intervals are not better than a control, and not worse.
    rows[1] |= {"low": 0.19, "high": 0.21}
    assert judging.beaten_by_controls(evaluation) == {}
    assert judging.not_beyond_controls(evaluation) == {"saliency": ["ROAD"]}
    overlapping = alone(Evidence(LABELS, depth=numbers, evaluations={"strong": evaluation}))
    assert overlapping.verdict == HOLDS
    assert "saliency (ROAD) is not shown to be better" in overlapping.measured


def test_the_map_of_the_image_gives_no_verdict_on_maps_of_layers():
    images = [{"drop:saliency": 0.5, "drop:random": 0.1, "drop:turned:saliency": 0.2}] * 20
    evidence = Evidence(LABELS, depth={"strong": {"truck": images}})
    assert judging.marks_what_counts("saliency", "saliency")(evidence).verdict == HOLDS
    assert judging_depth.saliency_of_trucks(evidence).verdict == OPEN


@pytest.mark.parametrize(("trained", "random", "verdict"), [(0.1, 0.4, FAILS), (0.4, 0.1, HOLDS)])
def test_dark_maps_of_networks_that_learned_nothing_are_no_abstraction(trained, random, verdict):
    def dark(share):
        return [float(n % 10 < 10 * share) for n in range(100)]

    both = zip(dark(trained), dark(random), strict=True)
    draws = [f"{untrained_name(draw)}cam_empty:14" for draw in range(DRAWS)]
    numbers = {"frog": [{"cam_empty:14": a} | dict.fromkeys(draws, b) for a, b in both]}
    judged = judging_depth.darkness_is_learned(Evidence(LABELS, depth={"strong": numbers}))
    assert judged.lines[0].verdict == verdict


def test_rough_pixels_can_lie_in_a_region():
    numbers = of_methods(ig_roughness=0.9, ig_image_roughness=0.2)
    judged = judging_methods.ig_marks_regions(Evidence(LABELS, methods={"strong": numbers}))
    assert judged.verdict == OPEN
    assert [round(line.value.mean, 1) for line in judged.lines] == [0.9]


@pytest.mark.parametrize(("residual", "verdict"), [(0.01, HOLDS), (0.2, FAILS)])
def test_attributions_are_a_decomposition_if_they_add_up_on_every_network(residual, verdict):
    def judged(**others):
        networks = {"strong": residual} | others
        numbers = {
            key: {"cat": of_methods(**{"ig_residual:black": of})["cat"] * 3}
            for key, of in networks.items()
        }
        return judging_methods.ig_adds_up(Evidence(LABELS, methods=numbers)).verdict

    assert judged() == judged(base=residual) == verdict
    assert judged(base=0.21 - residual) == OPEN


@pytest.mark.parametrize(
    ("trainings", "here", "there", "verdict"),
    [(0.3, 0.8, 0.7, HOLDS), (0.8, 0.8, 0.8, OPEN), (0.3, 0.8, 0.3, OPEN)],
)
def test_limes_maps_of_two_networks_must_differ_by_more_than_limes_own_draws(
    trainings, here, there, verdict
):
    """In the last row, the second training's maps have as little in common with themselves."""
    numbers = of_methods(
        lime_training_rank=trainings, lime_seed_rank=here, lime_other_seed_rank=there
    )  # fmt: skip
    judge = judging_methods.lime_follows_the_network
    assert judge(Evidence(LABELS, trainings={"base": numbers})).verdict == verdict
    assert judge(Evidence(LABELS)).basis == "missing on this machine"


def with_noise(top, again, changes=0.0):
    """An image whose saliency has ``top`` in common with SmoothGrad, whatever the noise."""
    return {
        name: value
        for noise in SPREADS
        for name, value in (
            (f"smoothgrad_top:{noise}", top),
            (f"smoothgrad_again_top:{noise}", again),
            (f"noise_changes:{noise}", changes),
        )
    }


@pytest.mark.parametrize(
    ("top", "again", "verdict"),
    [
        (0.2, 0.6, HOLDS),
        (0.6, 0.9, OPEN),  # most of the map remains
        (0.2, 0.1, OPEN),  # SmoothGrad itself is as noisy
    ],
)
def test_a_map_is_noisy_if_it_differs_from_its_average_and_two_averages_agree(top, again, verdict):
    numbers = {"strong": {"cat": [with_noise(top, again)] * 20}}
    evidence = Evidence(LABELS, depth=numbers)
    assert judging_depth.saliency_is_noisy(evidence).verdict == verdict
    assert judging_depth.saliency_is_sometimes_noisy(evidence).verdict == verdict


def test_noise_that_moves_the_network_does_not_show_that_the_map_is_noisy():
    images = [with_noise(0.6, 0.9)] * 10 + [with_noise(0.1, 0.9, changes=0.5)] * 90
    judged = judging_depth.saliency_is_noisy(Evidence(LABELS, depth={"strong": {"cat": images}}))
    every, still = judged.lines[:2]
    assert (every.verdict, every.value.n) == (HOLDS, 100)
    assert (still.verdict, still.value.n) == (FAILS, 10)
    assert judged.verdict == OPEN


def test_each_kind_of_module_has_its_own_number_and_its_own_name():
    """Pools go up and ReLUs go down here: their mean would hide both."""
    slopes = {"Conv": 0.0, "ReLU": -0.01, "Pool": 0.01}
    image = {f"cam_blocks:{m}": 0.5 + slopes[KINDS[m]] * m for m in MODULES}
    evidence = Evidence(LABELS, depth={"strong": {"frog": [image] * 20}})
    lines = judging.lines_by_kind(evidence, "focus", "cam_blocks", range(9, 14), range(9), above)
    assert [(line.quantity, line.verdict) for line in lines] == [
        ("focus, convolutions 10, 12 minus convolutions 0, 2, 5, 7", OPEN),
        ("focus, ReLUs 11, 13 minus ReLUs 1, 3, 6, 8", FAILS),
        ("focus, pool 9 minus pool 4", HOLDS),
    ]
    assert kinds_in((4, 5, 6), (2, 3)) == {"Conv": ([5], [2]), "ReLU": ([6], [3])}
    judged = judging_depth.focus_rises("cam", (4, 5, 6), (2, 3))(evidence)
    assert "none of the kind: pool 4." in judged.measured
    assert named([14]) == "pool 14"


def test_the_direction_in_which_a_map_finds_errors_is_not_chosen_from_the_numbers():
    low, high = spread(0), spread(1)
    assert judging_conclusions.area_above(low, high).mean == 1
    assert judging_conclusions.area_above(high, low).mean == 0


def test_whether_maps_find_errors_stays_open_next_to_the_plain_probability():
    """Two numbers of two methods cannot refute that maps help, and say less than the network."""
    numbers = {
        "cat": [
            {
                "cam_entropy:13": 0.5 + 0.01 * (n % 7),
                "confidence": 0.5 + 0.4 * (n % 2),
                "right": n % 2,
            }
            for n in range(60)
        ]
    }
    judged = judging_conclusions.maps_tell_errors(Evidence(LABELS, depth={"strong": numbers}))
    assert judged.verdict == OPEN
    assert [round(line.value.mean, 1) for line in judged.lines] == [0.5, 1.0]


@pytest.mark.parametrize("right", [86, 99])
def test_a_network_is_compared_with_a_person_by_its_accuracy(right):
    confusion = [[10 * right, 1000 - 10 * right], [1000 - 10 * right, 10 * right]]
    card = {"seed": 0, "evaluation": {"test": {"confusion": confusion}}}
    judged = judging_recipes.beats_people(Evidence(LABELS, cards={"strong": [card]}))
    assert (judged.lines[0].value.mean, judged.lines[0].value.n) == (right / 100, 2000)
    assert judged.verdict == OPEN  # the sentence is about VGG networks in general


def test_without_any_number_no_measured_claim_has_a_verdict():
    answers = judge_all(Evidence(LABELS))
    by_key = {answer.claim.key: answer.judged for answer in answers}
    for key in ("saliency-progress", "gradcam-last", "lime-body", "ig-baseline", "confidence"):
        assert by_key[key].verdict == OPEN


def test_synthetic_people_leave_the_claim_about_trust_open():
    judged = judging_conclusions.trust_rises(
        Evidence(LABELS, study={"simulated": True, "outcomes": []})
    )
    assert judged.verdict == OPEN
    assert "synthetic participants" in judged.measured


def test_a_class_whose_maps_are_worse_is_found_and_the_others_are_not():
    draws = np.random.default_rng(0)
    numbers = {
        name: [{"drop:gradcam": draws.normal(mean, 0.1), "drop:random": 0.0} for _ in range(40)]
        for name, mean in (("cat", 0.1), ("dog", 0.4), ("frog", 0.4), ("ship", 0.4))
    }
    rows = {row.class_name: row for row in quality_by_class(numbers, "gradcam")}
    assert rows["cat"].p_holm < 0.001
    assert rows["cat"].value.high < rows["dog"].value.low
    assert quality_by_class({"cat": numbers["cat"]}, "gradcam") == []


def test_every_quotation_is_in_the_report(shared_dir):
    def plain(text):
        return re.sub(r"\W+", " ", text.replace("’", "'")).strip().lower()

    report = plain((shared_dir / "research" / "source-report.txt").read_text())
    assert [claim.key for claim in CLAIMS if plain(claim.quote) not in report] == []
    assert "a sentence that the report lacks" not in report


def test_claims_have_keys_of_their_own_and_a_section_of_the_page():
    assert len({claim.key for claim in CLAIMS}) == len(CLAIMS)
    assert {claim.section for claim in CLAIMS} <= set(SECTIONS)
    assert len(CLAIMS) > 50


def content(evidence):
    return Content(
        answers=judge_all(evidence),
        examples={},
        curves={},
        points={},
        cards={},
        card_figures={},
        fairness={},
        quality={},
        study=None,
        evaluations={},
        samples=[("strong", "layers", 20)],
        missing=["CIFAR-10 was not given."],
        about={"seed": "0"},
    )


@pytest.mark.nightly
def test_verdicts_without_images_are_told_from_measured_ones():
    evidence = Evidence(LABELS, depth={"strong": images(-0.01, 0)})
    by_key = {answer.claim.key: answer.judged for answer in judge_all(evidence)}
    assert by_key["parameters"].basis == "by reading"
    assert by_key["saliency-progress"].basis == "by measurement"
    assert by_key["gradcam-parts"].basis == "could be measured, was not"
    assert by_key["trust-enhancements"].basis == "as another row"
    counts = Counter(judged.basis for judged in by_key.values())
    assert set(counts) <= {"by measurement", "by reading", "as another row", *REASONS, *STEPS}
    html = page.render(content(evidence))
    assert html.count('<span class="note">by reading') == 2 * counts["by reading"]
    assert f"needs people ({counts['needs people']})" in html
    stored = page.as_json(content(evidence))["claims"]
    assert Counter(claim["basis"] for claim in stored) == counts


def test_a_row_that_says_the_same_has_the_very_verdict_and_a_link():
    evidence = Evidence(LABELS, depth={"strong": images(-0.01, 0)})
    answers = {answer.claim.key: answer for answer in judge_all(evidence)}
    same = [answer for answer in answers.values() if answer.claim.same_as]
    assert len(same) > 3
    for answer in same:
        assert answer.judged.verdict == answers[answer.claim.same_as].judged.verdict
        assert not answer.judged.lines
    html = page.render(content(evidence))
    assert 'It is the row <a href="#claim-trust-assess">' in html


def test_a_number_is_shown_and_counted_once():
    """Three rows are judged by the influence of saliency."""
    image = {"drop:saliency": 0.5, "drop:random": 0.1, "drop:turned:saliency": 0.2}
    answers = judge_all(Evidence(LABELS, depth={"strong": {"truck": [image] * 20}}))
    by_key = {answer.claim.key: answer for answer in answers}
    assert len(by_key["saliency-affect"].lines) == 2
    again = by_key["saliency-significantly"]
    assert (again.lines, again.shown_in) == ([], ["saliency-affect"])
    assert (again.judged.verdict, again.judged.basis) == (HOLDS, "by measurement")
    # The same numbers of trucks only and of all images are equal here.
    assert judged_quantities(answers) == 2


def test_a_sentence_about_a_picture_of_the_report_is_judged_for_our_images_by_name():
    evidence = Evidence(LABELS, depth={"strong": images(0.001, 0)})
    judged = {answer.claim.key: answer.judged for answer in judge_all(evidence)}["saliency-3-5"]
    assert (judged.verdict, judged.scope) == (FAILS, "as a rule for our images")
    assert "by measurement, as a rule for our images" in page.render(content(evidence))


def test_the_page_shows_every_claim_with_its_verdict_and_what_is_missing():
    evidence = Evidence(LABELS, depth={"strong": images(-0.01, 0.01)})
    html = page.render(content(evidence))
    for claim in CLAIMS:
        assert f'id="claim-{claim.key}"' in html
        assert f'href="#claim-{claim.key}"' in html
    assert "CIFAR-10 was not given." in html
    assert "<script" not in html
    assert not re.search(r'(?:src|href)="https?:', html)
    numbers = page.as_json(content(evidence))
    assert {claim["verdict"] for claim in numbers["claims"]} <= {*VERDICTS, *STEPS}
    assert len(numbers["claims"]) == len(CLAIMS)


def test_limes_stability_is_compared_within_the_same_images_with_its_own_draws():
    numbers = of_methods(
        lime_neighbour_rank=0.7, saliency_neighbour_rank=0.9, lime_seed_rank=0.8
    )  # fmt: skip
    judged = judging_methods.lime_is_unstable(Evidence(LABELS, methods={"strong": numbers}))
    assert judged.verdict == OPEN  # an invisible change is no other part of the data
    assert judged.lines[0].verdict == HOLDS
    assert round(judged.lines[0].value.mean, 3) == -0.1


def test_the_page_tells_whether_better_maps_went_with_more_trust():
    shipped = ROOT / "docs" / "examples" / "source-study" / "results.json"
    study = json.loads(shipped.read_text(encoding="utf-8"))
    answered = dataclasses.replace(content(Evidence(LABELS, study=study)), study=study)
    html = page.render(answered)
    rows = html.partition("Does a better explanation mean more trust of synthetic participants?")[
        2
    ].partition("</table>")[0]
    section = study["optional_sections"]["map_quality"]
    assert rows.count("<tr><th>") == len(section["methods"]) + 1
    of_rhos = html.partition("Spearman's ρ of map quality")[2].partition("</table>")[0]
    assert of_rhos.count("<tr><th>") == len(section["together"]) + 1
    # The qualities themselves, from which a reader can check ρ.
    lime = section["methods"][-1]
    assert f"{page.number(lime['qualities']['road']['value'])} <span" in rows
    assert "ROAD" in rows
    # Each column says its scale, and whether its intervals are adjusted.
    columns = html.partition("What the columns are")[2].partition("</dl>")[0]
    assert columns.count("from 1 to 7.") == 3
    assert columns.count("are not adjusted") == 2
    # A study whose maps were not measured has no such part.
    section = {"name": "map quality", "reason": "the maps were not evaluated"}
    study = study | {"optional_sections": {"map_quality": section}}
    assert "mean more trust" not in page.render(dataclasses.replace(answered, study=study))


def test_the_page_names_the_best_method_of_each_measure():
    shipped = ROOT / "docs" / "examples" / "evaluation-cifar10" / "results.json"
    best = page.leaders(json.loads(shipped.read_text(encoding="utf-8")))
    faithful = ("Deletion", "Insertion", "ROAD", "Infidelity")
    assert [m for m in best["deepshap"] if m.startswith(faithful)] == [
        "Deletion, blur", "Deletion, mean colour*", "Insertion, blur*", "Insertion, mean colour*",
        "ROAD*", "Infidelity, scaled*",
    ]  # fmt: skip
    # The intervals of SHAP, [.252, .300], and of LIME, [.299, .339], overlap: no asterisk.
    # Of few images, no best method is named; by these measures, a control is even better.
    assert not any(m.startswith(("Time", "Max")) for names in best.values() for m in names)
    assert page.leaders(None) == {}


def test_planted_effects_are_printed_next_to_the_estimates():
    shipped = ROOT / "docs" / "examples" / "source-study" / "results.json"
    study = json.loads(shipped.read_text(encoding="utf-8"))
    planted = {
        "understanding": {"none": 0, "gradcam": 1.2},
        "agreement_wrong": {"none": 1, "gradcam": 2.46},
    }
    of_study = dataclasses.replace(content(Evidence(LABELS, study=study)), study=study)
    html = page.render(dataclasses.replace(of_study, planted=planted))
    row = html.partition("What was planted")[2].partition("<tr><th>Grad-CAM")[2]
    row = row.partition("</tr>")[0]
    assert "planted +1.20<br>" in row
    assert "planted 2.46<br>" in row
    # Rounding must not move the end of an interval onto no effect.
    assert (page.planted_effect(0.9962, True), page.planted_effect(1.0, True)) == ("0.996", "1.00")
    assert row.count("found ") == 2
    # Whose effects are not known, or who are people, get no such table.
    assert "What was planted" not in page.render(of_study)
    real = dataclasses.replace(of_study, study=study | {"simulated": False}, planted=planted)
    assert "What was planted" not in page.render(real)


@pytest.mark.parametrize(("random", "behind"), [(0.30, [HOLDS]), (0.20, [])])
def test_random_pixels_that_are_better_do_not_show_that_the_baseline_is_the_cause(random, behind):
    rows = [
        {"method": method, "images": "all", "mean": of, "low": of - 0.01, "high": of + 0.01, "n": 9}
        for method, of in (("integrated_gradients", 0.2), ("random", random))
    ]
    road = {"key": "road", "label": "ROAD", "better": "higher", "rows": rows}
    judged = judging_methods.wrong_baseline_misleads(
        Evidence(LABELS, evaluations={"strong": {"measures": [road]}},
                 methods={"strong": of_methods(**{"baseline_rank:black, blurred": 0.1})})
    )  # fmt: skip
    assert [line.verdict for line in judged.lines if line.verdict] == behind
    assert judged.verdict == OPEN


@pytest.mark.parametrize(("narrow", "verdict"), [(0.8, HOLDS), (0.4, OPEN)])
def test_shap_is_sensitive_to_a_distribution_beyond_another_draw_of_the_usual_one(narrow, verdict):
    numbers = of_methods(narrow_error=narrow, background_error=0.38)
    evidence = Evidence(LABELS, methods={"strong": numbers})
    assert judging_methods.distribution_matters(evidence).verdict == verdict
    assert judging_methods.distribution_matters(Evidence(LABELS)).basis == "missing on this machine"
