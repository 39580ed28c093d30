"""Weight files that were uploaded for registration, kept until a job takes them."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from time import time
from typing import IO

from django.conf import settings

from explanations.classifier.header import read_metadata
from explanations.store.atomic_files import sync_folder

LARGEST = 700_000_000
"""Bytes of the largest file: the weights of a VGG19 have 575 MB."""
CHUNK = 1 << 20
KEPT_SECONDS = 24 * 3600
_HASH = re.compile(r"[0-9a-f]{64}")


def keep(file: IO[bytes], name: str) -> str:
    """Store an uploaded file and return its hash.

    Raises HeaderError, with the way to convert it, for a file that is not safetensors. No other
    format is ever opened.
    """
    _remove_old()
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    # The suffix of the sent name is part of what tells a pickle from safetensors.
    arriving = folder / f"arriving-{time():.6f}-{_plain(name)}"
    try:
        with arriving.open("xb") as written:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                written.write(chunk)
        read_metadata(arriving)
        arriving.replace(_path(digest.hexdigest()))
    finally:
        arriving.unlink(missing_ok=True)
    sync_folder(folder)
    return digest.hexdigest()


def uploaded(sha256: str) -> Path | None:
    """Return the uploaded file with this hash, or None if there is none."""
    if not _HASH.fullmatch(sha256):
        return None
    path = _path(sha256)
    return path if path.is_file() else None


def remove(sha256: str) -> None:
    """Remove an uploaded file once its classifier is registered."""
    _path(sha256).unlink(missing_ok=True)


def _remove_old() -> None:
    """Remove files whose registration was never finished."""
    before = time() - KEPT_SECONDS
    for path in _folder().glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before:
                path.unlink()


def _folder() -> Path:
    folder: Path = settings.DATA_DIR / "uploaded-weights"
    return folder


def _path(sha256: str) -> Path:
    return _folder() / f"{sha256}.safetensors"


def _plain(name: str) -> str:
    """Return the end of a file's name without anything that a file system could refuse."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", Path(name).name)[-60:]
