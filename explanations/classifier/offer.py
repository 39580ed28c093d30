"""What somebody offers for registration: a weight file or a factory, and what is declared about it.

Readable without torch, so that a page can refuse an incomplete offer at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explanations.classifier import architectures
from explanations.classifier.declaration import Declaration, DeclarationError
from explanations.classifier.header import FORMATS, VGG13_KEY, parse_header, read_metadata

OPTIONS = {"class_names": "classes"}
"""Entries of a declaration whose option has another name."""


@dataclass(frozen=True)
class Offer:
    """A network from elsewhere. Exactly one of ``weights`` and ``factory`` is given."""

    weights: Path | None = None
    factory: str = ""
    architecture: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict)
    """The entries of the declaration that were given."""

    def check(self) -> None:
        """Check the offer as far as that is possible without the network.

        Raises DeclarationError, HeaderError and UnknownArchitectureError.
        """
        if self.weights is None:
            if self.architecture:
                raise DeclarationError(
                    f"The architecture {self.architecture} belongs to weights (--weights), but a "
                    "factory builds its own network. Omit one of them."
                )
        elif self.records_itself:
            header = parse_header(self.weights.name, read_metadata(self.weights))
            if self.architecture not in ("", header.architecture):
                raise DeclarationError(
                    f"{self.weights.name} records the architecture {header.architecture}, not "
                    f"{self.architecture}. Omit the architecture."
                )
            if self.declared:
                named = ", ".join(f"--{OPTIONS.get(name, name)}" for name in self.declared)
                raise DeclarationError(
                    f"{self.weights.name} records its classes and preprocessing. Omit {named}."
                )
        else:
            self.declaration()

    @property
    def records_itself(self) -> bool:
        """Check whether the file was written by train_classifier or register_classifier."""
        if self.weights is None:
            return False
        return read_metadata(self.weights).get("format") in FORMATS

    def declaration(self) -> Declaration:
        """Return the declaration of weights that do not record one, with the usual preprocessing.

        Raises DeclarationError for what is missing.
        """
        name = self.weights.name if self.weights else self.factory
        if not self.architecture:
            known = ", ".join(kind.key for kind in architectures.ARCHITECTURES)
            raise DeclarationError(
                f"{name} does not record its network. Give its architecture (--architecture), one "
                f"of: {known}."
            )
        if "class_names" not in self.declared:
            raise DeclarationError(
                f"{name} does not record its classes. Give their names (--classes) in the order of "
                "the outputs."
            )
        usual: dict[str, Any] = {"size": architectures.get(self.architecture).size}
        if self.architecture == VGG13_KEY:
            if missing := [name for name in ("mean", "std") if name not in self.declared]:
                raise DeclarationError(
                    f"The VGG13's preprocessing is not known. Give {' and '.join(missing)} "
                    f"({' '.join('--' + name for name in missing)}), three numbers each: of the "
                    "training images' channels, divided by 255."
                )
        else:
            usual |= {"mean": architectures.IMAGENET_MEAN, "std": architectures.IMAGENET_STD}
        return Declaration(**{**usual, **self.declared})
