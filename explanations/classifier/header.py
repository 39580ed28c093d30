"""The header of a weight file, read without torch, which the web process must not load."""

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

FORMAT = "study-classifier-1"
METADATA = "__metadata__"


class HeaderError(ValueError):
    """A file that is no classifier; the message says what was expected and what was found."""


@dataclass(frozen=True)
class Header:
    """What a weight file says of itself."""

    class_names: tuple[str, ...]


def read_header(path: Path) -> Header:
    """The header of FILE.safetensors; HeaderError for a missing, corrupt or foreign file."""
    if not path.is_file():
        raise HeaderError(
            f"There is no weight file {path}. Train one with manage.py train_classifier."
        )
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise HeaderError(
            f"{path.name} is no readable safetensors file ({error}). "
            "Copy it again, or train a new one with manage.py train_classifier."
        ) from error
    if metadata.get("format") != FORMAT:
        raise HeaderError(
            f"{path.name} was not written by train_classifier: expected the format {FORMAT!r} "
            f"in its header, found {metadata.get('format')!r}."
        )
    try:
        return Header(tuple(json.loads(metadata["class_names"])))
    except (KeyError, ValueError, TypeError) as error:
        raise HeaderError(
            f"{path.name} does not list its classes in its header. Train it again."
        ) from error


def in_one_order(content: bytes) -> bytes:
    """The safetensors file with the notes of its header in the order of their names.

    The library writes them in an order that changes from call to call, and with it the file's
    hash, which names a classifier. Layout: eight bytes that give the length of the header, the
    header as JSON, the numbers (https://github.com/huggingface/safetensors, "Format").
    """
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    ordered = {METADATA: dict(sorted(header.pop(METADATA, {}).items()))} | header
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of eight
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
