"""Store of images and artefacts in the data folder, each addressed by a hash of its content.

An artefact is either complete or absent, and contains nothing that depends on when it was computed.
"""

import errno
import hashlib
import json
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from explanations.attribution import Attribution
from explanations.imagesets.base import ImageSetError
from explanations.imagesets.decoding import content_hash, decode_image, encode_png
from explanations.store.atomic_files import write_atomically
from explanations.store.packs import PackError, Packs, PackWriter, Place, Record

FORMAT = "study-explanation-1"
_ARRAYS = ("relevance", "channels", "native", "segments")
EMPTY: Mapping[str, Any] = MappingProxyType({})


class ArtefactError(ValueError):
    """A stored file that is missing or damaged. The message names the file and the cure."""


class StoreFullError(RuntimeError):
    """Error of a full disk. Artefacts that were finished before are kept."""


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
    """Return the hexadecimal SHA-256 over everything that determines an explanation's numbers.

    ``weights``, ``image`` and ``background`` are hashes; ``version`` is the version of the method's
    code.
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
class Stored:
    """An artefact's names and location. The table Explanation has fields with the same names."""

    key: str
    sha256: str
    """Hash of the content before compression: the same numbers have the same hash, wherever
    computed."""
    pack: str
    offset: int
    length: int

    @property
    def place(self) -> Place:
        """Return the location in a pack."""
        return Place(self.pack, self.offset, self.length)


@dataclass(frozen=True)
class Artefact:
    """A stored attribution's bytes, with a note such as the device that computed it."""

    key: str
    content: bytes
    note: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, attribution: Attribution, note: Mapping[str, Any] = EMPTY) -> "Artefact":
        """Create an artefact. The same numbers always give the same content."""
        arrays = {
            name: np.ascontiguousarray(values)
            for name in _ARRAYS
            if (values := getattr(attribution, name)) is not None
        }
        # A single entry, because safetensors writes several in an order that changes between runs.
        header = {"format": FORMAT, "key": key, "diagnostics": dict(attribution.diagnostics)}
        return cls(key, save(arrays, {"explanation": json.dumps(header, sort_keys=True)}), note)

    @property
    def attribution(self) -> Attribution:
        """Decode the attribution.

        Raises ArtefactError if the content is invalid or belongs to another key.
        """
        try:
            arrays: dict[str, NDArray[Any]] = load(self.content)
            header = json.loads(_metadata(self.content)["explanation"])
            attribution = Attribution(**arrays, diagnostics=header["diagnostics"])
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise _unusable(self.key, f"it is not an artefact ({error})") from error
        if (header["format"], header["key"]) != (FORMAT, self.key):
            raise _unusable(self.key, f"it contains {header['format']} {header['key']}")
        return attribution

    def to_record(self) -> Record:
        """Convert to a record of a pack."""
        return Record(
            key=bytes.fromhex(self.key),
            sha256=hashlib.sha256(self.content).digest(),
            packed=_packed(self.content),
            note=json.dumps(dict(self.note), sort_keys=True).encode(),
        )

    @classmethod
    def from_record(cls, record: Record) -> "Artefact":
        """Convert from a record, or raise PackError if the content does not match its hash."""
        content = _unpacked(record.packed)
        if hashlib.sha256(content).digest() != record.sha256:
            raise PackError("its content does not match its hash")
        return cls(record.key.hex(), content, json.loads(record.note))


