"""Networks of other packages, found by their entry points ``explanation_studies.classifiers``.

An entry point names a function, the factory, that returns a network and its declaration::

    def birds(pretrained: bool = True) -> tuple[nn.Module, Declaration]: ...

If the factory has a parameter ``pretrained``, it is called with False when a registered classifier
is loaded: the weights then come from the registered file, and the factory only builds the network.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from explanations.classifier.declaration import Declaration, DeclarationError

if TYPE_CHECKING:
    from torch import nn

GROUP = "explanation_studies.classifiers"
PREFIX = "factory:"
"""Start of the architecture's key of a network that a factory builds."""


class FactoryError(ValueError):
    """A factory that is missing or fails. The message names its package and the cure."""


@dataclass(frozen=True)
class Factory:
    """An entry point of an installed package. Its code is not imported before it is needed."""

    name: str
    package: str
    """Name and version of the package."""
    point: EntryPoint

    def network(self, *, pretrained: bool) -> "tuple[nn.Module, Declaration]":
        """Call the factory, and return its network and its declaration.

        Raises FactoryError if the factory cannot be imported or fails, or returns anything else.
        """
        from torch import nn

        function = self._function()
        arguments = {"pretrained": pretrained} if _takes_pretrained(function) else {}
        try:
            returned = function(**arguments)
        except Exception as error:  # code of another package may raise anything
            raise FactoryError(
                f"{self._named} failed: {type(error).__name__}: {_line(error)}. Call it in Python "
                "to see where, or ask the package's author."
            ) from error
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise FactoryError(
                f"{self._named} returned a {type(returned).__name__}. It must return two things: "
                "the network and its Declaration."
            )
        network, declared = returned
        if not isinstance(network, nn.Module):
            raise FactoryError(
                f"{self._named} returned a {type(network).__name__} in place of the network. It "
                "must return a torch.nn.Module first."
            )
        try:
            return network, Declaration.of(declared)
        except (DeclarationError, TypeError) as error:
            raise FactoryError(f"{self._named} returned a faulty declaration. {error}") from error

    def _function(self) -> Callable[..., Any]:
        try:
            function = self.point.load()
        except Exception as error:  # importing another package may raise anything
            raise FactoryError(
                f"{self._named} cannot be imported: {type(error).__name__}: {_line(error)}. Repair "
                "or reinstall the package."
            ) from error
        if not callable(function):
            raise FactoryError(f"{self._named} is not a function. Correct {self.point.value!r}.")
        called: Callable[..., Any] = function
        return called

    @property
    def _named(self) -> str:
        return f"The factory {self.name!r} of the package {self.package}"


def installed() -> Mapping[str, Factory]:
    """Return the factories of all installed packages by name. If two packages use a name, the first
    by the package's name is taken."""
    found: dict[str, Factory] = {}
    points = entry_points(group=GROUP)
    for point in sorted(points, key=lambda point: (point.name, _package(point))):
        found.setdefault(point.name, Factory(point.name, _package(point), point))
    return found


def get(name: str) -> Factory:
    """Return the factory of this name. FactoryError lists the installed names."""
    known = installed()
    if name not in known:
        listed = ", ".join(known) or "none"
        raise FactoryError(
            f"No installed package has an entry point {name!r} in the group {GROUP!r}. Installed: "
            f"{listed}. Install the package in this environment."
        )
    return known[name]


def network_of(name: str) -> "nn.Module":
    """Return the network that a factory builds, without its weights if it can omit them."""
    return get(name).network(pretrained=False)[0]


def _takes_pretrained(function: Callable[..., Any]) -> bool:
    try:
        return "pretrained" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function without a readable signature
        return False


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "?"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
