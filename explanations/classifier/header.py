"""Header of a weight file, read without torch, which the web process must not load."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

FORMAT = "study-classifier-1"
METADATA = "__metadata__"


class HeaderError(ValueError):
    """A file that is not a classifier. The message names the expected and the actual content."""


@dataclass(frozen=True)
class Header:
    """Information that a weight file contains about itself."""

    class_names: tuple[str, ...]


def read_header(path: Path) -> Header:
    """Read the header of FILE.safetensors.

    Raises HeaderError for a missing, corrupt or foreign file.
    """
    if not path.is_file():
        raise HeaderError(
            f"The weight file {path} does not exist. Train it with manage.py train_classifier."
        )
    try:
        # Opening reads only the header; the tensors stay on disk.
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise HeaderError(
            f"{path.name} is not a readable safetensors file ({error}). "
            "Copy it again, or train a new one with manage.py train_classifier."
        ) from error
    if metadata.get("format") != FORMAT:
        raise HeaderError(
            f"{path.name} was not written by train_classifier: its header must contain the format "
            f"{FORMAT!r}, not {metadata.get('format')!r}."
        )
    try:
        return Header(tuple(json.loads(metadata["class_names"])))
    except (KeyError, ValueError, TypeError) as error:
        raise HeaderError(
            f"{path.name} does not list its classes in its header. Train the classifier again with "
            "manage.py train_classifier."
        ) from error


def in_one_order(content: bytes) -> bytes:
    """Sort the metadata in the header of a safetensors file by name.

    The library writes them in an order that changes from call to call, and with it the file's hash,
    which identifies a classifier. Layout: eight bytes with the length of the header, the header as
    JSON, the numbers (https://github.com/huggingface/safetensors, "Format").
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    ordered = {METADATA: dict(sorted(header.pop(METADATA, {}).items()))} | header
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers must begin at a multiple of eight
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
