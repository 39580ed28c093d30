import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.folder import FolderSet
from explanations.imagesets.scene_set import SceneSet
from explanations.imagesets.scenes import CLASS_NAMES
from explanations.models import ImageSet, OriginalFile, StudyImage
from explanations.pipeline.data_folder import image_store, original_store
from explanations.pipeline.image_import import (
    BACKGROUND,
    import_images,
    load_images,
    store_images,
)
from explanations.pipeline.stored_set import StoredSet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_small_background(request, monkeypatch):
    if "hundred" not in request.node.name:
        monkeypatch.setattr("explanations.pipeline.image_import.BACKGROUND_SIZE", 10)


def draw(path, brightness, size=(32, 32)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((*size[::-1], 3), brightness, np.uint8)
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


@pytest.mark.parametrize(("size", "shape"), [(None, (300, 200)), (48, (48, 48))])
def test_images_stay_as_they_are_unless_a_size_is_given(folder, size, shape):
    path = folder / "test" / "cat" / "large.jpg"
    Image.new("RGB", (300, 200), "red").save(path)
    importing(folder, size=size)
    image = StudyImage.objects.get(source="test/cat/large.jpg")
    assert (image.width, image.height) == shape
    assert image.image_set.fitted_size == size
    kept = OriginalFile.objects.get(image=image)
    assert original_store().path(kept.sha256).read_bytes() == path.read_bytes()
    assert (kept.name, kept.size) == ("large.jpg", path.stat().st_size)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            16,
            24,
            "has images that were fitted to 16 x 16 pixels, but these images are fitted to 24",
        ),
        (16, None, "but these images are not fitted.*--size 16"),
        (None, 24, "has images as they came, but these images are fitted to 24"),
    ],
)
def test_a_second_import_at_another_size_is_refused_and_changes_nothing(
    folder, settings, first, second, message
):
    importing(folder, size=first, limit=2)
    files = sorted(settings.DATA_DIR.rglob("*"))
    with pytest.raises(CommandError, match=message):
        importing(folder, size=second)
    assert sorted(settings.DATA_DIR.rglob("*")) == files
    shapes = set(StudyImage.objects.filter(split="test").values_list("width", "height"))
    assert shapes == {(first or 32,) * 2}
    assert "stored" in importing(folder, size=first)  # the control
    assert importing(folder, size=second, name="another").startswith("another: 4 images")


def test_a_set_of_an_earlier_version_gets_no_images_of_another_size(folder):
    """Its size was not recorded."""
    draw(folder / "test" / "cat" / "0.png", 20, (300, 200))
    importing(folder, size=32, limit=2, seed=3)
    ImageSet.objects.update(fitted_size=None)
    for size in (32, None):
        if size:
            assert "stored" in importing(folder, size=size)
        else:
            with pytest.raises(CommandError, match=r"test/cat/0.png is stored with 32 x 32 pixels"):
                importing(folder, size=size)


def test_images_beyond_the_memory_are_read_again_and_a_file_that_changed_is_noticed(
    folder, monkeypatch
):
    monkeypatch.setattr("explanations.pipeline.image_import._KEPT_BYTES", 32 * 32 * 3)
    importing(folder)
    assert image_store().read(StudyImage.objects.get(source="test/dog/1.png").sha256).mean() == 31
    draw(folder / "test" / "dog" / "2.png", 99)
    loaded = load_images(FolderSet(folder), "test")
    draw(folder / "test" / "dog" / "2.png", 98)
    with pytest.raises(ImageSetError, match=r"test/dog/2\.png changed while it was read"):
        store_images(loaded, "animals")


def test_copies_and_groups_in_two_splits_are_warned_of_and_stored(folder, capsys):
    for split in ("train", "test"):
        chance = np.random.default_rng(7).integers(0, 256, (6, 6, 3), dtype=np.uint8)
        large = Image.fromarray(chance).resize((90, 90), Image.Resampling.BICUBIC)
        form = "png" if split == "train" else "jpg"
        large.resize((90, 90) if split == "train" else (60, 60)).save(
            folder / split / "cat" / f"copy.{form}"
        )
    rows = ["path,group", "train/cat/0.png,anna", "test/dog/0.png,anna", "test/cat/0.png,berta"]
    (folder / "manifest.csv").write_text("\n".join(rows))
    importing(folder)
    copies, groups = ImageSet.objects.get().warnings
    assert copies.startswith(
        "1 of the images in test looks like images in train: "
        "test/cat/copy.jpg and train/cat/copy.png. Remove"
    )
    assert groups.startswith("1 group is in test and in train: anna.")
    said = capsys.readouterr().err
    assert f"Warning: {copies}\nWarning: {groups}\n" in said
    # The control: without the copy and with the patient in one split, there is no warning.
    (folder / "test" / "cat" / "copy.jpg").unlink()
    (folder / "manifest.csv").write_text("\n".join(rows).replace("test/dog/0.png,anna", ""))
    importing(folder, name="clean")
    assert ImageSet.objects.get(name="clean").warnings == []


def test_a_folder_of_classes_is_divided_by_a_rule_that_is_stated_and_stored(tmp_path):
    for number in range(20):
        draw(tmp_path / "pets" / ("cat" if number % 2 else "dog") / f"{number}.png", 12 * number)
    pets = tmp_path / "pets"
    with pytest.raises(CommandError, match=r"cat \(10 files\), dog \(10 files\).*--split-rule"):
        importing(pets)
    summary = importing(pets, split_rule="80/20", split_seed=3)
    assert summary.endswith("Divided by 80/20, seed 3: train 16, test 4.")
    stored = ImageSet.objects.get()
    assert stored.split_rule == "80/20, seed 3"
    test = set(stored.images.filter(split="test").values_list("sha256", flat=True))
    importing(pets, split_rule="80/20", split_seed=3, split="train", name="again")
    train = set(StudyImage.objects.filter(split="train").values_list("sha256", flat=True))
    assert (len(test), len(train), test & train) == (4, 16, set())
    for rule, seed in (("70/30", 3), ("80/20", 4)):
        with pytest.raises(CommandError, match="was divided by 80/20, seed 3, but this import"):
            importing(pets, split_rule=rule, split_seed=seed)


def test_images_that_were_added_since_do_not_bring_one_into_a_second_split(tmp_path):
    pets = tmp_path / "pets"
    for number in range(10):
        draw(pets / ("cat" if number % 2 else "dog") / f"{number}.png", 12 * number)
    importing(pets, split_rule="50/50")
    for number in range(10, 20):
        draw(pets / ("cat" if number % 2 else "dog") / f"{number}.png", 12 * number)
    with pytest.raises(
        CommandError, match=r"is stored in the split 'test' of 'pets', but is in 'tr"
    ):
        importing(pets, split_rule="50/50", split="train")


def test_without_training_images_the_summary_says_what_cannot_be_done(folder):
    for path in sorted((folder / "train").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (folder / "train").rmdir()
    summary = importing(folder)
    assert "no background, so no maps of " in summary
    assert "GradientSHAP" in summary
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
