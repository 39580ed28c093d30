"""Intervals, paired tests and the files that let a run go on."""

import numpy as np
import pytest

from explanations.evaluation.resumable_lines import read_lines, resumed
from explanations.evaluation.statistics import (
    compare,
    difference_of,
    mean_of,
    sign_flip_p,
)


def test_the_interval_is_near_that_of_normal_theory():
    values = np.random.default_rng(0).normal(3, 2, 400)
    found = mean_of(values)
    half = 1.96 * values.std() / 20
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=0.03)
    assert found.high == pytest.approx(values.mean() + half, abs=0.03)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    generator = np.random.default_rng(1)
    hits = 0
    for seed in range(300):
        found = mean_of(generator.normal(0, 1, 40), seed)
        hits += found.low < 0 < found.high
    assert 0.90 < hits / 300 < 0.98


def test_one_image_has_no_interval_and_none_has_no_mean():
    assert mean_of([2.0]).low is None
    with pytest.raises(ValueError, match="mean of an empty list"):
        mean_of([])


def test_a_difference_of_two_groups_has_its_interval():
    generator = np.random.default_rng(2)
    a, b = generator.normal(1, 1, 200), generator.normal(0, 1, 100)
    found = difference_of(a, b)
    half = 1.96 * np.sqrt(a.var() / 200 + b.var() / 100)
    assert found.mean == pytest.approx(a.mean() - b.mean())
    assert found.high - found.low == pytest.approx(2 * half, rel=0.1)
    assert difference_of([1.0], b).low is None


def test_the_sign_flip_test_of_five_equal_signs_has_its_exact_p():
    # Of 32 patterns of signs two are as far from zero: p = 1/16.
    assert sign_flip_p([1, 2, 3, 4, 5]) == pytest.approx(1 / 16, abs=0.01)
    assert sign_flip_p([1, -1, 2, -2]) == 1
    assert sign_flip_p([0, 0, 0]) == 1


def test_p_is_uniform_where_there_is_no_difference():
    generator = np.random.default_rng(3)
    found = np.array([sign_flip_p(generator.normal(0, 1, 20), seed) for seed in range(200)])
    assert 0.02 < (found < 0.05).mean() < 0.09


def test_comparisons_pair_by_image_and_are_adjusted_together():
    images = [f"i{number}" for number in range(30)]
    generator = np.random.default_rng(4)
    ease = generator.normal(0, 5, 30)  # of the image: unpaired, it would drown the difference
    values = {
        "a": dict(zip(images, ease + 1 + generator.normal(0, 0.1, 30), strict=True)),
        "b": dict(zip(images, ease + generator.normal(0, 0.1, 30), strict=True)),
        "random": dict(zip(images[:20], ease[:20], strict=True)),
        "chance": dict.fromkeys(images, 0.0),
    }
    found = compare(values, ("a", "b"), ("random",))
    assert [(one.a, one.b, one.difference.n) for one in found] == [
        ("a", "b", 30), ("a", "random", 20), ("b", "random", 20),
    ]  # fmt: skip
    first = found[0]
    assert first.difference.low < 1 < first.difference.high
    assert first.p_holm == pytest.approx(3 * first.p)
    assert found[2].p_holm > 0.05


def test_a_run_goes_on_where_it_was_cut_off(tmp_path):
    path, asked = tmp_path / "measure.jsonl", []

    def compute(name):
        asked.append(name)
        return {"gradcam": float(len(name))}

    assert dict(resumed(path, ["a", "bb"], compute)) == {"a": {"gradcam": 1}, "bb": {"gradcam": 2}}
    path.write_text(path.read_text() + '{"image": "ccc", "val')
    assert set(read_lines(path)) == {"a", "bb"}
    assert len(dict(resumed(path, ["a", "bb", "ccc"], compute))) == 3
    assert asked == ["a", "bb", "ccc"]
    assert len(path.read_text().splitlines()) == 3


def test_a_value_that_is_no_number_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        list(resumed(tmp_path / "m.jsonl", ["a"], lambda name: {"x": float("nan")}))
