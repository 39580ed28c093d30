"""Header of a weight file, read without torch, which the web process must not load."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from explanations.classifier import foreign_files
from explanations.classifier.declaration import Declaration, DeclarationError, checked_names
from explanations.imagesets.input_rule import InputRule

FORMAT = "study-classifier-1"
"""Format of files with the project's own VGG13, whose input size and architecture are implied."""
FORMAT_2 = "study-classifier-2"
"""Format of files that also record architecture and input rule."""
FORMATS = (FORMAT, FORMAT_2)
METADATA = "__metadata__"
VGG13_KEY = "vgg13"
VGG13_SIZE = 32
LONGEST_ENTRY = 1_000_000


class HeaderError(ValueError):
    """A file that is not a classifier. The message names the expected and the actual content."""


@dataclass(frozen=True)
class Header:
    """Information that a weight file contains about itself."""

    class_names: tuple[str, ...]
    declaration: Declaration | None = None
    """Classes and preprocessing, or None if the header lacks mean or std."""
    architecture: str = VGG13_KEY
    outputs: int = 0
    """Number of the network's outputs: one per class, or a single logit for two classes."""
    package: str = ""
    """Package, with its version, whose factory built the network. Empty for built-in networks."""

    @property
    def rule(self) -> InputRule:
        """Return the rule that derives the input from an image."""
        return self.declaration.rule if self.declaration else InputRule(VGG13_SIZE)


def read_header(path: Path) -> Header:
    """Read the header of FILE.safetensors.

    Raises HeaderError for a missing, corrupt or foreign file.
    """
    return parse_header(path.name, read_metadata(path))


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a safetensors file. Raises HeaderError for any other file."""
    if not path.is_file():
        raise HeaderError(
            f"The weight file {path} does not exist. Train it with manage.py train_classifier."
        )
    try:
        # Opening reads only the header; the tensors stay on disk.
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise HeaderError(unreadable(path, error)) from error


def parse_header(name: str, metadata: Mapping[str, str]) -> Header:
    """Return the information in the metadata of the file ``name``.

    Raises HeaderError for metadata of another program, and for values that cannot be right.
    """
    written_as = metadata.get("format")
    if written_as not in FORMATS:
        raise HeaderError(
            f"{name} was not written by train_classifier or register_classifier: its header must "
            f"contain the format {FORMAT!r} or {FORMAT_2!r}, not {_short(written_as)}. To use the "
            "weights of another program, declare their classes and preprocessing with manage.py "
            "register_classifier --weights FILE --architecture KEY --classes A,B "
            f"({foreign_files.GUIDE})."
        )
    try:
        class_names = checked_names(_entry(metadata, "class_names"))
    except (KeyError, ValueError, RecursionError) as error:
        raise HeaderError(
            f"{name} does not list its classes in its header{_reason(error)}. Register or train "
            "the classifier again."
        ) from error
    try:
        return _complete(class_names, metadata, written_as)
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise HeaderError(
            f"The header of {name} cannot be used{_reason(error)}. Register or train the "
            "classifier again."
        ) from error


def unreadable(path: Path, error: Exception) -> str:
    """Return the message about a file that is not safetensors, with the way to convert it."""
    other = foreign_files.refusal(path)
    if other:
        return f"{path.name} is not a readable safetensors file. {other}"
    return (
        f"{path.name} is not a readable safetensors file ({_short(error)}). "
        "Copy it again, or train a new one with manage.py train_classifier."
    )


def metadata_of(
    declaration: Declaration, architecture: str, outputs: int, package: str = ""
) -> dict[str, str]:
    """Return the metadata of a weight file.

    The project's VGG13 at its usual size keeps the first format, so that its files, and the hashes
    by which stored maps name them, stay the same.
    """
    names = declaration.class_names
    metadata = {
        "format": FORMAT,
        "class_names": json.dumps(names),
        "mean": json.dumps(list(declaration.mean)),
        "std": json.dumps(list(declaration.std)),
    }
    usual = (VGG13_SIZE, 0, "centre")
    given = (declaration.size, declaration.resize, declaration.crop)
    if architecture == VGG13_KEY and given == usual and len(names) == outputs:
        return metadata
    rule = dict(zip(("size", "resize", "crop"), given, strict=True))
    return metadata | {
        "format": FORMAT_2,
        "architecture": architecture,
        "input": json.dumps(rule),
        "outputs": json.dumps(outputs),
        "package": package,
    }


def _complete(class_names: tuple[str, ...], metadata: Mapping[str, str], written_as: str) -> Header:
    architecture, outputs = VGG13_KEY, len(class_names)
    rule: dict[str, Any] = {"size": VGG13_SIZE}
    if written_as == FORMAT_2:
        architecture = _text(metadata, "architecture")
        outputs = _entry(metadata, "outputs")
        rule = _entry(metadata, "input")
        if type(outputs) is not int or outputs not in (len(class_names), 1):
            raise DeclarationError(
                f"outputs is {_short(outputs)}, but {len(class_names)} classes are named"
            )
        if not isinstance(rule, dict) or rule.keys() - {"size", "resize", "crop"}:
            raise DeclarationError(f"input is {_short(rule)}, but must give size, resize and crop")
    package = _text(metadata, "package") if "package" in metadata else ""
    declaration = None
    if "mean" in metadata and "std" in metadata:
        mean, std = _entry(metadata, "mean"), _entry(metadata, "std")
        declaration = Declaration(class_names, mean=mean, std=std, **rule)
    return Header(class_names, declaration, architecture, outputs, package)


def _entry(metadata: Mapping[str, str], name: str) -> Any:
    return json.loads(_text(metadata, name, LONGEST_ENTRY))


def _text(metadata: Mapping[str, str], name: str, longest: int = 200) -> str:
    text = metadata[name]
    if len(text) > longest:
        raise DeclarationError(f"{name} has {len(text):,} characters, but at most {longest:,} fit")
    if not text.isprintable():
        raise DeclarationError(f"{name} contains characters that cannot be printed")
    return text


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f": {error.args[0]} is missing"
    if isinstance(error, RecursionError):
        return ": its lists are nested too deeply"
    return f": {' '.join(str(error).split())[:300].rstrip('.')}"


def _short(value: object) -> str:
    text = str(value) if isinstance(value, Exception) else repr(value)
    return text if len(text) <= 200 else f"{text[:197]}…"


def in_one_order(content: bytes) -> bytes:
    """Sort the metadata in the header of a safetensors file by name.

    The library writes them in an order that changes from call to call, and with it the file's hash,
    which identifies a classifier. Layout: eight bytes with the length of the header, the header as
    JSON, the numbers (https://github.com/huggingface/safetensors, "Format").
    """
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    ordered = {METADATA: dict(sorted(header.pop(METADATA, {}).items()))} | header
    text = json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers must begin at a multiple of eight
    return len(text).to_bytes(8, "little") + text + content[8 + length :]
