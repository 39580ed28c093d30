"""Many small contents in few large files that only ever grow.

A pack is a row of records. A record is complete on disk before anybody is told its place; nothing
that was written is ever changed, so a crash can leave no more than an unfinished end, which no
place leads to. A writer holds a lock on its pack, which the system takes back when it dies.
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
"""Bytes after which a pack takes no more records."""
# Magic, key, SHA-256 of the content, lengths of the packed content and of the note, checksum.
_HEAD = struct.Struct("<4s32s32sIII")
SUFFIX = ".pack"


class PackError(ValueError):
    """A record that is missing or damaged; the message says in what way."""


@dataclass(frozen=True)
class Place:
    """Where a record lies."""

    pack: str
    offset: int
    length: int


@dataclass(frozen=True)
class Record:
    """One content with its names; ``note`` is kept with it and not part of its hash."""

    key: bytes
    sha256: bytes
    packed: bytes
    note: bytes = b""

    def to_bytes(self) -> bytes:
        head = (MAGIC, self.key, self.sha256, len(self.packed), len(self.note))
        # Over the head as well: whichever bit turns, the checksum no longer fits.
        checksum = zlib.crc32(_HEAD.pack(*head, 0) + self.packed + self.note)
        return _HEAD.pack(*head, checksum) + self.packed + self.note

    @classmethod
    def from_bytes(cls, content: bytes) -> "Record":
        """PackError unless every bit is as it was written."""
        if len(content) < _HEAD.size:
            raise PackError("it is cut off")
        magic, key, sha256, packed, note, checksum = _HEAD.unpack_from(content)
        if magic != MAGIC or len(content) != _HEAD.size + packed + note:
            raise PackError("there is no record of this length")
        body = content[_HEAD.size :]
        if zlib.crc32(_HEAD.pack(magic, key, sha256, packed, note, 0) + body) != checksum:
            raise PackError("its checksum does not fit")
        return cls(key, sha256, body[:packed], body[packed:])


@dataclass(frozen=True)
class Packs:
    """The packs of a folder."""

    folder: Path

    def read(self, place: Place) -> Record:
        """The record at ``place``; PackError if it is not whole."""
        try:
            handle = os.open(self.folder / place.pack, os.O_RDONLY)
        except OSError as error:
            raise PackError(error.strerror or str(error)) from error
        try:
            return Record.from_bytes(os.pread(handle, place.length, place.offset))
        finally:
            os.close(handle)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob(f"*{SUFFIX}"))

    def places(self, pack: str) -> Iterator[tuple[bytes, Place]]:
        """Keys and places of all records up to the first that is unfinished or damaged."""
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
        """A writer with a pack of its own, to be closed; OSError when the disk is full."""
        return PackWriter(self)

    def end_of(self, pack: str) -> int | None:
        """Where the next record goes; None if the pack has an unfinished end."""
        end = 0
        for _, place in self.places(pack):
            end = place.offset + place.length
        return end if end == (self.folder / pack).stat().st_size else None


class PackWriter:
    """Appends to one pack after the other, alone in each."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._handle: int | None = None
        self._pack = ""
        self._end = 0

    def append(self, records: Sequence[Record]) -> list[Place]:
        """Write records and wait until they are on disk; their places.

        OSError, such as for a full disk, leaves nothing behind that a place leads to.
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
        if self._handle is not None:
            os.close(self._handle)  # and with it goes the lock
            self._handle = None

    def __enter__(self) -> "PackWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _give_up(self) -> None:
        """Cut off what was half written; where that fails, the next writer begins a new pack."""
        assert self._handle is not None  # noqa: S101 - for the type checker
        try:
            os.ftruncate(self._handle, self._end)
        except OSError:
            self.close()

    def _take(self) -> None:
        """The first pack that is whole, has room and no other writer; else a new one."""
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
            # Readable for the web server, which may run as another user of the same group.
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
