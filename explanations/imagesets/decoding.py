"""Decoding of unchecked image files, and lossless encoding of pixels."""

import hashlib
import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from explanations.imagesets.base import ImageSetError

MAX_FILE_BYTES = 20_000_000
MAX_PIXELS = 25_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
_FORMATS = " or ".join(FORMATS)
_DEEP_MODES = ("I", "F")  # more than 8 bits a channel: a conversion would cut, not scale


def decode_image(path: Path) -> NDArray[np.uint8]:
    """Read the pixels of a PNG, JPEG or WebP file, uint8 (height, width, 3), RGB.

    Raises ImageSetError, a single line that names the file, if the file cannot be used.
    """
    return decode_content(_read(path), str(path))


def decode_content(content: bytes, name: str, *, still: bool = False) -> NDArray[np.uint8]:
    """Read the pixels of a file's bytes. Errors call the file by its ``name``.

    The EXIF orientation is applied, and transparent pixels are laid over white. The size is read
    from the header; an image of more than 25 megapixels is not decoded. An image of several
    frames is refused if it must be ``still``; otherwise its first frame is used.
    """
    image = _opened(content, name)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_many_pixels(name, f"{width} x {height} pixels")
    if image.mode.startswith(_DEEP_MODES):
        raise ImageSetError(f"{name} has more than 8 bits a channel. Save it with 8 bits.")
    # The further pictures of an MPO file, as phones save it, are previews of the first.
    if still and image.format != "MPO" and (frames := getattr(image, "n_frames", 1)) > 1:
        raise ImageSetError(f"{name} is animated ({frames} frames). Save a single frame of it.")
    try:
        return np.array(_as_rgb(ImageOps.exif_transpose(image)), dtype=np.uint8)
    except Exception as error:  # the decoders raise OSError, SyntaxError, ValueError, struct.error…
        raise _damaged(name, error) from error


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


def fit_square(pixels: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Crop to the largest centred square and resample it to uint8 (size, size, 3).

    An image that already has this size is returned unchanged.
    """
    if pixels.shape[:2] == (size, size):
        return pixels
    return np.array(ImageOps.fit(Image.fromarray(pixels), (size, size), Image.Resampling.LANCZOS))


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
    Image.fromarray(pixels).save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()


def _read(path: Path) -> bytes:
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
