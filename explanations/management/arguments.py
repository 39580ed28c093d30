"""Types of command-line arguments: what is wrong with a value is said before any work begins.

Each function takes the text of an argument and returns its value, or raises ArgumentTypeError with
the value, the rule and the cure. argparse adds the name of the argument.
"""

import math
import os
from argparse import ArgumentTypeError
from pathlib import Path

from explanations.classifier.declaration import DeclarationError, checked_names, is_a_name
from explanations.pipeline.weights_registry import registered_names, weights_file

LARGEST_SEED = 2**63 - 1
"""Largest seed that the database and NumPy both store."""


def count(text: str) -> int:
    """Return a whole number of at least 1."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """Return a whole number of at least 0."""
    return _whole(text, 0)


def number(text: str) -> float:
    """Return a number, which must be finite."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ArgumentTypeError(f"{text!r} is not a number. Give a number such as 0.8.")
    return value


def seed(text: str) -> int:
    """Return a seed, which is a whole number from 0 to LARGEST_SEED."""
    number = _whole(text, 0)
    if number > LARGEST_SEED:
        raise ArgumentTypeError(f"{text!r} must be at most {LARGEST_SEED}. Give a smaller seed.")
    return number


def names(text: str) -> str:
    """Return a list of names separated by commas, which must contain at least one name."""
    if not any(name.strip() for name in text.split(",")):
        raise ArgumentTypeError(
            f"{text!r} names nothing. Give at least one name, or omit the option for its default."
        )
    return text


def name(text: str) -> str:
    """Return a name, which must not be blank."""
    if not text.strip():
        raise ArgumentTypeError(f"{text!r} is blank. Give a name.")
    if "\0" in text:
        raise ArgumentTypeError(f"{text!r} contains the character NUL. Remove it.")
    return text


def class_names(text: str) -> tuple[str, ...]:
    """Return class names that are separated by commas, or are the lines of an existing file."""
    path = _path(text)
    if path.is_file():
        lines = text_file(text).read_text(encoding="utf-8-sig").splitlines()
        listed = [line.strip() for line in lines if line.strip()]
    else:
        listed = [name.strip() for name in text.split(",")]
    try:
        return checked_names(listed)
    except DeclarationError as error:
        raise ArgumentTypeError(str(error)) from error


def input_path(text: str) -> Path:
    """Return the path of a file or folder that exists and can be read."""
    path = _path(text)
    if not path.exists():
        raise ArgumentTypeError(f"{text!r} does not exist. Check the path.")
    if not os.access(path, os.R_OK):
        raise ArgumentTypeError(f"{text!r} cannot be read. Change its permissions.")
    return path


def input_file(text: str) -> Path:
    """Return the path of a file that exists and can be read."""
    path = input_path(text)
    if path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a folder. Name a file.")
    return path


def text_file(text: str) -> Path:
    """Return the path of a file that exists and is text in UTF-8, with or without a byte order
    mark."""
    path = input_file(text)
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ArgumentTypeError(
            f"{text!r} is not text in UTF-8: line {line} contains another encoding or binary data. "
            "Save it as UTF-8: in an editor, by “Save as” and the encoding UTF-8."
        ) from error
    return path


def input_folder(text: str) -> Path:
    """Return the path of a folder that exists and can be read."""
    path = input_path(text)
    if not path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a file. Name a folder.")
    return path


def weights(text: str) -> Path:
    """Return the path of a weight file, or of the registered classifier of this name."""
    registered = weights_file(text) if is_a_name(text) else None
    if registered is not None and registered.is_file():
        return registered
    if registered is not None and not _path(text).exists():
        known = ", ".join(registered_names()) or "none"
        raise ArgumentTypeError(
            f"{text!r} is neither a file nor a registered classifier. Registered: {known}. Check "
            "the path or the name."
        )
    return input_file(text)


def output_folder(text: str) -> Path:
    """Return the path of a folder that exists and can be written, or can be made."""
    path = _path(text)
    if path.exists() and not path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a file. Name a folder.")
    _check_place(text, path)
    return path


def output_file(text: str) -> Path:
    """Return the path of a file that can be written. It may exist: see ``refuse_overwriting``."""
    path = _path(text)
    if path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a folder. Name a file.")
    _check_place(text, path.parent)
    return path


def nearest_folder(path: Path) -> Path:
    """Return the path or its nearest ancestor that exists."""
    absolute = path.absolute()
    return next(place for place in (absolute, *absolute.parents) if os.path.lexists(place))


def _check_place(text: str, folder: Path) -> None:
    place = nearest_folder(folder)
    if not place.is_dir():
        raise ArgumentTypeError(f"{text!r} cannot be made, because {place} is not a folder.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise ArgumentTypeError(
            f"{text!r} cannot be written, because {place} is read-only for you. Name another place."
        )


def _path(text: str) -> Path:
    if not text.strip():
        raise ArgumentTypeError(f"{text!r} is blank. Give a path.")
    if "\0" in text:
        raise ArgumentTypeError(f"{text!r} contains the character NUL. Remove it.")
    path = Path(text)
    try:
        path.exists()
    except OSError as error:  # such as a name that is too long for the file system
        raise ArgumentTypeError(f"{text[:40]!r}… cannot be a path: {error.strerror}.") from error
    return path


def _whole(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is not a whole number. Give a whole number of at least {least}."
        ) from None
    if number < least:
        raise ArgumentTypeError(f"{text!r} must be at least {least}.")
    return number
