import errno
import hashlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest
from django.utils import translation
from PIL import Image

from explanations import catalogue
from explanations.attribution import Attribution
from explanations.imagesets.input_rule import InputRule
from explanations.models import ClassifierWeights, Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline import pictures
from explanations.pipeline.data_folder import artefact_store, image_store
from explanations.rendering import canvas
from explanations.rendering.viewing import DEFAULT, VIEWS
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


def test_an_image_and_a_legend_are_drawn_once_too(scenes, corner, settings, monkeypatch):
    explanation = explained(scenes, corner)
    image = explanation.prediction.image
    first = pictures.image_png(image), pictures.legend_png("gradcam")
    assert len(list((settings.DATA_DIR / "pictures").rglob("*.png"))) == 2
    monkeypatch.setattr(canvas, "png", lambda colours: pytest.fail("drawn again"))
    image_store().path(image.sha256).unlink()
    assert (pictures.image_png(image), pictures.legend_png("gradcam")) == first


def test_pictures_are_drawn_ahead_of_the_first_participant(photograph, settings, monkeypatch):
    explanation, _ = photograph
    rule = explanation.prediction.classifier.rule
    pictures.draw_ahead([explanation.prediction], [explanation])
    monkeypatch.setattr(canvas, "png", lambda colours: pytest.fail("drawn at a request"))
    for dense in (False, True):
        assert pictures.image_picture(explanation.prediction.image, rule, dense=dense).stored()
        assert pictures.map_picture(explanation, dense=dense).stored()
    assert pictures.legend_picture(explanation.method).stored()


def test_a_full_disk_still_serves_pictures(settings, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    picture = pictures.legend_picture("lime")
    monkeypatch.setattr(pictures, "write_atomically", full)
    assert pixels_of(picture.content()).shape == (16, 320, 3)
    assert picture.stored() is None
    monkeypatch.undo()
    assert picture.stored().read_bytes() == picture.content()


def test_a_damaged_picture_is_named_and_replaced_before_anybody_gets_it():
    picture = pictures.legend_picture("lime")
    path, whole = picture.stored(), picture.content()
    assert list(pictures.damaged_pictures()) == []
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for damaged in (bytes(flipped), whole[:-1], whole + b"x", whole[:33], b""):
        path.write_bytes(damaged)
        assert list(pictures.damaged_pictures()) == [
            f"The picture {path} is damaged. Delete it: it is drawn again."
        ]
        assert picture.content() == path.read_bytes() == whole


def test_many_threads_that_draw_the_same_picture_leave_one_whole_file(settings):
    content = pictures.legend_png("lime")
    meeting = threading.Barrier(8)

    def draw() -> bytes:
        meeting.wait()  # all of them have found that the picture is not there
        return content

    picture = pictures.Picture("ab" * 32, draw)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: picture.content(), range(8))) == {content}
    (file,) = (settings.DATA_DIR / "pictures" / "ab").iterdir()
    assert file.read_bytes() == content


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
    prediction = explanation.prediction
    assert pictures.picture_name(explanation, DEFAULT) == name
    assert pictures.picture_name(explanation, DEFAULT, dense=True) == name
    names = {name}
    for rule in ({"size": 128}, {"size": 128, "resize": 144}, {"size": 128, "crop": "none"}):
        prediction.classifier.input_rule = rule
        for dense in (True, False):
            names.add(pictures.picture_name(explanation, DEFAULT, dense=dense))
    prediction.image.width = prediction.image.height = 128
    names.add(pictures.picture_name(explanation, DEFAULT))  # exactly the input of another rule
    assert len(names) == 8


@pytest.fixture
def photograph(scenes, corner):
    """A photograph of 500 by 300 pixels with a map of 224, whose upper left corner is strongest."""
    explanation = explained(scenes, np.kron(corner, np.ones((7, 7), np.float32)))
    image, weights = explanation.prediction.image, explanation.prediction.classifier
    chance = np.random.default_rng(0).integers(0, 256, (150, 250, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(chance).resize((500, 300), Image.Resampling.BICUBIC))
    image.sha256, image.height, image.width = image_store().write(pixels), 300, 500
    weights.input_rule = {"size": 224}
    image.save()
    weights.save()
    return explanation, pixels


@pytest.mark.nightly
def test_people_see_the_part_of_a_photograph_that_the_classifier_sees_at_its_own_resolution(
    photograph,
):
    explanation, pixels = photograph
    image, rule = explanation.prediction.image, explanation.prediction.classifier.rule
    window = Image.fromarray(pixels[:, 100:400])
    for dense, side in ((False, 448), (True, 672)):
        shown = pixels_of(pictures.image_png(image, rule, dense=dense))
        assert shown.shape == (side, side, 3)
        expected = np.asarray(window.resize((side, side), Image.Resampling.LANCZOS))
        assert np.abs(shown.astype(int) - expected).mean() < 1
        # The control: enlarging the classifier's input loses what lies between its pixels.
        enlarged = canvas.fitted(rule.apply(pixels), (side, side))
        assert np.abs(enlarged.astype(int) - expected).mean() > 3
        assert pixels_of(pictures.map_png(explanation, dense=dense)).shape == (side, side, 3)
    assert pixels_of(pictures.image_png(image)).shape == (300, 500, 3)  # the whole of it


def test_the_map_lies_on_the_part_that_it_explains(photograph):
    """Where the map is zero, the layer is dark blue; in the corner, it is yellow."""
    explanation, _ = photograph
    image, rule = explanation.prediction.image, explanation.prediction.classifier.rule
    ground = pixels_of(pictures.image_png(image, rule)).astype(float)
    opacity = catalogue.get("gradcam").drawing.opacity
    drawn = pixels_of(pictures.map_png(explanation)).astype(float)
    layer = (drawn - (1 - opacity) * ground) / opacity
    assert np.abs(layer[150:, 150:] - (0, 34, 78)).max() <= 2
    assert np.abs(layer[:100, :100] - (254, 232, 56)).max() <= 2


def test_a_classifier_of_few_pixels_shows_a_photograph_in_its_squares(photograph):
    explanation, pixels = photograph
    rule = InputRule(32)
    shown = pixels_of(pictures.image_png(explanation.prediction.image, rule, dense=True))
    assert np.array_equal(shown, np.kron(rule.apply(pixels), np.ones((10, 10, 1), np.uint8)))


@pytest.mark.nightly
def test_removing_an_image_removes_every_picture_that_was_drawn_of_it(photograph, settings):
    explanation, _ = photograph
    image, rule = explanation.prediction.image, explanation.prediction.classifier.rule
    for dense in (False, True):
        pictures.image_png(image, dense=dense)
        pictures.image_png(image, rule, dense=dense)
        pictures.map_png(explanation, dense=dense)
        pictures.map_png(explanation, VIEWS["half"][1], dense=dense)
    folder = settings.DATA_DIR / "pictures"
    assert len(list(folder.rglob("*.png"))) == 8
    names = set(pictures.picture_names(StudyImage.objects.filter(pk=image.pk)))
    assert {path.stem for path in folder.rglob("*.png")} <= names


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
