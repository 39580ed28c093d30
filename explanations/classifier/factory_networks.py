"""Calls of the factories of other packages, whose results are checked."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from explanations.classifier import factories
from explanations.classifier.declaration import Declaration, DeclarationError
from explanations.classifier.factories import Factory, FactoryError


def network_of(name: str) -> nn.Module:
    """Return the network that a factory builds, without its weights if it can omit them."""
    return call(factories.get(name), pretrained=False)[0]


def call(factory: Factory, *, pretrained: bool) -> tuple[nn.Module, Declaration]:
    """Call a factory, and return its network and its declaration.

    Raises FactoryError if the factory cannot be imported or fails, or returns anything else.
    """
    function = _function(factory)
    arguments = {"pretrained": pretrained} if _takes_pretrained(function) else {}
    try:
        returned = function(**arguments)
    except FileNotFoundError as error:
        raise FactoryError(
            f"{factory} lacks a file: {_line(error)}. pip installs a file next to the code only if "
            "the package's pyproject.toml names it: in [tool.setuptools.package-data], as in "
            'birdlab = ["*.safetensors"]. Add it, and install the package again.'
        ) from error
    except Exception as error:  # code of another package may raise anything
        raise FactoryError(
            f"{factory} failed: {type(error).__name__}: {_line(error)}. Call it in Python to see "
            "where, or ask the package's author."
        ) from error
    if not isinstance(returned, tuple) or len(returned) != 2:
        raise FactoryError(
            f"{factory} returned a {type(returned).__name__}. It must return two things: the "
            "network and its Declaration."
        )
    network, declared = returned
    if not isinstance(network, nn.Module):
        raise FactoryError(
            f"{factory} returned a {type(network).__name__} in place of the network. It must "
            "return a torch.nn.Module first."
        )
    try:
        return network, Declaration.of(declared)
    except (DeclarationError, TypeError) as error:
        raise FactoryError(f"{factory} returned a faulty declaration. {error}") from error


def _function(factory: Factory) -> Callable[..., Any]:
    try:
        function = factory.point.load()
    except Exception as error:  # importing another package may raise anything
        raise FactoryError(
            f"{factory} cannot be imported: {type(error).__name__}: {_line(error)}. Repair or "
            "reinstall the package."
        ) from error
    if not callable(function):
        raise FactoryError(f"{factory} is not a function. Correct {factory.point.value!r}.")
    called: Callable[..., Any] = function
    return called


def _takes_pretrained(function: Callable[..., Any]) -> bool:
    try:
        return "pretrained" in inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function without a readable signature
        return False


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")