@dataclass(frozen=True)
class ArtefactStore:
    """Attributions in a few growing files, read by the location that writing returned."""

    root: Path

    def writer(self) -> "ArtefactWriter":
        """Open a writer for many artefacts: ``with store.writer() as writer:
        writer.append(...)``."""
        return ArtefactWriter(self._packs.writer())

    def write(self, key: str, attribution: Attribution) -> Stored:
        """Store an attribution."""
        with self.writer() as writer:
            return writer.append([Artefact.of(key, attribution)])[0]

    def read(self, stored: Stored) -> Attribution:
        """Read an attribution, or raise ArtefactError if it is missing, damaged or of another
        key."""
        return self.artefact(stored).attribution

    def artefact(self, stored: Stored) -> Artefact:
        """Read an artefact with its note. The content is checked against its hash."""
        if not stored.pack:
            raise _unusable(stored.key, "it is not in the store")
        try:
            artefact = Artefact.from_record(self._packs.read(stored.place))
        except (PackError, zlib.error, ValueError) as error:
            raise _unusable(stored.key, f"{stored.pack} at {stored.offset}: {error}") from error
        # A valid record of another map is damage too: a row may refer to the wrong location.
        if artefact.key != stored.key:
            raise _unusable(stored.key, f"{stored.pack} at {stored.offset} contains {artefact.key}")
        if hashlib.sha256(artefact.content).hexdigest() != stored.sha256:
            raise _unusable(stored.key, "its hash differs from the recorded hash")
        return artefact

    def changed(self, stored: Stored) -> tuple[int, int] | None:
        """Return modification time (ns) and size of the artefact's file, or None if it is
        missing."""
        try:
            stat = (self.root / stored.pack).stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def is_whole(self, stored: Stored) -> bool:
        """Check by its checksum whether every bit is unchanged, which is quicker than reading the
        artefact."""
        try:
            record = self._packs.read(stored.place) if stored.pack else None
        except PackError:
            return False
        return record is not None and (record.key.hex(), record.sha256.hex()) == (
            stored.key,
            stored.sha256,
        )

    def found(self, keys: Collection[str]) -> Iterator[tuple[Stored, Artefact]]:
        """Yield the intact artefacts of these keys, including artefacts whose location is not
        recorded."""
        wanted = {bytes.fromhex(key) for key in keys}
        for key, place in chain.from_iterable(map(self._packs.places, self._packs.names())):
            if key not in wanted:
                continue
            try:
                record = self._packs.read(place)
                artefact = Artefact.from_record(record)
            except (PackError, zlib.error, ValueError):
                continue
            yield Stored(artefact.key, record.sha256.hex(), *_values(place)), artefact

    def size(self) -> int:
        """Return the size on disk in bytes."""
        return sum((self.root / name).stat().st_size for name in self._packs.names())

    @property
    def _packs(self) -> Packs:
        return Packs(self.root)


class ArtefactWriter:
    """Writer that appends artefacts. Each call returns when they are on disk."""

    def __init__(self, packs: PackWriter) -> None:
        self._packs = packs

    def append(self, artefacts: Sequence[Artefact]) -> list[Stored]:
        """Append artefacts.

        Raises StoreFullError if the disk is full; earlier artefacts stay intact.
        """
        records = [artefact.to_record() for artefact in artefacts]
        try:
            places = self._packs.append(records)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreFullError(
                    "The disk that contains the explanations is full. Every finished map is kept. "
                    "Free some space and repeat the command."
                ) from error
            raise
        return [
            Stored(record.key.hex(), record.sha256.hex(), *_values(place))
            for record, place in zip(records, places, strict=True)
        ]

    def __enter__(self) -> "ArtefactWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._packs.close()


@dataclass(frozen=True)
class ImageStore:
    """Images as PNG files under the hash of their pixels, ``root/ab/<sha256>.png``."""

    root: Path

    def path(self, sha256: str) -> Path:
        """Return the path of an image."""
        return self.root / sha256[:2] / f"{sha256}.png"

    def write(self, pixels: NDArray[np.uint8]) -> str:
        """Store the uint8 pixels with shape (height, width, 3) unless they are already stored, and
        return the content hash."""
        sha256 = content_hash(pixels)
        if not self.path(sha256).is_file():
            write_atomically(self.path(sha256), encode_png(pixels))
        return sha256

    def read(self, sha256: str) -> NDArray[np.uint8]:
        """Read the pixels, or raise ArtefactError if they are missing or do not match the hash."""
        path = self.path(sha256)
        try:
            pixels = decode_image(path)
        except ImageSetError as error:
            raise ArtefactError(f"{error} Import the images again.") from error
        if content_hash(pixels) != sha256:
            raise ArtefactError(
                f"{path} no longer contains the image whose hash is its name. "
                "Remove the file and import the images again."
            )
        return pixels


def _metadata(content: bytes) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    metadata: dict[str, str] = json.loads(content[8 : 8 + length])["__metadata__"]
    return metadata


def _packed(content: bytes) -> bytes:
    """Compress, with the four bytes of each number apart, because signs and exponents repeat."""
    rest = len(content) % 4
    body = np.frombuffer(content[: len(content) - rest], dtype=np.uint8)
    shuffled = np.ascontiguousarray(body.reshape(-1, 4).T).tobytes() + content[len(body) :]
    return zlib.compress(shuffled, 6)


def _unpacked(packed: bytes) -> bytes:
    shuffled = zlib.decompress(packed)
    rest = len(shuffled) % 4
    body = np.frombuffer(shuffled[: len(shuffled) - rest], dtype=np.uint8)
    return np.ascontiguousarray(body.reshape(4, -1).T).tobytes() + shuffled[len(body) :]


def _values(place: Place) -> tuple[str, int, int]:
    return place.pack, place.offset, place.length


def _unusable(key: str, reason: str) -> ArtefactError:
    return ArtefactError(
        f"The map {key[:12]} cannot be used: {reason}. "
        "Run manage.py precompute_explanations again: it recomputes damaged maps."
    )
