"""Packs, which keep many small contents in a few large append-only files.

A pack is a sequence of records. A record is complete on disk before its location is returned, and
written bytes are never changed. A crash can therefore leave only an unfinished end to which no
location refers. A writer locks its pack; the operating system releases the lock if the writer dies.
"""

import fcntl
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from explanations.store.atomic_files import sync_folder

MAGIC = b"MAP2"
LARGEST = 64 << 20
"""Size in bytes at which a pack takes no more records."""
# Magic, key, SHA-256 of the content, lengths of the packed content and of the note, checksum.
_HEAD = struct.Struct("<4s32s32sIII")
SUFFIX = ".pack"


class PackError(ValueError):
    """A record that is missing or damaged. The message describes the damage."""


@dataclass(frozen=True)
class Place:
    """Location of a record."""

    pack: str
    offset: int
    length: int


@dataclass(frozen=True)
class Record:
    """A content with its key and hash. ``note`` is stored with it but is not part of the hash."""

    key: bytes
    sha256: bytes
    packed: bytes
    note: bytes = b""

    def to_bytes(self) -> bytes:
        """Serialise the record."""
        head = (MAGIC, self.key, self.sha256, len(self.packed), len(self.note))
        # The checksum covers the head as well, so that it detects a change of any bit.
        checksum = zlib.crc32(_HEAD.pack(*head, 0) + self.packed + self.note)
        return _HEAD.pack(*head, checksum) + self.packed + self.note

    @classmethod
    def from_bytes(cls, content: bytes) -> "Record":
        """Parse a record, or raise PackError unless every bit is unchanged."""
        if len(content) < _HEAD.size:
            raise PackError("it is truncated")
        magic, key, sha256, packed, note, checksum = _HEAD.unpack_from(content)
        if magic != MAGIC or len(content) != _HEAD.size + packed + note:
            raise PackError("it is not a record of this length")
        body = content[_HEAD.size :]
        if zlib.crc32(_HEAD.pack(magic, key, sha256, packed, note, 0) + body) != checksum:
            raise PackError("its checksum does not match")
        return cls(key, sha256, body[:packed], body[packed:])


@dataclass(frozen=True)
class Packs:
    """The packs of a folder."""

    folder: Path

    def read(self, place: Place) -> Record:
        """Read the record at ``place``, or raise PackError if it is not intact."""
        try:
            handle = os.open(self.folder / place.pack, os.O_RDONLY)
        except OSError as error:
            raise PackError(error.strerror or str(error)) from error
        try:
            return Record.from_bytes(os.pread(handle, place.length, place.offset))
        finally:
            os.close(handle)

    def names(self) -> list[str]:
        """List the names of the packs."""
        return sorted(path.name for path in self.folder.glob(f"*{SUFFIX}"))

    def places(self, pack: str) -> Iterator[tuple[bytes, Place]]:
        """Yield keys and locations of all records up to the first unfinished or damaged record."""
        path = self.folder / pack
        size, offset = path.stat().st_size, 0
        with path.open("rb", buffering=0) as file:
            while offset + _HEAD.size <= size:
                head = os.pread(file.fileno(), _HEAD.size, offset)
                magic, key, _, packed, note, _ = _HEAD.unpack(head)
                length = _HEAD.size + packed + note
                if magic != MAGIC or offset + length > size:
                    return
                yield key, Place(pack, offset, length)
                offset += length

    def writer(self) -> "PackWriter":
        """Open a writer with a pack of its own, which must be closed.

        Raises OSError if the disk is full.
        """
        return PackWriter(self)

    def end_of(self, pack: str) -> int | None:
        """Return the offset of the next record, or None if the pack has an unfinished end."""
        end = 0
        for _, place in self.places(pack):
            end = place.offset + place.length
        return end if end == (self.folder / pack).stat().st_size else None


class PackWriter:
    """Writer that appends to one pack at a time, as the pack's only writer."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._handle: int | None = None
        self._pack = ""
        self._end = 0

    def append(self, records: Sequence[Record]) -> list[Place]:
        """Write records, wait until they are on disk, and return their locations.

        After an OSError, such as a full disk, no location refers to anything that was written.
        """
        if self._handle is None or self._end >= LARGEST:
            self._take()
        assert self._handle is not None  # noqa: S101 - for the type checker
        contents = [record.to_bytes() for record in records]
        try:
            _write(self._handle, b"".join(contents), self._end)
            os.fsync(self._handle)
        except OSError:
            self._give_up()
            raise
        places = []
        for content in contents:
            places.append(Place(self._pack, self._end, len(content)))
            self._end += len(content)
        return places

    def close(self) -> None:
        """Close the pack and release its lock."""
        if self._handle is not None:
            os.close(self._handle)  # this releases the lock
            self._handle = None

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _give_up(self) -> None:
        """Truncate a half-written record. If that fails, the next writer begins a new pack."""
        assert self._handle is not None  # noqa: S101 - for the type checker
        try:
            os.ftruncate(self._handle, self._end)
        except OSError:
            self.close()

    def _take(self) -> None:
        """Open the first intact pack that has room and no other writer, or create a new pack."""
        self.close()
        self._packs.folder.mkdir(parents=True, exist_ok=True)
        for name in self._packs.names():
            if self._open(name, os.O_RDWR):
                return
        number = len(self._packs.names())
        while not self._open(f"{number:06}{SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_EXCL):
            number += 1
        sync_folder(self._packs.folder)

    def _open(self, name: str, flags: int) -> bool:
        path = self._packs.folder / name
        if not flags & os.O_CREAT and path.stat().st_size >= LARGEST:
            return False
        try:
            # Readable for the web server, which may run as another user of the group.
            handle = os.open(path, flags, 0o644)
        except FileExistsError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        end = self._packs.end_of(name)
        if end is None:
            os.close(handle)
            return False
        self._handle, self._pack, self._end = handle, name, end
        return True


def _write(handle: int, content: bytes, offset: int) -> None:
    view = memoryview(content)
    while view:
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written
