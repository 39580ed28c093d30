"""Decoding of unchecked image files, and lossless encoding of pixels."""

import hashlib
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from explanations.imagesets.base import ImageSetError
from explanations.imagesets.grey_window import GreyWindow

MAX_FILE_BYTES = 20_000_000
MAX_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
_FORMATS = " or ".join(FORMATS)
_DEEP_MODES = ("I", "F")  # more than 8 bits a channel: a conversion would cut, not scale
_PROFILED_MODES = {"RGB ": ("RGB",), "GRAY": ("L",), "CMYK": ("CMYK",)}
"""Modes that a colour profile of a colour space, as it is written in the profile, can describe."""
_THUMBNAIL = 16
_LARGE = 1_000_000
"""Pixels from which encoding quickly matters more than a small file."""


def decode_image(path: Path) -> NDArray[np.uint8]:
    """Read the pixels of a PNG, JPEG or WebP file, uint8 (height, width, 3), RGB.

    Raises ImageSetError, a single line that names the file, if the file cannot be used.
    """
    return decode_content(read_file(path), str(path))


def decode_content(
    content: bytes, name: str, window: GreyWindow | None = None
) -> NDArray[np.uint8]:
    """Read the pixels of a file's bytes, as sRGB. Errors call the file by its ``name``.

    The EXIF orientation is applied, colours with a profile are converted to sRGB, and transparent
    pixels are laid over white. The size is read from the header; an image of more than 25
    megapixels is not decoded. Grey images with more than 8 bits are scaled by ``window``, and are
    refused without one; with a window, all other images are refused. Animated images are refused.
    """
    image = _opened(content, name)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(name, f"{width} x {height} pixels")
    _check_depth(image, name, window)
    # The further pictures of an MPO file, as phones save it, are previews of the first.
    if image.format != "MPO" and (frames := getattr(image, "n_frames", 1)) > 1:
        raise ImageSetError(f"{name} is animated ({frames} frames). Save a single frame of it.")
    try:
        with _truncated_refused():
            image.load()
        image = _in_srgb(_in_eight_bits(image, window), name)
        return np.array(_as_rgb(ImageOps.exif_transpose(image)), dtype=np.uint8)
    except ImageSetError:
        raise
    except Exception as error:  # the decoders raise OSError, SyntaxError, ValueError, struct.error…
        raise _damaged(name, error) from error


@contextmanager
def _truncated_refused() -> Iterator[None]:
    """Let Pillow refuse truncated files.

    WeasyPrint, which prints reports, makes Pillow accept them in the whole process.
    """
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def pixel_count(content: bytes, name: str) -> int:
    """Return how many pixels a file has by its header. Raises ImageSetError for no image."""
    width, height = _opened(content, name).size
    return width * height


def _opened(content: bytes, name: str) -> Image.Image:
    """Read a file's header."""
    with warnings.catch_warnings():
        # Pillow's own limit is higher than ours and only leads to a warning.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return Image.open(io.BytesIO(content), formats=FORMATS)
        except Image.DecompressionBombError:
            raise _too_many_pixels(name, "far too many pixels") from None
        except UnidentifiedImageError:
            raise ImageSetError(
                f"{name} is not a readable image. Save it as {_FORMATS} or remove it."
            ) from None
        except Exception as error:  # damaged headers raise exceptions of any kind
            raise _damaged(name, error) from error


def fingerprint(content: bytes, name: str, window: GreyWindow | None = None) -> NDArray[np.uint8]:
    """Return a thumbnail of 16 by 16 pixels, uint8 (16, 16, 3), by which copies are recognised.

    It is read much faster than the image, and hardly depends on its size and compression. Raises
    ImageSetError for no image.
    """
    image = _opened(content, name)
    try:
        image.draft("RGB", (4 * _THUMBNAIL, 4 * _THUMBNAIL))
        small = _as_rgb(ImageOps.exif_transpose(_in_eight_bits(image, window)))
        return np.asarray(small.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX))
    except Exception as error:
        raise _damaged(name, error) from error


def content_hash(pixels: NDArray[np.uint8]) -> str:
    """Return the hexadecimal SHA-256 over shape and pixels, which is the same for the same image in
    different files."""
    shape = "x".join(str(length) for length in pixels.shape)
    digest = hashlib.sha256(f"uint8 {shape}\n".encode())
    digest.update(np.ascontiguousarray(pixels, dtype=np.uint8).tobytes())
    return digest.hexdigest()


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a PNG file without metadata. With one version of Pillow, the same pixels give the same
    bytes."""
    buffer = io.BytesIO()
    level = 6 if pixels.shape[0] * pixels.shape[1] < _LARGE else 1
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=level)
    return buffer.getvalue()


def read_file(path: Path) -> bytes:
    """Read a file of at most MAX_FILE_BYTES. Raises ImageSetError if it cannot be read."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ImageSetError(
                f"{path} has {size / 1e6:.0f} MB, but a file may have at most "
                f"{MAX_FILE_BYTES // 1_000_000} MB. Save it smaller."
            )
        return path.read_bytes()
    except OSError as error:
        raise ImageSetError(
            f"{path} cannot be read ({error.strerror or error}). Check that the file exists and "
            "that you may read it."
        ) from error


def _check_depth(image: Image.Image, name: str, window: GreyWindow | None) -> None:
    """Raise ImageSetError for a deep grey image without a window, and for a window without one."""
    is_deep = image.mode.startswith(_DEEP_MODES)
    if is_deep and window is None:
        raise ImageSetError(
            f"{name} has more than 8 bits a channel. Which of its values are black and white is a "
            "choice that changes what people see: import with --window LOW HIGH, such as --window "
            "0 4095, or save the image with 8 bits."
        )
    if window is not None and not is_deep:
        raise ImageSetError(
            f"{name} has 8 bits a channel, but the window {window.stated} is for grey images with "
            "16 bits. Import such images as a set of their own, without --window."
        )


def _in_eight_bits(image: Image.Image, window: GreyWindow | None) -> Image.Image:
    """Scale a deep grey image by the window, and return any other image as it is."""
    if window is None or not image.mode.startswith(_DEEP_MODES):
        return image
    scaled = Image.fromarray(window.apply(np.asarray(image)))
    scaled.info = {key: image.info[key] for key in ("exif",) if key in image.info}
    return scaled


def _in_srgb(image: Image.Image, name: str) -> Image.Image:
    """Convert the colours of an image with a colour profile, such as Display P3, to sRGB."""
    content = image.info.get("icc_profile")
    # The bytes 16 to 20 of a profile name its colour space.
    if not content or image.mode not in _PROFILED_MODES.get(content[16:20].decode("latin-1"), ()):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(content))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return image
        converted = ImageCms.profileToProfile(
            image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise ImageSetError(
            f"{name} has a colour profile that cannot be read ({error}). Convert the image to sRGB."
        ) from error
    if converted is None:
        raise ImageSetError(f"{name} cannot be converted to sRGB. Convert the image to sRGB.")
    converted.info = {key: image.info[key] for key in ("exif",) if key in image.info}
    return converted


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.has_transparency_data:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, coloured).convert("RGB")
    return image.convert("RGB")


def _too_many_pixels(name: str, size: str) -> ImageSetError:
    return ImageSetError(
        f"{name} has {size} by its header, but at most {MAX_PIXELS // 1_000_000} megapixels are "
        "decoded. Save it smaller or remove it."
    )


def _damaged(name: str, error: Exception) -> ImageSetError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return ImageSetError(f"{name} is truncated or damaged ({reason}). Copy it again or remove it.")
