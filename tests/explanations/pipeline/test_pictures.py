import hashlib
import io
from dataclasses import asdict

import numpy as np
import pytest
from django.utils import translation
from PIL import Image

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline import pictures
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.rendering.viewing import DEFAULT
from explanations.store.artefacts import ArtefactError, ArtefactStore

pytestmark = pytest.mark.django_db
KEY = "cd" + "0" * 62


def explained(scenes, relevance, diagnostics=None) -> Explanation:
    """A scene with a Grad-CAM map; the classifier calls it a rocket."""
    image_set = ImageSet.objects.create(name="scenes", class_names=["rocket", "house"])
    image = StudyImage.objects.create(
        image_set=image_set, sha256=image_store().write(scenes[0]), split="test",
        true_class="house", source="test/0", width=32, height=32,
    )  # fmt: skip
    prediction = Prediction.objects.create(
        image=image, classifier=ClassifierWeights.objects.create(sha256="w", class_names=[]),
        predicted_class="rocket", probability=0.9, probabilities=[], is_correct=False,
    )  # fmt: skip
    return Explanation.objects.create(
        prediction=prediction, method="gradcam", parameters={},
        **asdict(artefact_store().write(KEY, Attribution(relevance))),
        diagnostics=diagnostics or {},
    )  # fmt: skip


@pytest.fixture
def corner():
    relevance = np.zeros((32, 32), np.float32)
    relevance[:8, :8] = 1
    return relevance


def pixels_of(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def test_the_image_is_shown_pixelated(scenes, corner):
    shown = pixels_of(pictures.image_png(explained(scenes, corner).prediction.image))
    assert np.array_equal(shown, np.kron(scenes[0], np.ones((10, 10, 1), np.uint8)))


def test_a_map_is_drawn_once_and_then_read_from_the_data_folder(scenes, corner, settings):
    explanation = explained(scenes, corner)
    first = pictures.map_png(explanation)
    assert pixels_of(first).shape == (320, 320, 3)
    (kept,) = (settings.DATA_DIR / "pictures").rglob("*.png")
    (artefact_store().root / explanation.pack).unlink()
    assert pictures.map_png(explanation) == first == kept.read_bytes()


def test_another_way_of_drawing_does_not_serve_the_old_picture(scenes, corner, monkeypatch):
    explanation = explained(scenes, corner)
    pictures.map_png(explanation)
    monkeypatch.setattr(pictures, "VERSION", 999)
    (artefact_store().root / explanation.pack).unlink()
    with pytest.raises(ArtefactError, match="precompute_explanations again"):
        pictures.map_png(explanation)


def test_a_tiny_image_keeps_the_names_of_its_pictures_and_a_large_one_has_names_by_size(
    scenes, corner
):
    """Pictures that were drawn by earlier versions stay valid."""
    explanation = explained(scenes, corner)
    drawing = catalogue.get("gradcam").drawing
    text = f"{explanation.key} {explanation.sha256} {drawing!r} {DEFAULT!r} 1"
    name = hashlib.sha256(text.encode()).hexdigest()
    image = explanation.prediction.image
    assert pictures.picture_name(explanation, DEFAULT) == name
    assert pictures.picture_name(explanation, DEFAULT, dense=True) == name
    image.width = image.height = 128
    names = {pictures.picture_name(explanation, DEFAULT, dense=dense) for dense in (True, False)}
    image.width = 200
    names |= {pictures.picture_name(explanation, DEFAULT), name}
    assert len(names) == 4


def test_image_and_map_of_a_wide_image_have_its_shape(scenes, corner):
    explanation = explained(scenes, corner)
    image = explanation.prediction.image
    wide = np.random.default_rng(0).integers(0, 256, (112, 200, 3), dtype=np.uint8)
    image.sha256, image.height, image.width = image_store().write(wide), 112, 200
    for dense, shape in ((False, (224, 400, 3)), (True, (448, 800, 3))):
        assert pixels_of(pictures.image_png(image, dense=dense)).shape == shape
        assert pixels_of(pictures.map_png(explanation, dense=dense)).shape == shape


def test_the_words_for_screen_readers_tell_the_place_and_no_class(scenes, corner):
    text = pictures.alt_text(explained(scenes, corner))
    assert text == "The strongest regions are: upper left."
    assert "rocket" not in text
    assert "house" not in text


def test_the_words_are_found_once_and_again_where_the_file_was_changed(scenes, corner, monkeypatch):
    explanation, read = explained(scenes, corner), []
    reads = ArtefactStore.read
    monkeypatch.setattr(ArtefactStore, "read", lambda *one: read.append(1) or reads(*one))
    assert pictures.alt_text(explanation) == pictures.alt_text(explanation)
    assert len(read) == 1
    with translation.override("de"):
        assert "links" in pictures.alt_text(explanation)
    assert len(read) == 2
    (artefact_store().root / explanation.pack).write_bytes(b"damaged")
    with pytest.raises(ArtefactError, match="precompute_explanations again"):
        pictures.alt_text(explanation)


def test_an_empty_map_says_so_in_words_and_is_the_plain_image(scenes, corner):
    explanation = explained(scenes, corner * 0, {"empty": True})
    assert pictures.alt_text(explanation) == "The map is empty: no region stands out."
    assert pictures.caption(explanation, "rocket").startswith("The map is empty: ")
    assert pictures.map_png(explanation) == pictures.image_png(explanation.prediction.image)


def test_the_caption_names_what_was_predicted_and_not_the_truth(scenes, corner):
    caption = pictures.caption(explained(scenes, corner), "rocket")
    assert "“rocket”" in caption
    assert "house" not in caption


def test_a_legend_is_a_strip(scenes):
    assert pixels_of(pictures.legend_png("lime")).shape == (16, 320, 3)
