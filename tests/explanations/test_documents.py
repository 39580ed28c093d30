"""The documentation's pictures of maps and cards are what the shipped weights and methods give."""

import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from explanations import catalogue
from explanations.documents import gallery
from explanations.documents.cards import draw_cards
from explanations.documents.gallery import (
    methods_by_layer,
    methods_on_the_wall,
    methods_shown,
)
from explanations.documents.inputs import inputs_of, read_inputs
from explanations.engine import METHODS
from explanations.rendering.outlines import GradedOutlines
from tests.conftest import ROOT
from tests.daily import daily

IMAGES = ROOT / "docs" / "images"
OF_MAPS = {
    "maps-gallery": methods_shown,
    "maps-gallery-deuteranopia": methods_shown,
    "maps-gallery-protanopia": methods_shown,
    "layers-frog": methods_by_layer,
    "layers-truck": methods_by_layer,
}
CURE = "stale: draw it anew with manage.py draw_pictures --data-dir DIR"


def sha256_of(name):
    return json.loads((ROOT / "weights" / f"{name}.json").read_text())["weights"]["sha256"]


@pytest.fixture(scope="module")
def weights_sha256():
    return sha256_of("cifar10")


@pytest.mark.parametrize("name", OF_MAPS)
def test_a_picture_of_maps_is_of_these_weights_methods_and_drawings(name, weights_sha256):
    now = inputs_of(weights_sha256, OF_MAPS[name]())
    assert read_inputs(IMAGES / f"{name}.png") == now, f"{name}.png is {CURE}"


def test_the_wall_is_of_these_weights_methods_and_drawings():
    now = inputs_of(sha256_of("scenes-128"), methods_on_the_wall())
    cure = "draw it anew with manage.py draw_pictures --wall"
    assert read_inputs(IMAGES / "maps-wall.png") == now, f"maps-wall.png is stale: {cure}"


@pytest.mark.nightly
def test_the_command_draws_the_wall(tmp_path, monkeypatch, capsys):
    few = [catalogue.get("gradcam")]
    monkeypatch.setattr(gallery, "methods_on_the_wall", lambda: few)
    call_command("draw_pictures", output=tmp_path, wall=True)
    assert "maps-wall.png" in capsys.readouterr().out
    assert read_inputs(tmp_path / "maps-wall.png") == inputs_of(sha256_of("scenes-128"), few)
    assert [path.name for path in tmp_path.iterdir()] == ["maps-wall.png"]


def test_the_page_about_maps_says_how_each_method_is_drawn():
    page = (ROOT / "docs" / "maps.md").read_text(encoding="utf-8")
    table = page.partition("## How they are drawn")[2].partition("\n\n- ")[0]
    for method in catalogue.METHODS:
        words = "both placebos" if method.is_placebo else method.label.removesuffix(" map")
        assert words.lower() in table.lower(), method.label


def test_other_weights_parameters_drawings_or_methods_make_a_picture_stale(weights_sha256):
    methods = methods_shown()
    lime = next(method for method in methods if method.key == "lime")
    others = [method for method in methods if method is not lime]
    now = inputs_of(weights_sha256, methods)
    assert now == inputs_of(weights_sha256, methods_shown())
    stale = {
        inputs_of("0" * 64, methods),
        inputs_of(weights_sha256, others),
        inputs_of(weights_sha256, [*others, replace(lime, drawing=GradedOutlines())]),
        inputs_of(weights_sha256, [*others, replace(lime, parameters={"samples": 10})]),
    }
    assert len(stale) == 4
    assert now not in stale


def test_every_picture_of_maps_is_under_the_test_above():
    stamped = {path.stem for path in IMAGES.glob("*.png") if read_inputs(path)}
    assert stamped == {*OF_MAPS, "maps-wall"}
    named = {path.stem for path in IMAGES.glob("maps-*")} | {
        path.stem for path in IMAGES.glob("layers-*")
    }
    assert named == {*OF_MAPS, "maps-wall"}


def difference(a, b):
    pictures = [np.asarray(Image.open(path).convert("RGB")).astype(float) for path in (a, b)]
    assert pictures[0].shape == pictures[1].shape
    return np.abs(pictures[0] - pictures[1]).mean()


# Those whose pictures lie beside them come first; those of other seeds have none.
CARDS = sorted(
    (ROOT / "weights").glob("*.json"),
    key=lambda card: (not card.with_name(f"{card.stem}-curves.png").is_file(), card.stem),
)


@pytest.mark.parametrize("card", daily(CARDS, 1), ids=lambda path: path.stem)
def test_curves_and_confusion_matrices_are_those_of_the_card(card, tmp_path):
    for drawn in draw_cards([card], tmp_path):
        for shipped in (card.parent / drawn.name, IMAGES / drawn.name):
            if shipped.is_file():
                assert difference(drawn, shipped) < 2, f"{shipped.name} is stale"


def test_the_numbers_of_another_card_look_different():
    """The control of the comparison above, by pictures that it holds against their cards."""
    for kind in ("confusion", "curves"):
        a, b = (ROOT / "weights" / f"{name}-{kind}.png" for name in ("cifar10", "scenes"))
        assert difference(a, b) > 2


@pytest.mark.nightly
def test_without_photographs_the_command_says_what_it_leaves_out(tmp_path, capsys):
    call_command("draw_pictures", output=tmp_path)
    said = capsys.readouterr().out
    assert "all maps (they need --data-dir DIR)" in said
    with pytest.raises(CommandError):
        call_command("draw_pictures", output=tmp_path, data_dir=tmp_path)


def test_the_methods_of_the_report_and_the_placebos_are_in_the_gallery():
    assert [method.key for method in methods_shown()] == [
        *METHODS, "placebo", "placebo_borrowed",
    ]  # fmt: skip
