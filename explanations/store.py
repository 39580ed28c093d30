"""Images and artefacts in the data folder, each under a hash that says what it is.

Files are whole or absent; an artefact holds nothing that depends on when it was computed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from explanations.attribution import Attribution
from explanations.files import write_atomically
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import content_hash, decode_image, encode_png

FORMAT = "study-explanation-1"
_ARRAYS = ("relevance", "channels", "native", "segments")


class ArtefactError(ValueError):
    """A stored file that is missing or damaged; the message names it and the cure."""


def artefact_key(
    *,
    weights: str,
    image: str,
    target: int,
    method: str,
    parameters: Mapping[str, Any],
    version: int,
    background: str = "",
) -> str:
    """Hexadecimal SHA-256 over all that decides the numbers of an explanation.

    ``weights``, ``image`` and ``background`` are hashes; ``version`` is that of the method's code.
    """
    recipe = {
        "format": FORMAT,
        "weights": weights,
        "image": image,
        "target": target,
        "method": method,
        "parameters": dict(parameters),
        "version": version,
        "background": background,
    }
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class ArtefactStore:
    """Attributions as safetensors files, ``root/ab/<key>.safetensors``."""

    root: Path

    def path(self, key: str) -> Path:
        return self.root / key[:2] / f"{key}.safetensors"

    def has(self, key: str) -> bool:
        return self.path(key).is_file()

    def write(self, key: str, attribution: Attribution) -> str:
        """Store under ``key``, replacing what is there; the SHA-256 of the file."""
        arrays = {name: getattr(attribution, name) for name in _ARRAYS}
        arrays = {
            name: np.ascontiguousarray(values)
            for name, values in arrays.items()
            if values is not None
        }
        # One entry only: safetensors writes several in an order that changes from run to run.
        header = {"format": FORMAT, "key": key, "diagnostics": dict(attribution.diagnostics)}
        content = save(arrays, {"explanation": json.dumps(header, sort_keys=True)})
        write_atomically(self.path(key), content)
        return hashlib.sha256(content).hexdigest()

    def read(self, key: str, sha256: str = "") -> Attribution:
        """What was stored under ``key``.

        Raises ArtefactError if it is missing, damaged, another one's, or not of hash ``sha256``.
        """
        path = self.path(key)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unusable(path, error.strerror or str(error)) from error
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise _unusable(path, "its hash is not the one that was noted when it was computed")
        try:
            arrays: dict[str, NDArray[Any]] = load(content)
            header = json.loads(_metadata(content)["explanation"])
            if (header["format"], header["key"]) != (FORMAT, key):
                raise _unusable(path, f"it holds {header['format']} {header['key']}")
            return Attribution(**arrays, diagnostics=header["diagnostics"])
        except ArtefactError:
            raise
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise _unusable(path, f"it is no artefact ({error})") from error


@dataclass(frozen=True)
class ImageStore:
    """Images as PNG files under the hash of their pixels, ``root/ab/<sha256>.png``."""

    root: Path

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / f"{sha256}.png"

    def write(self, pixels: NDArray[np.uint8]) -> str:
        """Store uint8 (h, w, 3) unless it is there; the content hash."""
        sha256 = content_hash(pixels)
        if not self.path(sha256).is_file():
            write_atomically(self.path(sha256), encode_png(pixels))
        return sha256

    def read(self, sha256: str) -> NDArray[np.uint8]:
        """The pixels; ArtefactError if they are missing or no longer those of the hash."""
        path = self.path(sha256)
        try:
            pixels = decode_image(path)
        except ImageSetError as error:
            raise ArtefactError(f"{error} Import the images again.") from error
        if content_hash(pixels) != sha256:
            raise ArtefactError(
                f"{path} no longer holds the picture that it is named after. "
                "Remove it and import the images again."
            )
        return pixels


def _metadata(content: bytes) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata


def _unusable(path: Path, reason: str) -> ArtefactError:
    return ArtefactError(
        f"{path} cannot be used: {reason}. "
        "Remove it, if it is there, and run manage.py precompute_explanations again."
    )
