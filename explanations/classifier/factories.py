"""Networks of other packages, found by their entry points ``explanation_studies.classifiers``.

An entry point names a function, the factory, that returns a network and its declaration::

    def birds(pretrained: bool = True) -> tuple[nn.Module, Declaration]: ...

If the factory has a parameter ``pretrained``, it is called with False when a registered classifier
is loaded: the weights then come from the registered file, and the factory only builds the network.
This module lists the factories without importing their code or torch; ``factory_networks`` calls
them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

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

    def __str__(self) -> str:
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


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "?"
