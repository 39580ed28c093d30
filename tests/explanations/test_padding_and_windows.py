"""Wide images that are filled up to a square, and grey images of 16 bits that come by a window."""

import io
import json

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.template.loader import render_to_string
from PIL import Image

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import decode_content, fingerprint
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.grey_window import GreyWindow
from explanations.imagesets.input_rule import InputRule
from explanations.imagesets.leaks import find_leaks
from explanations.models import ClassifierWeights, ImageSet
from explanations.pipeline.data_folder import image_store
from explanations.rendering import canvas
from studyplatform.panel.classifier_card import card_of


def wide(height=20, width=60):
    """An image whose left half is red and whose right half is blue."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    return pixels


def deep(values):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(values, dtype=np.uint16)).save(buffer, format="PNG")
    return buffer.getvalue()


def test_padding_keeps_the_whole_image_and_its_proportions():
    rule = InputRule(60, crop="pad")
    made = rule.apply(wide())
    assert made.shape == (60, 60, 3)
    assert np.array_equal(made[20:40], wide())  # as large as the square, so nothing is resampled
    assert (made[:20] == (100, 0, 100)).all()
    assert (made[40:] == (100, 0, 100)).all()
    # The control: a squeezed image has no border, and a centred square loses both ends.
    assert (InputRule(60, crop="none").apply(wide())[0, 0] == (200, 0, 0)).all()
    assert rule.keeps_the_aspect
    high = rule.apply(np.swapaxes(wide(), 0, 1).copy())
    assert np.array_equal(high, np.swapaxes(made, 0, 1))
    assert "filled up" in str(rule)


def test_a_smaller_input_is_the_filled_square_resampled_once():
    rule = InputRule(30, crop="pad")
    square = Image.fromarray(InputRule(60, crop="pad").apply(wide()))
    expected = np.asarray(square.resize((30, 30), Image.Resampling.LANCZOS))
    assert np.array_equal(rule.apply(wide()), expected)
    # People see the same part as the classifier, whatever the size of the picture.
    shown = canvas.cut(rule.framed(wide()), rule.window(20, 60), (30, 30))
    assert np.array_equal(shown, expected)


def test_a_square_image_needs_no_padding_and_a_wide_one_is_never_the_input_itself():
    rule = InputRule(60, crop="pad")
    assert rule.is_identity(60, 60)
    assert not rule.is_identity(20, 60)
    assert not rule.is_identity(60, 20)
    assert InputRule(60).is_identity(60, 60)


def test_what_is_filled_up_belongs_to_no_part():
    mask = np.ones((20, 60), dtype=np.uint8)
    made = InputRule(60, crop="pad").apply_to_mask(mask)
    assert made[20:40].all()
    assert not made[:20].any()
    assert not made[40:].any()


def test_a_resize_goes_only_with_a_crop():
    with pytest.raises(ValueError, match="resize is 70 and crop is 'pad', but only the crop"):
        InputRule(60, 70, "pad")


def test_a_window_scales_the_values_between_its_ends_and_cuts_off_the_rest():
    values = [[0, 100, 1124], [2148, 4000, 60_000]]
    found = decode_content(deep(values), "xray.png", GreyWindow(100, 2148))
    expected = np.array([[0, 0, 128], [255, 255, 255]], dtype=np.uint8)
    assert np.array_equal(found, np.repeat(expected[..., None], 3, axis=2))


def test_without_a_window_deep_images_are_refused_and_with_one_all_others():
    with pytest.raises(ImageSetError, match=r"xray.png .* import with --window LOW HIGH"):
        decode_content(deep([[1, 2], [3, 4]]), "xray.png")
    buffer = io.BytesIO()
    Image.fromarray(wide()).save(buffer, format="PNG")
    with pytest.raises(ImageSetError, match=r"photo.png has 8 bits .* window 0 to 4095"):
        decode_content(buffer.getvalue(), "photo.png", GreyWindow(0, 4095))


@pytest.mark.parametrize("ends", [(5, 5), (9, 2), (-1, 3), (0, 70_000)])
def test_a_window_without_width_or_beyond_16_bits_is_refused(ends):
    with pytest.raises(ImageSetError, match="Give two values from 0 to 65535"):
        GreyWindow(*ends)


@pytest.fixture
def xrays(tmp_path):
    """Deep grey images of two classes; a test image is a copy of a training image."""
    generator = np.random.default_rng(3)
    for split in ("train", "test"):
        for name in ("healthy", "ill"):
            folder = tmp_path / "xrays" / split / name
            folder.mkdir(parents=True)
            for number in range(2):
                values = generator.integers(0, 4096, (8, 8)).repeat(8, 0).repeat(8, 1)
                (folder / f"{number}.png").write_bytes(deep(values))
    first = (tmp_path / "xrays/train/ill/0.png").read_bytes()
    (tmp_path / "xrays/test/ill/0.png").write_bytes(first)
    return tmp_path / "xrays"


def test_the_import_by_a_window_is_stored_and_another_window_is_refused(db, xrays):
    said = call_command("import_images", data=str(xrays), window=[0, 4095])
    assert "Grey values 0 to 4095 became black to white" in said
    image_set = ImageSet.objects.get()
    assert image_set.grey_window == "0 to 4095"
    assert any("looks like images in train" in warning for warning in image_set.warnings)
    shades = {len(np.unique(image_store().read(row.sha256))) for row in image_set.images.all()}
    assert min(shades) > 20
    call_command("import_images", data=str(xrays), window=[0, 4095])
    with pytest.raises(CommandError, match=r"by the window 0 to 4095, but .* window 0 to 2000"):
        call_command("import_images", data=str(xrays), window=[0, 2000])
    with pytest.raises(CommandError, match="--window LOW HIGH"):
        call_command("import_images", data=str(xrays))
    with pytest.raises(CommandError, match=r"scenes has no grey images .* Omit --window"):
        call_command("import_images", data="scenes", window=[0, 2000])


def test_copies_are_told_apart_by_the_window_and_not_by_cut_off_values(xrays):
    leaks = find_leaks(FolderSet(xrays, window=GreyWindow(0, 4095)), "test")
    assert leaks.copies == (("test/ill/0.png", "train/ill/0.png"),)
    # The control: a thumbnail without the window is white almost everywhere.
    content = (xrays / "train/ill/1.png").read_bytes()
    assert (
        fingerprint(content, "xray").mean() > fingerprint(content, "x", GreyWindow(0, 4095)).mean()
    )


def test_cards_record_padding_window_and_copies_and_the_panel_shows_them(db, xrays, tmp_path):
    output = tmp_path / "xrays.safetensors"
    call_command(
        "train_classifier", data=str(xrays), window=[0, 4095], crop="pad", output=output,
        recipe="base", epochs=1, size=32, device="cpu",
    )  # fmt: skip
    card = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["data"]["grey_window"] == "0 to 4095"
    assert "looks like images in train" in card["data"]["warnings"][0]
    assert "filled up with its mean colour" in card["network"]["input"]
    # A classifier that is measured on an imported set takes over what its import found.
    call_command("import_images", data=str(xrays), window=[0, 4095], name="rays")
    said = call_command("register_classifier", name="mine", weights=output, data="rays")
    assert "Warning: 1 of the images in test looks like images in train" in said
    weights = ClassifierWeights.objects.get(name="mine")
    assert weights.card["data"]["grey_window"] == "0 to 4095"
    shown = card_of(weights)
    assert shown.warnings == ImageSet.objects.get().warnings
    page = render_to_string("panel/classifier_card.html", {"card": shown, "study": None})
    assert "looks like images in train" in page
    # The control: a card without copies has no such list.
    weights.card["data"].pop("warnings")
    plain = render_to_string("panel/classifier_card.html", {"card": card_of(weights)})
    assert "too good" not in plain
