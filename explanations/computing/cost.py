"""Time and memory that a method will take on this machine, measured on a few passes beforehand."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from explanations.computing.chain import noise_images
from explanations.computing.gradients import input_gradients
from explanations.computing.memory import Budget
from explanations.computing.needs import Need
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Workspace

MEASURED = 4
"""Passes that are timed, after one that is not."""
MINUTE = 60
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Passes:
    """Number of passes of the network that a method makes for one image and one class."""

    forward: int = 0
    gradient: int = 0
    """Forward passes with a backward pass each."""
    kept: int = 2
    """Memory of a row of a pass, in sums of all layers."""


@dataclass(frozen=True)
class Speed:
    """Seconds of one forward pass and of one forward and backward pass, and bytes of one row."""

    forward: float
    gradient: float
    layer_bytes: int
    """Bytes of all layers of one row."""
    budget: Budget

    @classmethod
    def measured(cls, workspace: Workspace) -> "Speed":
        """Time a few passes of random pixels, in parallel as the methods do."""
        size = workspace.classifier.image_size
        pixels = workspace.pixels(noise_images(size, MEASURED))
        targets = torch.zeros((MEASURED, 1), dtype=torch.int64, device=pixels.device)
        has_gradient = not _lacks_gradient(workspace)

        def forward(rows: slice) -> None:
            workspace.network.run(pixels[rows])

        def gradient(rows: slice) -> None:
            input_gradients(workspace.network, pixels[rows], targets[rows])

        return cls(
            _seconds(forward, pixels.device),
            _seconds(gradient, pixels.device) if has_gradient else 0.0,
            sum(workspace.layer_bytes(pixels)),
            workspace.budget,
        )

    def seconds(self, passes: Passes) -> float:
        """Return the seconds of these passes. Shared work makes chains faster."""
        return passes.forward * self.forward + passes.gradient * self.gradient

    def megabytes(self, passes: Passes) -> int:
        """Return the memory of the rows that pass the network together, at most.

        Rows with a backward pass need only fit memory, because autograd keeps all layers anyway.
        """
        row_bytes = passes.kept * self.layer_bytes
        rows = self.budget.rows(row_bytes, in_cache=not passes.gradient)
        at_once = min(passes.forward + passes.gradient, rows)
        return max(1, at_once * torch.get_num_threads() * row_bytes // MEGABYTE)


def in_words(seconds: float) -> str:
    """Return a duration in the unit that fits it."""
    if seconds >= 2 * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.1g} s"


def _lacks_gradient(workspace: Workspace) -> bool:
    return bool(workspace.network.problem(Need.GRADIENT))


def _seconds(work: Callable[[slice], None], device: torch.device) -> float:
    with torch.no_grad():
        work(slice(0, 1))
    _wait(device)
    started = time.perf_counter()
    side_by_side(MEASURED, 1, device, work)
    _wait(device)
    return (time.perf_counter() - started) / MEASURED


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
