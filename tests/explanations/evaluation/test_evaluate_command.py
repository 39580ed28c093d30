"""manage.py evaluate_explanations, from images to the report."""

import csv
import json
import re

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from analysis.study_data.map_evaluation import read_evaluation
from explanations.evaluation.cases import Case
from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.measuring import Raw
from explanations.evaluation.reporting import number, p_value
from explanations.evaluation.summary import FEW, summarise
from tests.explanations.conftest import random_classifier

QUICK = {"images": 3, "subsample": 2, "methods": "gradcam,saliency", "threads": 1}


@pytest.fixture(scope="module")
def report(tmp_path_factory, django_db_blocker):
    """Three scenes by two methods, with the shipped classifier."""
    folder = tmp_path_factory.mktemp("report")
    call_command("evaluate_explanations", output=folder, **QUICK)
    return folder


def test_every_measure_is_in_the_json_or_named_as_left_out(report):
    found = json.loads((report / "results.json").read_text())
    measured = {one["label"] for one in found["measures"]}
    assert measured | found["left_out"].keys() >= {measure.label for measure in MEASURES}
    assert "Fit of the linear model" in found["left_out"]  # there is no LIME among the methods
    assert found["images"] == {
        "all": 3, "right": found["images"]["right"], "wrong": 3 - found["images"]["right"],
        "with_mask": 3, "subsample": 2,
    }  # fmt: skip


def test_the_csv_is_flat_and_every_mean_lies_in_its_interval(report):
    with (report / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"method", "measure", "images", "mean", "low", "high", "n"}
    for row in rows:
        if row["low"]:
            low, mean, high = (float(row[name]) for name in ("low", "mean", "high"))
            assert low - 1e-12 <= mean <= high + 1e-12
    methods = {row["method"] for row in rows if row["measure"] == "road"}
    assert methods == {"gradcam", "saliency", "random", "edges", "centre"}
    for measure in ("gradcam_depth_empty", "gradcam_depth_blocks", "saliency_depth_random_blocks"):
        assert len({row["method"] for row in rows if row["measure"] == measure}) == 15


def test_chance_is_printed_beside_localisation(report):
    found = json.loads((report / "results.json").read_text())
    for one in found["measures"]:
        if one["group"] == "localisation":
            assert "chance" in {row["method"] for row in one["rows"]}


def test_methods_are_compared_with_each_other_and_with_the_controls(report):
    found = json.loads((report / "results.json").read_text())
    road = next(one for one in found["measures"] if one["key"] == "road")
    assert len(road["comparisons"]) == 1 + 2 * 3
    assert all(pair["p_holm"] >= pair["p"] for pair in road["comparisons"])


def test_the_page_stands_alone_and_names_no_best_method(report):
    page = (report / "report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    assert "nor a best method" in page
    assert page.count("<figure>") == len(list((report / "figures").glob("*.svg")))
    assert "None" not in re.sub(r"data:image\S+|None of the methods", "", page)


def test_every_table_says_of_how_many_images_it_is(report):
    page = (report / "report.html").read_text()
    for label, count in (("ROAD", 3), ("Max-sensitivity", 2)):
        of_measure = page[page.index(f"<h3>{label}</h3>") :].split("</table>")[0]
        assert f"<th>All images (n&nbsp;{count})</th>" in of_measure
        assert "Wrong predictions" not in of_measure  # too few of them


@pytest.mark.parametrize(("wrong", "told_apart"), [(FEW, True), (FEW - 1, False)])
def test_right_and_wrong_predictions_are_told_apart_where_there_are_enough(wrong, told_apart):
    image = np.zeros((2, 2, 3), dtype=np.uint8)
    cases = [Case(image, 0, int(number < wrong), f"image {number}") for number in range(30)]
    table = {case.sha256: {"gradcam": float(case.is_right)} for case in cases}
    found = summarise(Raw(cases, cases, {"road": table}, {}, {}), ("gradcam",)).measures[0]
    assert (found.row("gradcam", "wrong") is not None) == told_apart
    assert ("gradcam" in found.right_minus_wrong) == told_apart
    if told_apart:
        assert found.row("gradcam", "wrong").n == wrong
        assert found.right_minus_wrong["gradcam"].mean == 1


def test_numbers_are_short_and_rounding_noise_is_nothing():
    values = (0.1234, -0.00081, 8.5e-08, -2.2e-16, 12.345, 1481.2)
    assert [number(value) for value in values] == [
        "0.123", "−0.0008", "8.5e-08", "0", "12.35", "1,481",
    ]  # fmt: skip


@pytest.mark.nightly
def test_a_second_run_computes_nothing_and_writes_the_same_numbers(report, monkeypatch):
    before = {name: (report / name).read_bytes() for name in ("results.json", "report.html")}

    def refuse(*args, **kwargs):
        raise AssertionError("an image was explained again")

    monkeypatch.setattr("explanations.engine.Engine.explain", refuse)
    call_command("evaluate_explanations", output=report, **QUICK)
    assert {name: (report / name).read_bytes() for name in before} == before


@pytest.mark.nightly
def test_a_folder_of_images_without_masks_is_evaluated_too(tmp_path):
    generator = np.random.default_rng(0)
    classifier = random_classifier()
    classifier.save(tmp_path / "w.safetensors")
    for label in classifier.class_names[:2]:
        (tmp_path / "images" / "test" / label).mkdir(parents=True)
        for count in range(2):
            pixels = generator.integers(0, 256, (40, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / "test" / label / f"{count}.png")
    call_command(
        "evaluate_explanations", output=tmp_path / "out", data=str(tmp_path / "images"),
        weights=tmp_path / "w.safetensors", images=4, subsample=2, methods="saliency",
        without_limits=True,
    )  # fmt: skip
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert found["left_out"]["Pixel AUC"] == "The image set has no masks."
    assert "have no masks" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": "gradcam,magic"}, "Unknown method 'magic'"),
        ({"images": 1}, "images is 1, but intervals need at least 2"),
        ({"images": 5, "subsample": 6}, "Make it smaller"),
        ({"methods": "gradcam,gradcam"}, "each method only once"),
        ({"data": "nowhere"}, "give --weights"),
        ({"split": "validation"}, "no split 'validation'"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("evaluate_explanations", output=tmp_path, **{**QUICK, **options})


def test_numbers_are_printed_with_the_digits_that_count():
    assert [number(x) for x in (0, 0.12345, -0.5, 3.14159, 1234.5, 4.7e-7)] == [
        "0", "0.123", "−0.500", "3.14", "1,234", "4.7e-07",
    ]  # fmt: skip
    assert [p_value(p) for p in (0.0001, 0.0421, 1.0)] == ["< .001", ".042", "1.000"]


def test_every_number_of_an_image_has_its_true_and_predicted_class(report):
    with (report / "images.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_image = {row["image"]: (row["class"], row["predicted"]) for row in rows}
    assert len(by_image) == 3
    assert all((row["class"], row["predicted"]) == by_image[row["image"]] for row in rows)
    found = json.loads((report / "results.json").read_text())
    right = sum(name == predicted for name, predicted in by_image.values())
    assert right == found["images"]["right"]
    # The reader of run_analysis takes the file as it is.
    assert len(read_evaluation(report / "images.csv")) == len(rows)
