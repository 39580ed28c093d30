"""Time and memory that a method will take on this machine, measured on a few passes beforehand."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from explanations.computing.chain import Chain, noise_images
from explanations.computing.gradients import input_gradients
from explanations.computing.memory import LEAST_ROWS, Budget
from explanations.computing.needs import Need
from explanations.computing.patterns import MOST_BYTES, Stem
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Workspace

MEASURED = 4
"""Passes that are timed, after one that is not."""
OF_A_STEP = 6
"""Memory of a row of a forward pass without gradients, in values of the largest layer: input and
output of a layer, another branch, and copies that the processor's library lays out anew."""
ON_THE_WAY_BACK = 1
"""Memory of a row of a gradient pass on top of what is kept, in sums of all layers: gradients, and
results of functions, which are no modules and therefore in no list of layers."""
MINUTE = 60
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Passes:
    """Number of passes of the network that a method makes for one image and one class."""

    forward: int = 0
    gradient: int = 0
    """Forward passes with a backward pass each."""
    kept: int = 2
    """What a gradient pass keeps of a row, in sums of all layers."""
    together: int = LEAST_ROWS
    """Rows of a gradient pass on a CPU, where they fit the memory but not the cache."""
    mixed: int = 0
    """Mixed images, of which a chain shares the first layers and gathers the last features."""
    recorded: int = 0
    """Images of which a chain keeps all layers."""


@dataclass(frozen=True)
class Speed:
    """Seconds of one forward pass and of one forward and backward pass, and bytes of one row."""

    forward: float
    gradient: float
    layers: Sequence[int]
    """Bytes of each layer of one row."""
    budget: Budget
    features: int = 0
    """Number of the layer that enters the linear layers of a chain; 0 for any other network."""
    stem: int = 0
    """Number of the layer behind the first block that mixed images share; 0 if they share none."""

    @classmethod
    def measured(cls, workspace: Workspace) -> "Speed":
        """Time a few passes of random pixels, in parallel as the methods do."""
        size = workspace.classifier.image_size
        pixels = workspace.pixels(noise_images(size, MEASURED))
        targets = torch.zeros((MEASURED, 1), dtype=torch.int64, device=pixels.device)
        has_gradient = not _lacks_gradient(workspace)
        chain = workspace.network if isinstance(workspace.network, Chain) else None
        stem = Stem.of(chain) if chain else None

        def forward(rows: slice) -> None:
            workspace.network.run(pixels[rows])

        def gradient(rows: slice) -> None:
            input_gradients(workspace.network, pixels[rows], targets[rows])

        return cls(
            _seconds(forward, pixels.device),
            _seconds(gradient, pixels.device) if has_gradient else 0.0,
            workspace.layer_bytes(pixels),
            workspace.budget,
            chain.features if chain else 0,
            stem.stop if stem else 0,
        )

    def seconds(self, passes: Passes) -> float:
        """Return the seconds of these passes. Shared work makes chains faster."""
        return passes.forward * self.forward + passes.gradient * self.gradient

    def megabytes(self, passes: Passes) -> int:
        """Estimate the memory of the rows that pass the network together, and of what is kept."""
        # Mixed images enter behind the block that they share.
        largest = max(self.layers[self.stem if passes.mixed else 0 :])
        rows = _at_once(passes.forward, self.budget.forward_rows(largest))
        forward = rows * OF_A_STEP * largest
        working = max(forward, self._gradient_bytes(passes), self._shared_bytes(passes.mixed))
        kept = self._gathered_bytes(passes.mixed) + self._recorded_bytes(passes.recorded)
        return max(1, (working + kept) // MEGABYTE)

    def _gradient_bytes(self, passes: Passes) -> int:
        every = sum(self.layers)
        most = self.budget.gradient_rows(passes.kept * every, passes.together)
        return _at_once(passes.gradient, most) * (passes.kept + ON_THE_WAY_BACK) * every

    def _shared_bytes(self, mixed: int) -> int:
        """Return the bytes of two shared layers, each with the values of all contents."""
        if not self.stem:
            return 0
        return 2 * min(MOST_BYTES, mixed * max(self.layers[self.stem : self.features + 1]))

    def _gathered_bytes(self, mixed: int) -> int:
        """Return the bytes of the last features, before and after they are put together."""
        return 2 * mixed * self.layers[self.features] if self.features else 0

    def _recorded_bytes(self, recorded: int) -> int:
        size = recorded * sum(self.layers)
        return size if self.features and self.budget.keeps(size) else 0


def in_words(seconds: float) -> str:
    """Return a duration in the unit that fits it."""
    if seconds >= 2 * MINUTE:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 2 else f"{seconds:.1g} s"


def _at_once(wanted: int, rows: int) -> int:
    """Return how many of the wanted rows are in memory together: a piece of ``rows`` rows for each
    thread."""
    return min(wanted, rows * torch.get_num_threads())


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
