"""The known limits of each method, as numbers."""

import numpy as np
import pytest

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.catalogue import METHODS
from explanations.contracts.methods import branches
from explanations.engine import Engine
from explanations.evaluation.cases import Case
from explanations.evaluation.limits import backgrounds, depth, lime
from explanations.evaluation.limits.catalogue import LIMITS, TABLES
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.measuring import Run
from explanations.evaluation.subject import Setting
from explanations.imagesets.decoding import content_hash
from tests.explanations.evaluation.conftest import planted_image, planted_mask

SMALL = [limit for limit in LIMITS if limit.table != "deepshap_background"]


@pytest.mark.parametrize("limit", SMALL, ids=lambda limit: limit.key)
def test_every_limit_gives_finite_numbers_for_the_columns_of_its_table(planted, limit):
    found = limit.of(planted)
    table = next(table for table in TABLES if table.key == limit.table)
    assert np.isfinite(list(found.values())).all()
    assert {key.split("|")[1] for key in found} == set(table.quantities)
    assert limit.method in {method.key for method in METHODS}


def test_each_feature_module_has_its_row_and_the_detectors_map_finds_the_patch(planted):
    found = depth.gradcam_by_depth(planted)
    assert [key for key in found if key.endswith("|auc")] == [
        "1. Conv, 32 x 32|auc", "2. ReLU, 32 x 32|auc", "3. AvgPool, 16 x 16|auc",
    ]  # fmt: skip
    assert found["2. ReLU, 32 x 32|auc"] > 0.99
    assert found["2. ReLU, 32 x 32|empty"] == 0


def test_saliency_of_each_feature_module_is_measured_with_its_control(planted):
    found = depth.saliency_by_depth(planted)
    rows = ("1. Conv, 32 x 32", "2. ReLU, 32 x 32", "3. AvgPool, 16 x 16")
    assert [key for key in found if key.endswith("|half")] == [f"{row}|half" for row in rows]
    assert {key for key in found if "|random_blocks" in key} == {f"{r}|random_blocks" for r in rows}
    # The detector's last layer weighs every cell of the pool alike.
    assert found["3. AvgPool, 16 x 16|half"] == 1
    assert found["3. AvgPool, 16 x 16|blocks"] == pytest.approx(depth.CHANCE)
    assert found["3. AvgPool, 16 x 16|random_blocks"] > depth.CHANCE


def test_the_spread_of_grad_cam_is_that_of_the_planted_patch(planted):
    found = depth.gradcam_by_depth(planted)
    cells = planted_mask().mean()
    assert found["2. ReLU, 32 x 32|half"] == pytest.approx(cells)
    assert found["2. ReLU, 32 x 32|blocks"] == pytest.approx(1)


def test_a_map_without_positive_values_counts_as_empty():
    assert not depth.rectified(np.full((2, 2), -1, np.float32), (4, 4)).any()
    assert depth.rectified(np.array([[1, -1]], np.float32), (2, 4))[0].tolist() == pytest.approx(
        [1, 0.75, 0.25, 0]
    )


def test_two_backgrounds_of_one_image_each_are_compared(planted):
    found = backgrounds.deepshap_by_background(planted, size=1)
    assert set(found) == {"1 images|error", "1 images|spearman", "1 images|top_overlap"}
    # Beside the patch both backgrounds are grey noise, to which the detector is blind.
    assert found["1 images|error"] < 0.05


def test_too_few_training_images_are_named(planted):
    with pytest.raises(backgrounds.TooFewImagesError, match="10 images need 20 training images"):
        backgrounds.deepshap_by_background(planted, size=10)


def test_shown_patches_are_the_five_strongest():
    segments = np.arange(8, dtype=np.uint8).reshape(2, 4)
    a = np.array([[8, -7, 6, 5], [4, 3, 2, 1]], np.float32)
    b = np.array([[8, -7, 6, 0], [0, 3, 2, 1]], np.float32)
    one, other = (Attribution(values, segments=segments) for values in (a, b))
    assert lime.coefficients(one).tolist() == [8, -7, 6, 5, 4, 3, 2, 1]
    assert lime.shown_in_common(one, other) == 3 / 5
    assert lime.shown_in_common(one, one) == 1


def test_lime_finds_the_planted_patch_with_every_seed(planted):
    found = lime.lime_by_samples(planted)
    assert found["2000 samples|spearman"] > found["100 samples|spearman"] - 0.2
    assert found["2000 samples|r2"] > 0.3


def test_limits_by_depth_are_left_out_with_the_reason_for_a_network_that_is_no_chain(
    tmp_path, monkeypatch
):
    classifier, image = branches(), planted_image()
    explainers = {"gradcam": catalogue.get("gradcam").explainer()}
    engine = Engine(classifier)
    case = Case(image, 1, 1, content_hash(image), planted_mask())
    folder = MapFolder(tmp_path, engine, explainers, 0)
    list(folder.compute([case]))
    run = Run(Setting(engine, explainers), folder, [case], [case])
    by_depth = [limit for limit in LIMITS if limit.method == "gradcam"]
    monkeypatch.setattr("explanations.evaluation.limits.catalogue.LIMITS", by_depth)
    raw = run.raw()
    assert raw.measures  # everything else is measured
    assert by_depth
    for limit in by_depth:
        assert "It needs a chain of modules" in raw.left_out[f"Limit {limit.key}"]
