import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.scene_set import SceneSet
from explanations.imagesets.scenes import CLASS_NAMES
from explanations.models import ImageSet, StudyImage
from explanations.pipeline.data_folder import image_store
from explanations.pipeline.image_import import BACKGROUND, import_images
from explanations.pipeline.stored_set import StoredSet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_small_background(request, monkeypatch):
    if "hundred" not in request.node.name:
        monkeypatch.setattr("explanations.pipeline.image_import.BACKGROUND_SIZE", 10)


def draw(path, brightness):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((32, 32, 3), brightness, np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    """Two classes, two test images each, one training image each."""
    root = tmp_path / "animals"
    for number, name in enumerate(("cat", "dog")):
        draw(root / "train" / name / "0.png", 10 + number)
        for index in range(2):
            draw(root / "test" / name / f"{index}.png", 20 + 10 * number + index)
    return root


def importing(root, **options):
    return call_command("import_images", data=str(root), **options)


def nothing_is_stored(settings):
    files = [path for path in settings.DATA_DIR.rglob("*") if path.is_file()]
    return not ImageSet.objects.exists() and not StudyImage.objects.exists() and not files


def test_scenes_come_with_masks_and_background():
    done = import_images(SceneSet(), "test", limit=20)
    images = done.image_set.images.filter(split="test")
    assert (done.new, done.known, done.background) == (20, 0, 10)
    assert sorted({image.true_class for image in images}) == sorted(CLASS_NAMES)
    for image in images:
        pixels = image_store().read(image.sha256)
        assert pixels.shape == (image.height, image.width, 3) == (32, 32, 3)
        parts = np.frombuffer(bytes(image.part_map), np.uint8).reshape(32, 32)
        assert 0 < parts.max() <= len(image.part_names)


def test_the_background_is_a_hundred_balanced_images_that_are_shown_to_nobody():
    images = import_images(SceneSet(), "test", limit=10).image_set.images
    background = images.filter(split=BACKGROUND)
    per_class = [background.filter(true_class=name).count() for name in CLASS_NAMES]
    assert per_class == [10] * 10
    hashes = {image.sha256 for image in images.filter(split="test")}
    assert not hashes & set(background.values_list("sha256", flat=True))


def test_a_second_run_adds_nothing_and_a_larger_one_the_rest():
    first = import_images(SceneSet(), "test", limit=10)
    assert import_images(SceneSet(), "test", limit=10).new == 0
    more = import_images(SceneSet(), "test", limit=20, seed=0)
    assert (more.new, more.known, more.background) == (10, 10, 10)
    assert first.image_set == more.image_set


def test_the_background_stays_as_it_is_with_another_seed():
    images = import_images(SceneSet(), "test", limit=10).image_set.images
    before = set(images.filter(split=BACKGROUND).values_list("sha256", flat=True))
    import_images(SceneSet(), "test", limit=10, seed=1)
    assert set(images.filter(split=BACKGROUND).values_list("sha256", flat=True)) == before


def test_a_folder_is_imported_with_a_line_of_summary(folder):
    summary = importing(folder)
    assert summary == (
        "animals: 4 images of the split test stored, 0 were already stored; "
        "2 training images as background."
    )
    image = StudyImage.objects.get(source="test/dog/1.png")
    assert image.true_class == "dog"
    assert image.part_map is None
    assert (image_store().read(image.sha256) == 31).all()


def test_large_images_are_fitted_to_the_classifier(folder):
    Image.new("RGB", (300, 200), "red").save(folder / "test" / "cat" / "large.png")
    importing(folder)
    image = StudyImage.objects.get(source="test/cat/large.png")
    assert (image.width, image.height) == (32, 32)


def test_without_training_images_the_summary_says_what_cannot_be_done(folder):
    for path in sorted((folder / "train").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (folder / "train").rmdir()
    summary = importing(folder)
    assert "no background, so no DeepSHAP: " in summary
    assert "has no split 'train'" in summary
    assert StudyImage.objects.count() == 4


def truncated(folder):
    path = folder / "test" / "cat" / "1.png"
    path.write_bytes(path.read_bytes()[:60])


def no_image(folder):
    (folder / "test" / "cat" / "1.png").write_text("hello")


def unknown_class(folder):
    draw(folder / "test" / "cow" / "0.png", 3)


def empty_class(folder):
    (folder / "test" / "dog" / "0.png").unlink()
    (folder / "test" / "dog" / "1.png").unlink()


def one_picture_of_two_classes(folder):
    draw(folder / "test" / "dog" / "0.png", 20)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (truncated, r"test/cat/1\.png is truncated"),
        (no_image, r"test/cat/1\.png is not a readable image"),
        (unknown_class, "test/cow is an unknown class"),
        (empty_class, "test/dog is an empty class folder"),
        (one_picture_of_two_classes, "test/cat/0.png and test/dog/0.png have the same pixels"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(folder, settings, spoil, message):
    spoil(folder)
    with pytest.raises(CommandError, match=message):
        importing(folder)
    assert nothing_is_stored(settings)


def test_that_check_would_notice_something(folder, settings):
    importing(folder)
    assert not nothing_is_stored(settings)


def test_every_bad_file_gets_its_line(folder):
    no_image(folder)
    (folder / "test" / "dog" / "0.png").write_bytes(b"")
    with pytest.raises(CommandError) as raised:
        importing(folder)
    assert len(str(raised.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "validation"}, "has no split 'validation'. Its folders are: test, train"),
        ({"split": BACKGROUND}, "'background' is filled from the training images"),
        ({"limit": 0}, "limit is 0, but must be at least 1"),
        ({"name": "My animals"}, "'My animals' cannot be the name of an image set"),
    ],
)
def test_an_impossible_wish_is_refused(folder, settings, options, message):
    with pytest.raises(CommandError, match=message):
        importing(folder, **options)
    assert not StudyImage.objects.exists()


def test_a_set_of_other_classes_under_the_same_name_is_refused(folder):
    importing(folder, name="scenes")
    with pytest.raises(ImageSetError, match=r"stored with the classes cat, dog, but"):
        import_images(SceneSet(), "test", limit=10)
    assert ImageSet.objects.count() == 1
    assert StudyImage.objects.count() == 6


def test_a_picture_that_changes_its_class_is_refused(folder):
    importing(folder)
    (folder / "test" / "cat" / "0.png").unlink()
    draw(folder / "test" / "dog" / "0.png", 20)
    with pytest.raises(ImageSetError, match="is stored as cat in 'animals', but is dog"):
        import_images(FolderSet(folder), "test")


def test_the_same_picture_twice_in_a_class_is_stored_once(folder):
    draw(folder / "test" / "cat" / "copy.png", 20)
    assert import_images(FolderSet(folder), "test").new == 4


def test_groups_of_the_manifest_are_stored_and_renewed(folder):
    importing(folder)
    assert set(StudyImage.objects.values_list("group", flat=True)) == {""}
    manifest = folder / "manifest.csv"
    manifest.write_text("path,group\ntest/cat/0.png,day\ntest/dog/1.png,night\n")
    importing(folder)
    stored = dict(StudyImage.objects.exclude(group="").values_list("source", "group"))
    assert stored == {"test/cat/0.png": "day", "test/dog/1.png": "night"}
    manifest.write_text("path,group\ntest/cat/0.png,dusk\n")
    importing(folder)
    assert StudyImage.objects.get(source="test/cat/0.png", split="test").group == "dusk"
    entries = StoredSet(ImageSet.objects.get()).entries("test")
    assert sorted(entry.group for entry in entries) == ["", "", "dusk", "night"]
