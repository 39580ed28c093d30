"""Zip files from outside, whose list of entries and sizes are checked before anything is unpacked.

Nothing is ever written under a name that a zip file gives.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from explanations.imagesets.base import ImageSetError

MAX_ENTRIES = 2000
MAX_UNPACKED_BYTES = 500_000_000
SIGNATURE = b"PK\x03\x04"
_END = b"PK\x05\x06"
_END_LENGTH = 22
_LARGE_LOCATOR = b"PK\x06\x07"
_LOCATOR_LENGTH = 20
_MAX_LIST_BYTES = MAX_ENTRIES * 400
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 1
_OTHER_SYSTEMS = re.compile(r"\\|^[A-Za-z]:")
"""Backslashes and drives, which lead out of a folder on other systems."""
# Files that operating systems add on their own.
_IGNORED = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}


def is_zip(file: IO[bytes]) -> bool:
    """Return whether the file begins like a zip file. The name of a file proves nothing."""
    file.seek(0)
    start = file.read(len(SIGNATURE))
    file.seek(0)
    return start in (SIGNATURE, _END)


def opened(file: IO[bytes], name: str) -> zipfile.ZipFile:
    """Open a zip file. Raises ImageSetError with every problem of its entries."""
    _check_list(file, name)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError) as error:
        raise ImageSetError(f"{name} is damaged ({error}). Pack it again.") from error
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise ImageSetError(
            f"{name} has {len(entries)} entries, but may have at most {MAX_ENTRIES}. Split it."
        )
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise ImageSetError(
            f"{name} unpacks to {unpacked / 1e6:.0f} MB, but may unpack to at most "
            f"{MAX_UNPACKED_BYTES // 1_000_000} MB. Split it, or save its images smaller."
        )
    if problems := list(_problems(entries, name)):
        raise ImageSetError(*problems)
    return archive


def files_in(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """List the files that somebody has packed, without what operating systems add."""
    return [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not _IGNORED & set(PurePosixPath(entry.filename).parts)
    ]


def content_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, most: int) -> bytes:
    """Unpack a file of at most ``most`` bytes. Raises ImageSetError if it is larger or damaged."""
    try:
        # The declared size may be wrong, so the bytes are counted as they come.
        with archive.open(entry) as file:
            content = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
        raise ImageSetError(f"{name} is damaged ({error}). Pack it again.") from error
    if len(content) > most:
        raise ImageSetError(
            f"{name} has more than {most // 1_000_000} MB, the most that a file may have. "
            "Save it smaller."
        )
    return content


def _check_list(file: IO[bytes], name: str) -> None:
    """Check the size of the list of entries, which zipfile reads whole, however long it is.

    The list's size is in the last record of the file. Zip files with a comment behind it, or with a
    record for more than 65,535 entries before it, are refused, so that zipfile reads no other.
    """
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_LENGTH - _LOCATOR_LENGTH))
    tail = file.read()
    file.seek(0)
    end = tail[-_END_LENGTH:]
    if len(end) < _END_LENGTH or not end.startswith(_END) or end[-2:] != b"\0\0":
        raise ImageSetError(f"{name} is truncated, or a comment is attached to it. Pack it again.")
    (list_bytes,) = struct.unpack("<L", end[12:16])
    before = tail[:-_END_LENGTH]
    if list_bytes > _MAX_LIST_BYTES or before.startswith(_LARGE_LOCATOR):
        raise ImageSetError(
            f"{name} lists too many entries. A zip file may have at most {MAX_ENTRIES}. Split it."
        )


def _problems(entries: list[zipfile.ZipInfo], name: str) -> Iterator[str]:
    for entry in entries:
        place = f"{name}: {entry.filename!r}"
        path = PurePosixPath(entry.filename)
        # zipfile cuts names at a NUL and turns backslashes around on Windows alone.
        written = entry.orig_filename
        if path.is_absolute() or ".." in path.parts or _OTHER_SYSTEMS.search(written):
            yield f"{place} leads out of the zip file. Pack the folder of images again."
        elif not written.isprintable():
            yield f"{place} has characters in its name that cannot be shown. Rename it."
        elif entry.flag_bits & _ENCRYPTED:
            yield f"{place} is encrypted. Pack it again without a password."
        elif entry.compress_type not in _METHODS:
            yield f"{place} is packed by an unusual method. Pack it again as an ordinary zip file."
