"""Pages of the documentation say what the shipped page of the source report says."""

import json
import re

import pytest

from tests.conftest import ROOT

ROW = re.compile(r"^\| .*#claim-([a-z0-9-]+)\) \| ([a-z ]+) \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def claims():
    page = ROOT / "docs" / "examples" / "source-report" / "results.json"
    return {claim["key"]: claim for claim in json.loads(page.read_text())["claims"]}


def test_every_verdict_in_the_page_of_maps_is_that_of_the_table(claims):
    rows = ROW.findall((ROOT / "docs" / "maps.md").read_text())
    assert len(rows) == 14
    assert [(key, claims[key]["verdict"]) for key, _ in rows] == rows


def test_the_numbers_in_the_page_of_maps_are_those_of_the_table(claims):
    text = " ".join((ROOT / "docs" / "maps.md").read_text().split())

    def number(key, quantity, of="value"):
        lines = [line for line in claims[key]["lines"] if line["quantity"].endswith(quantity)]
        (line,) = [line for line in lines if line["network"].endswith("strong")]
        return line[of]["mean"]

    def short(value):
        return f"{value:.2f}".replace("0.", ".").replace("-", "−")

    def focus(key, modules, of="value"):
        return short(number(key, f"rank correlation of focus and depth, {modules}", of))

    half = "share of cells above half of the maximum, "
    dark = "share of dark maps, "
    start, end = (number("saliency-progress", half + m) for m in ("convolution 0", "pool 14"))
    assert f"grows from {short(start)} to {short(end)}" in text
    for key, kinds in (
        ("saliency-progress", ("convolutions 0, 2, 5, 7, 10", "ReLUs 1, 3, 6, 8, 11")),
        ("gradcam-story", ("convolutions 0, 2, 5, 7, 10, 12", "ReLUs 1, 3, 6, 8, 11, 13")),
    ):
        trained, random = (
            " and ".join(focus(key, modules, of) for modules in kinds)
            for of in ("value", "control")
        )
        assert f"{trained} ({random} with random weights" in text
    frogs, images = (number("gradcam-last", f"{dark}{w}") for w in ("frogs", "all classes"))
    control = number("gradcam-last", f"{dark}all classes", "control")
    assert f"{frogs:.0%} of the frogs".replace("%", " %") in text
    assert f"{images:.0%} of all images, and for {control:.0%}".replace("%", " %") in text
