"""What must be declared about a classifier, because its weights cannot tell it: class names, input
size, preprocessing. Readable without torch."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from explanations.imagesets.input_rule import InputRule

MOST_CLASSES = 10_000
LONGEST_NAME = 80
"""Longest class name in characters, as the database stores it."""
LARGEST_STD = 10.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")


class DeclarationError(ValueError):
    """A declaration that cannot be right. The message names the value, the rule and the cure."""


@dataclass(frozen=True)
class Declaration:
    """Classes and preprocessing of a classifier, checked.

    ``class_names`` are in the order of the network's outputs. ``mean`` and ``std`` are per channel
    on the 0..1 scale: three numbers, or one for a network that takes grey images. ``size``,
    ``resize`` and ``crop`` are explained in ``InputRule``. Raises DeclarationError.
    """

    class_names: tuple[str, ...]
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: int = 0
    crop: str = "centre"

    def __post_init__(self) -> None:
        object.__setattr__(self, "class_names", checked_names(self.class_names))
        object.__setattr__(self, "mean", _numbers("mean", self.mean))
        object.__setattr__(self, "std", _numbers("std", self.std))
        if len(self.mean) != len(self.std):
            raise DeclarationError(
                f"mean has {len(self.mean)} numbers, but std has {len(self.std)}. Give one of each "
                "per channel."
            )
        _check_mean(self.mean)
        _check_std(self.std)
        for name in ("size", "resize"):
            value = getattr(self, name)
            if type(value) is not int:
                raise DeclarationError(f"{name} is {_short(value)}. Give a whole number of pixels.")
        try:
            InputRule(self.size, self.resize, self.crop)
        except (ValueError, TypeError) as error:
            raise DeclarationError(str(error)) from error

    @classmethod
    def of(cls, given: "Declaration | Mapping[str, Any]") -> Self:
        """Return the declaration that a factory returns, which may be a mapping of its fields."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            raise DeclarationError(
                f"The declaration is a {type(given).__name__}. It must be a Declaration, or a "
                f"mapping with: {', '.join(field.name for field in fields(cls))}."
            )
        known = [field.name for field in fields(cls)]
        unknown = [str(name) for name in given if name not in known]
        missing = [name for name in known[:4] if name not in given]
        if unknown or missing:
            wrong = [f"lacks {', '.join(missing)}"] if missing else []
            wrong += [f"has the unknown entries {', '.join(unknown)}"] if unknown else []
            raise DeclarationError(
                f"The declaration {' and '.join(wrong)}. Its entries are: {', '.join(known)}."
            )
        return cls(**given)

    @property
    def rule(self) -> InputRule:
        """Return the rule that derives the input from an image."""
        return InputRule(self.size, self.resize, self.crop)


def is_a_name(text: str) -> bool:
    """Check whether a text can be the name of a registered classifier."""
    return _NAME.fullmatch(text) is not None


def checked_names(given: object) -> tuple[str, ...]:
    """Return class names as a tuple.

    Raises DeclarationError for a value that is not a list of two or more different names.
    """
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise DeclarationError(f"class_names is {_short(given)}. Give a list of names.")
    names = tuple(given)
    for name in names:
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise DeclarationError(
                f"The class name {_short(name)} cannot be printed. Give each class a name of "
                "letters, digits or punctuation."
            )
        if len(name) > LONGEST_NAME:
            raise DeclarationError(
                f"The class name {_short(name)} has {len(name)} characters, but may have at most "
                f"{LONGEST_NAME}. Shorten it."
            )
    if not 2 <= len(names) <= MOST_CLASSES:
        raise DeclarationError(
            f"{len(names)} class names are declared, but a classifier needs from 2 to "
            f"{MOST_CLASSES:,}. Name every class, in the order of the network's outputs."
        )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DeclarationError(
                f"The class name {name!r} is declared twice. Give each class a name of its own."
            )
        seen.add(name)
    return names


def _numbers(what: str, given: object) -> tuple[float, ...]:
    values = (given,) if isinstance(given, int | float) else given
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise DeclarationError(f"{what} is {_short(given)}. Give a number per channel.")
    numbers = list(values)
    if len(numbers) not in (1, 3):
        raise DeclarationError(
            f"{what} has {len(numbers)} numbers. Give three, for red, green and blue, or one for a "
            "network that takes grey images."
        )
    for number in numbers:
        # Python counts True as a number, and JSON's NaN and Infinity pass as floats.
        is_number = isinstance(number, int | float) and not isinstance(number, bool)
        if not is_number or abs(number) > 1e9 or not math.isfinite(number):
            raise DeclarationError(f"{what} contains {_short(number)}. Give finite numbers.")
    return tuple(float(number) for number in numbers)


def _check_mean(mean: tuple[float, ...]) -> None:
    if max(mean) > 1:
        scaled = " ".join(f"{value / 255:.3f}" for value in mean)
        raise DeclarationError(
            f"mean is {_listed(mean)}, which looks like the scale from 0 to 255. Pixels are "
            f"divided by 255 first, so divide mean and std by 255, too: {scaled}."
        )
    if min(mean) < -1:
        raise DeclarationError(
            f"mean is {_listed(mean)}. Pixels are divided by 255 first, so a mean is from 0 to 1."
        )


def _check_std(std: tuple[float, ...]) -> None:
    if min(std) <= 0:
        raise DeclarationError(
            f"std is {_listed(std)}, but pixels are divided by it, so it must be above 0. Give the "
            "standard deviation with which the network was trained, or 1 if it was not scaled."
        )
    if max(std) > LARGEST_STD:
        scaled = " ".join(f"{value / 255:.3f}" for value in std)
        raise DeclarationError(
            f"std is {_listed(std)}, which looks like the scale from 0 to 255. Pixels are divided "
            f"by 255 first, so divide mean and std by 255, too: {scaled}."
        )


def _listed(numbers: tuple[float, ...]) -> str:
    return " ".join(f"{number:g}" for number in numbers)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
