"""Files from outside: used as they look, or refused in one line that names them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from explanations.imagesets import decoding
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import content_hash, decode_image, encode_png, fingerprint
from explanations.imagesets.input_rule import InputRule

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


@pytest.fixture
def picture():
    """Eight by six pixels of chance."""
    return np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)


@pytest.fixture
def half_red_half_blue():
    """Red above, blue below, 32 high and 16 wide."""
    pixels = np.empty((32, 16, 3), dtype=np.uint8)
    pixels[:16], pixels[16:] = RED, BLUE
    return pixels


def png_with_header(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes whose header promises ``width`` times ``height`` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(10_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def refusal(path) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(ImageSetError) as caught:
        decode_image(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_png_comes_back_as_it_was_written(tmp_path, picture):
    path = tmp_path / "picture.png"
    path.write_bytes(encode_png(picture))
    decoded = decode_image(path)
    assert decoded.dtype == np.uint8
    assert (decoded == picture).all()


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_jpeg_and_webp_are_read(tmp_path, half_red_half_blue, suffix):
    path = tmp_path / f"picture.{suffix}"
    Image.fromarray(half_red_half_blue).save(path, quality=95)
    decoded = decode_image(path)
    assert decoded.shape == (32, 16, 3)
    assert np.abs(decoded[2, 8].astype(int) - RED).max() < 20
    assert np.abs(decoded[-2, 8].astype(int) - BLUE).max() < 20


def test_the_exif_orientation_is_honoured(tmp_path, half_red_half_blue):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90 degrees clockwise
    Image.fromarray(half_red_half_blue).save(path, exif=exif, quality=95)
    decoded = decode_image(path)
    assert decoded.shape == (16, 32, 3)
    assert np.abs(decoded[8, 2].astype(int) - BLUE).max() < 20
    assert np.abs(decoded[8, -2].astype(int) - RED).max() < 20


def test_transparent_pixels_lie_over_white(tmp_path):
    path = tmp_path / "transparent.png"
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(path)
    assert (decode_image(path) == WHITE).all()


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_other_colour_modes_become_rgb(tmp_path, mode, half_red_half_blue):
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.fromarray(half_red_half_blue).convert(mode).save(path)
    assert decode_image(path).shape == (32, 16, 3)


def test_a_file_that_is_no_image_is_refused(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("not an image")
    assert "is not a readable image" in refusal(path)


def test_an_empty_file_is_refused(tmp_path):
    path = tmp_path / "empty.png"
    path.touch()
    assert "is not a readable image" in refusal(path)


def test_another_image_format_is_refused(tmp_path, picture):
    path = tmp_path / "picture.png"
    Image.fromarray(picture).save(path, format="GIF")
    assert "PNG or JPEG or WEBP" in refusal(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_truncated_file_is_refused(tmp_path, monkeypatch, suffix):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, format={"jpg": "jpeg"}.get(suffix, suffix))
    path = tmp_path / f"half.{suffix}"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    assert "truncated or damaged" in refusal(path)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as WeasyPrint does
    assert "truncated or damaged" in refusal(path)


def test_a_missing_file_is_refused(tmp_path):
    assert "cannot be read (No such file" in refusal(tmp_path / "gone.png")


def test_sixteen_bits_are_refused(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((4, 4), 40_000, dtype=np.uint16)).save(path)
    assert "more than 8 bits" in refusal(path)


def saved(path, image, **options):
    image.save(path, **options)
    return path


def test_sixteen_bits_of_a_colour_image_are_scaled_to_eight(tmp_path):
    """Pillow writes no such file; this one has a single pixel, 65535, 32896, 0."""
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = zlib.compress(b"\0" + struct.pack(">HHH", 65535, 32896, 0))
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", header), (b"IDAT", body), (b"IEND", b"")):
        content += struct.pack(">I", len(data)) + kind + data
        content += struct.pack(">I", zlib.crc32(kind + data))
    (tmp_path / "deep.png").write_bytes(content)
    assert decode_image(tmp_path / "deep.png").tolist() == [[[255, 128, 0]]]


@pytest.mark.parametrize("form", ["png", "webp"])
def test_an_animation_is_refused_with_the_number_of_its_frames(tmp_path, form):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    path = tmp_path / f"moving.{form}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert "is animated (3 frames)" in refusal(path)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", 90, (90, 90, 90)),
        ("1", 1, (255, 255, 255)),
        ("P", 0, (0, 0, 0)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (255, 0, 0, 128), (255, 127, 127)),
    ],
)
def test_grey_palette_and_transparent_images_have_the_colours_that_people_see(
    tmp_path, mode, colour, expected
):
    path = saved(tmp_path / "picture.png", Image.new(mode, (3, 2), colour))
    assert (decode_image(path) == expected).all()


def test_the_inks_of_a_print_become_its_colours(tmp_path):
    path = saved(tmp_path / "print.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0)))
    assert np.abs(decode_image(path).astype(int) - RED).max() < 5


def profile(name):
    """A profile of Display P3, or Pillow's own sRGB profile."""
    if name == "srgb":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return P3


