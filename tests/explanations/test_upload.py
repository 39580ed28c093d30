"""Uploads: taken as they look, or refused with a line that names the file, and nothing is left."""

import io
import struct
import zipfile

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image, PngImagePlugin

from explanations.imagesets import upload, zip_files
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.upload import SPLIT, UploadSet, read_uploads
from explanations.models import ImageSet, OriginalFile, StudyImage
from explanations.pipeline.data_folder import image_store, original_store
from explanations.pipeline.upload import store_uploads
from explanations.verification.stored_files import check_everything

CLASSES = ("car", "truck")


def picture(seed=0, form="PNG", size=(48, 32), **options) -> bytes:
    """A file of pixels of chance."""
    pixels = np.random.default_rng(seed).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=form, **options)
    return buffer.getvalue()


def zipped(*files, **options) -> io.BytesIO:
    """A zip file of these names and contents."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer


def check(files, other_class: str) -> None:
    """Read and decode everything, and store nothing."""
    opened = [(name, io.BytesIO(c) if isinstance(c, bytes) else c) for name, c in files]
    uploads = read_uploads(opened, CLASSES, other_class)
    UploadSet("set", CLASSES, uploads, taken={}, training=None).check(SPLIT)


def refusals(*files, other_class="car") -> str:
    with pytest.raises(ImageSetError) as caught:
        check(files, other_class)
    return str(caught.value)


@pytest.fixture
def sets(db):
    """The set of the uploads, and a set with a training image."""
    own = ImageSet.objects.create(name="own", class_names=list(CLASSES))
    training = ImageSet.objects.create(name="training", class_names=list(CLASSES))
    StudyImage.objects.create(
        image_set=training,
        sha256=image_store().write(np.zeros((32, 32, 3), dtype=np.uint8)),
        split="background",
        true_class="car",
        source="train/1",
        width=32,
        height=32,
    )
    return own, training


def send(sets, *files, other_class="car"):
    opened = [(name, io.BytesIO(c) if isinstance(c, bytes) else c) for name, c in files]
    return store_uploads(read_uploads(opened, CLASSES, other_class), *sets)


def test_single_files_and_a_zip_are_stored_with_classes_background_and_originals(sets):
    own, _ = sets
    packed = zipped(
        ("mine/Truck/1.png", picture(1)), ("mine/car/2.jpg", picture(2, "JPEG")), ("mine/car/", "")
    )
    done = send(sets, ("0.webp", picture(0, "WEBP")), ("all.zip", packed))
    assert (done.new, done.known, done.background) == (3, 0, 1)
    stored = own.images.filter(split=SPLIT).order_by("pk")
    assert [(row.true_class, row.source) for row in stored] == [
        ("car", "car/0.webp"),
        ("truck", "truck/1.png"),
        ("car", "car/2.jpg"),
    ]
    assert {(row.width, row.height) for row in stored} == {(48, 32)}  # as they are
    kept = OriginalFile.objects.get(image=stored[1])
    assert original_store().path(kept.sha256).read_bytes() == picture(1)
    assert (kept.name, kept.size) == ("1.png", len(picture(1)))


def test_originals_are_for_the_servers_own_account_alone(sets):
    send(sets, ("0.png", picture()))
    path = original_store().path(OriginalFile.objects.get().sha256)
    assert path.stat().st_mode & 0o077 == 0
    assert original_store().folder.stat().st_mode & 0o077 == 0


def test_the_same_file_twice_is_one(sets):
    own, _ = sets
    send(sets, ("0.png", picture()), ("copy.png", picture()))
    done = send(sets, ("again.png", picture()))
    assert (done.new, done.known) == (0, 1)
    assert own.images.filter(split=SPLIT).count() == OriginalFile.objects.count() == 1
    assert len(list(original_store().folder.rglob("*/*"))) == 1


def test_another_image_under_a_known_name_gets_a_name_of_its_own(sets):
    own, _ = sets
    send(sets, ("0.png", picture(0)))
    send(sets, ("0.png", picture(1)))
    first, second = own.images.filter(split=SPLIT).order_by("pk")
    assert first.source == "car/0.png"
    assert second.source == f"car/0-{second.sha256[:8]}.png"


def test_the_same_image_in_two_classes_is_refused_whole(sets):
    packed = zipped(("car/1.png", picture()), ("truck/1.png", picture()))
    with pytest.raises(ImageSetError, match="same pixels, but the classes"):
        send(sets, ("all.zip", packed))
    assert not sets[0].images.exists()


def test_nothing_is_stored_if_one_file_is_refused(sets):
    with pytest.raises(ImageSetError, match=r"page\.png is not a readable image"):
        send(sets, ("0.png", picture()), ("page.png", b"<html><script>alert(1)</script>"))
    assert not sets[0].images.exists()
    assert not original_store().folder.exists()


def test_what_is_shown_contains_nothing_but_pixels(sets):
    own, _ = sets
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "<script>alert(1)</script>")
    exif = Image.Exif()
    exif[0x010F] = "Camera of a person"
    send(
        sets,
        ("0.png", picture(0, pnginfo=text) + b"<script>alert(2)</script>"),
        ("1.jpg", picture(1, "JPEG", exif=exif)),
    )
    contents = [image_store().path(row.sha256).read_bytes() for row in own.images.all()]
    assert len(contents) == 3
    for content in contents:
        assert b"script" not in content
        assert b"Camera" not in content
    kept = b"".join(path.read_bytes() for path in original_store().folder.rglob("*/*"))
    assert b"alert(1)" in kept
    assert b"alert(2)" in kept
    assert b"Camera" in kept


def test_the_preview_in_a_phones_photograph_is_no_animation(sets):
    pages = [Image.fromarray(np.full((32, 32, 3), shade, dtype=np.uint8)) for shade in (10, 200)]
    buffer = io.BytesIO()
    pages[0].save(buffer, format="MPO", save_all=True, append_images=pages[1:])
    assert send(sets, ("photo.jpg", buffer.getvalue())).new == 1
    row = sets[0].images.get(split=SPLIT)
    assert abs(int(image_store().read(row.sha256).mean()) - 10) < 4


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_an_animated_image_is_refused_by_name(form):
    pages = [Image.fromarray(np.full((8, 8, 3), shade, dtype=np.uint8)) for shade in (0, 200)]
    buffer = io.BytesIO()
    pages[0].save(buffer, format=form, save_all=True, append_images=pages[1:])
    assert "walk.png is animated (2 frames)" in refusals(("walk.png", buffer.getvalue()))


def test_sixteen_bits_and_damage_are_refused_by_name():
    buffer = io.BytesIO()
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(buffer, format="PNG")
    said = refusals(("deep.png", buffer.getvalue()), ("half.png", picture(0, size=(64, 64))[:3000]))
    assert "deep.png has more than 8 bits" in said
    assert "half.png is truncated or damaged" in said


def test_an_image_without_a_class_is_refused_with_the_classes():
    packed = zipped(("1.png", picture()), ("lorry/2.png", picture()))
    said = refusals(("all.zip", packed), other_class="")
    assert "The class of 1.png is not known." in said
    assert "lorry/2.png is in the folder “lorry”, which is not a class" in said
    assert "car, truck" in said


def test_images_without_a_class_share_a_sentence_for_each_kind():
    names = [f"pic_{n}.png" for n in range(4)] + ["van/1.png", "lorry/2.png"]
    with pytest.raises(ImageSetError) as caught:
        check([("all.zip", zipped(*((name, picture()) for name in names)))], "")
    alone, foldered = caught.value.problems
    assert alone.startswith(
        "The class of 4 files is not known: pic_0.png, pic_1.png, pic_2.png, … Put"
    )
    assert "2 images are in folders that are not classes: van/1.png, lorry/2.png. Put" in foldered


@pytest.mark.parametrize(
    ("name", "other_class", "wanted"),
    [
        ("car_1.png", "", "car"), ("Car 12.png", "", "car"), ("truck-a.png", "", "truck"),
        ("car3.png", "", "car"), ("car.png", "", "car"), ("car_1.png", "truck", "car"),
        ("1.png", "truck", "truck"),
    ],
)  # fmt: skip
def test_a_name_that_begins_with_a_class_tells_it_whatever_class_is_chosen_for_others(
    name, other_class, wanted
):
    (upload,) = read_uploads([(name, io.BytesIO(picture()))], CLASSES, other_class)
    assert upload.class_name == wanted


def test_a_word_that_only_begins_like_a_class_tells_none():
    assert "The class of caravan.png is not known." in refusals(
        ("caravan.png", picture()), other_class=""
    )
    packed = zipped(("lorry/car_1.png", picture()))
    assert "which is not a class" in refusals(("all.zip", packed), other_class="")


def test_nothing_sent_is_said():
    assert "No image was sent" in refusals()
    assert "No image was sent" in refusals(("empty.zip", zipped()))


@pytest.mark.parametrize(
    "name",
    ["../car/1.png", "car/../../1.png", "/etc/1.png", "..\\car\\1.png", "C:/car/1.png", "a/..",
     "car/1#.png", "car/1\n.png"],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_zip_is_refused(name):
    packed = zipped((name, picture()), ("car/2.png", picture())).getvalue()
    # zipfile cuts names at a NUL that it writes, but others do not.
    packed = packed.replace(b"car/1#.png", b"car/1\0.png")
    said = refusals(("all.zip", io.BytesIO(packed)))
    assert "leads out of the zip file" in said or "cannot be shown" in said


def test_an_honest_name_with_dots_is_taken():
    """The control of the test above."""
    packed = zipped(("my..set/car/photo..1.png", picture()))
    (only,) = read_uploads([("all.zip", packed)], CLASSES)
    assert only.source == "car/photo..1.png"


def test_what_a_system_adds_to_zip_files_is_left_out():
    packed = zipped(
        ("__MACOSX/car/._1.png", b"x"), ("car/.DS_Store", b"x"), ("car/1.png", picture())
    )
    assert [one.name for one in read_uploads([("all.zip", packed)], CLASSES)] == ["car/1.png"]


def test_a_zip_bomb_is_refused_without_unpacking(monkeypatch):
    monkeypatch.setattr(zip_files, "MAX_UNPACKED_BYTES", 5_000_000)
    bomb = zipped(
        *((f"car/{number}.png", bytes(1_000_000)) for number in range(6)),
        compression=zipfile.ZIP_DEFLATED,
    )
    assert len(bomb.getvalue()) < 10_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *a, **k: pytest.fail("it was unpacked"))
    assert "unpacks to 6 MB" in refusals(("bomb.zip", bomb))


def test_a_file_that_is_larger_than_it_says_is_refused(monkeypatch):
    honest = zipped(("car/1.png", picture())).getvalue()
    size = len(picture())
    lying = honest.replace(struct.pack("<L", size), struct.pack("<L", size - 100))
    assert lying != honest
    assert "damaged" in refusals(("all.zip", io.BytesIO(lying)))


def test_a_large_file_within_a_zip_is_refused():
    packed = zipped(("car/1.png", bytes(20_000_001)), compression=zipfile.ZIP_DEFLATED)
    assert "more than 20 MB" in refusals(("all.zip", packed))


def test_a_long_list_of_entries_is_not_even_read(monkeypatch):
    monkeypatch.setattr(zip_files, "_MAX_LIST_BYTES", 1000)
    packed = zipped(*((f"car/{number}.png", b"") for number in range(20)))
    monkeypatch.setattr(zipfile, "ZipFile", lambda *a, **k: pytest.fail("the list was read"))
    assert "lists too many entries" in refusals(("all.zip", packed))


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr(zip_files, "MAX_ENTRIES", 19)
    packed = zipped(*((f"car/{number}.png", b"") for number in range(20)))
    assert "has 20 entries" in refusals(("all.zip", packed))


@pytest.mark.parametrize("ending", [b"comment", b"PK\x05\x06" + bytes(18) + b"x"])
def test_a_zip_file_with_something_behind_it_is_refused(ending):
    packed = io.BytesIO(zipped(("car/1.png", picture())).getvalue() + ending)
    assert "truncated, or a comment" in refusals(("all.zip", packed))


def test_an_encrypted_zip_is_refused():
    honest = bytearray(zipped(("car/1.png", picture())).getvalue())
    listed = honest.rindex(b"PK\x01\x02")
    honest[listed + 8] |= 1
    assert "is encrypted" in refusals(("all.zip", io.BytesIO(bytes(honest))))


def test_an_unusual_method_is_refused():
    packed = zipped(("car/1.png", picture()), compression=zipfile.ZIP_LZMA)
    assert "unusual method" in refusals(("all.zip", packed))


def test_a_zip_within_a_zip_is_no_image():
    inner = zipped(("car/1.png", picture())).getvalue()
    assert "not a readable image" in refusals(("all.zip", zipped(("car/1.zip", inner))))


def test_a_damaged_zip_is_refused():
    packed = bytearray(zipped(("car/1.png", picture())).getvalue())
    packed[60:90] = bytes(30)
    assert "damaged" in refusals(("all.zip", io.BytesIO(bytes(packed))))


def test_the_pixels_of_all_files_together_are_limited(monkeypatch):
    monkeypatch.setattr(upload, "MAX_PIXELS_IN_ALL", 48 * 32 * 2)
    files = [(f"{number}.png", picture(number)) for number in range(4)]
    said = refusals(*files)
    assert "2.png" in said
    assert "1.png" not in said
    assert "Upload the images in parts" in said


def test_the_number_of_images_is_limited(monkeypatch):
    monkeypatch.setattr(upload, "MAX_IMAGES", 2)
    assert "3 images were sent" in refusals(*((f"{n}.png", picture(n)) for n in range(3)))


def test_a_missing_and_a_damaged_original_are_noticed(sets):
    send(sets, ("0.png", picture(0)), ("1.png", picture(1)), ("2.png", picture(2)))
    checked = check_everything()
    assert (checked.images, checked.originals, checked.problems) == (4, 3, ())
    assert "4 images and 3 uploaded files are intact" in call_command("verify_explanations")
    first, second, _ = (original_store().path(row.sha256) for row in OriginalFile.objects.all())
    first.unlink()
    second.write_bytes(b"x")
    said = sorted(check_everything().problems)
    assert [sentence.partition(" is ")[2].partition(".")[0] for sentence in said] in (
        ["missing", "damaged"],
        ["damaged", "missing"],
    )
    with pytest.raises(CommandError, match="2 of 0 maps, 4 images and 3 uploaded files"):
        call_command("verify_explanations")
    send(sets, ("again.png", picture(0)))
    assert len(check_everything().problems) == 1


def test_a_manifest_in_the_zip_file_gives_groups(sets):
    manifest = "path,group\ntest/car/1.png,hard\ntest/truck/2.png,easy\n"
    packed = zipped(
        ("mine/manifest.csv", manifest),
        ("mine/test/car/1.png", picture(1)),
        ("mine/test/truck/2.png", picture(2)),
        ("mine/test/truck/3.png", picture(3)),
    )
    assert send(sets, ("all.zip", packed)).new == 3
    stored = sets[0].images.filter(split=SPLIT).order_by("pk")
    assert [(row.source, row.group) for row in stored] == [
        ("car/1.png", "hard"),
        ("truck/2.png", "easy"),
        ("truck/3.png", ""),
    ]


def test_a_manifest_that_names_no_image_is_refused():
    packed = zipped(("manifest.csv", "path,group\ncar/9.png,x\n"), ("car/1.png", picture()))
    assert "all.zip: manifest.csv, line 2: there is no image 'car/9.png'" in refusals(
        ("all.zip", packed)
    )