def _matrix_profile(primaries, gamma):
    """Return a colour profile of three primaries, adapted to D50, and a gamma."""

    def number(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(values):
        return b"XYZ \0\0\0\0" + b"".join(map(number, values))

    text = b"Wide"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" + bytes(78)
    desc += bytes(-len(desc) % 4)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = [(b"desc", desc), (b"wtpt", xyz((0.9642, 1, 0.8249)))]
    tags += [(key, xyz(value)) for key, value in primaries.items()]
    tags += [(key, curve) for key in (b"rTRC", b"gTRC", b"bTRC")]
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for key, data in tags:
        table += key + struct.pack(">II", start + len(body), len(data))
        body += data
    header = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ "
    )
    header += bytes(12) + b"acsp" + bytes(28) + b"".join(map(number, (0.9642, 1, 0.8249)))
    return header + bytes(128 - len(header)) + struct.pack(">I", len(tags)) + table + body


P3 = _matrix_profile(
    {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    },
    2.2,
)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_colours_with_a_profile_are_converted_to_srgb(tmp_path, form):
    """A green of Display P3 is greener than sRGB can show; (200, 100, 100) is a stronger red."""
    image = Image.new("RGB", (8, 8), (200, 100, 100))
    path = saved(
        tmp_path / f"wide.{form}",
        image,
        icc_profile=P3,
        **({"lossless": True} if form == "webp" else {"quality": 100} if form == "jpeg" else {}),
    )
    red, green, _ = decode_image(path)[4, 4].astype(int)
    assert red > 208
    assert green < 98
    # The control: the same pixels in sRGB stay as they are.
    path = saved(tmp_path / "usual.png", image, icc_profile=profile("srgb"))
    assert (decode_image(path) == (200, 100, 100)).all()


def test_a_damaged_profile_is_refused_and_one_of_another_colour_space_does_not_matter(tmp_path):
    image = Image.new("RGB", (8, 8), (200, 100, 100))
    path = saved(tmp_path / "damaged.png", image, icc_profile=P3[:140])
    assert "has a colour profile that cannot be read" in refusal(path)
    path = saved(tmp_path / "grey.png", image.convert("L"), icc_profile=P3)
    assert decode_image(path).shape == (8, 8, 3)


def test_a_turned_image_with_a_profile_is_turned_back(tmp_path, half_red_half_blue):
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(half_red_half_blue)
    path = saved(tmp_path / "turned.jpg", image, exif=exif, icc_profile=P3, quality=95)
    decoded = decode_image(path)
    assert decoded.shape == (16, 32, 3)
    assert decoded[8, 2, 2] > 200 > 60 > decoded[8, 2, 0]


def test_copies_have_nearly_the_same_thumbnail_and_other_images_do_not(half_red_half_blue):
    chance = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    photograph = Image.fromarray(chance).resize((400, 300), Image.Resampling.BICUBIC)
    files = []
    for image, options in (
        (photograph, {"format": "PNG"}),
        (photograph.resize((200, 150)), {"format": "JPEG", "quality": 70}),
        (Image.fromarray(half_red_half_blue), {"format": "PNG"}),
    ):
        buffer = io.BytesIO()
        image.save(buffer, **options)
        files.append(fingerprint(buffer.getvalue(), "file").astype(float))
    assert np.sqrt(((files[0] - files[1]) ** 2).mean()) < 3
    assert np.sqrt(((files[0] - files[2]) ** 2).mean()) > 20


def test_a_file_over_twenty_megabytes_is_not_even_opened(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(decoding.MAX_FILE_BYTES + 1)
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: pytest.fail("it was read"))
    assert "at most 20 MB" in refusal(path)


@pytest.mark.parametrize(("width", "height"), [(5_001, 5_000), (10_000, 10_000), (60_000, 60_000)])
def test_a_decompression_bomb_is_refused_without_decoding(tmp_path, monkeypatch, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_with_header(width, height))
    assert path.stat().st_size < 1000
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("it was decoded"))
    assert "at most 25 megapixels" in refusal(path)


def test_an_image_below_the_limit_is_decoded(tmp_path, monkeypatch, picture):
    """The control of the test above: the same watch does see a decoding."""
    path = tmp_path / "picture.png"
    path.write_bytes(encode_png(picture))
    loads = []
    load = ImageFile.ImageFile.load
    monkeypatch.setattr(
        ImageFile.ImageFile, "load", lambda image: (loads.append(image), load(image))[1]
    )
    decode_image(path)
    assert loads


def test_the_content_hash_sees_shape_and_pixels(picture):
    assert content_hash(picture) == content_hash(picture.copy(order="F"))
    assert content_hash(picture) != content_hash(picture.reshape(8, 6, 3))
    touched = picture.copy()
    touched[0, 0, 0] ^= 1
    assert content_hash(picture) != content_hash(touched)
    black = np.zeros((1, 1, 3), dtype=np.uint8)
    assert content_hash(black) == (
        "2cf2e9f0896dc90f0ec14a63cffa6810d66d9ffe884df8d32f59f5b2b5fe69d8"
    )


def test_equal_pixels_make_equal_files(picture):
    assert encode_png(picture) == encode_png(picture.copy(order="F"))


def test_a_photograph_is_fitted_to_a_centred_square():
    pixels = np.zeros((40, 80, 3), dtype=np.uint8)
    pixels[:, 20:60] = RED
    fitted = InputRule(32).apply(pixels)
    assert fitted.shape == (32, 32, 3)
    assert (fitted[:, 1:-1] == RED).all()  # the filter reaches over the edge of the square
    assert InputRule(32).apply(fitted) is fitted
