"""Occlusion (Zeiler and Fergus 2014), which covers the image window by window and measures the
change of the score."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.cost import Passes
from explanations.computing.memory import in_chunks
from explanations.computing.needs import Need
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Batch
from explanations.methods.baselines import baseline_pixels
from explanations.methods.protocol import Diagnostics, as_array, flagged

Window = tuple[slice, slice]


@dataclass(frozen=True)
class Occlusion:
    """Mean fall of the logit over all windows that cover a pixel. A positive value is evidence for
    the class.

    ``window`` and ``step`` are shares of the image's shorter side, rounded to whole pixels. A
    covered window shows the baseline, and windows at the end are cut off by the border. The numbers
    equal captum's.
    """

    version: ClassVar[int] = 1
    needs: ClassVar[Sequence[Need]] = (Need.OUTPUTS,)
    window: float = 0.125
    step: float = 0.0625
    baseline: str = "mean"

    def __post_init__(self) -> None:
        for name in ("window", "step"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(
                    f"{name} is {getattr(self, name)}, but must be above 0 and at most 1: it is a "
                    "share of the image's side."
                )
        if self.step > self.window:
            raise ValueError(
                f"step is {self.step} and window is {self.window}, so that pixels between the "
                "windows would never be covered. Lower step."
            )

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(forward=len(self.windows(size)))

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        covered = baseline_pixels(self.baseline, batch)
        windows = self.windows(batch.size)
        maps = torch.stack(
            [self._of_one(batch, image, windows, covered[image]) for image in range(len(batch))]
        )
        window, step = self.pixels_of(batch.size)
        diagnostics: Diagnostics = [
            [
                {"windows": len(windows), "window": window, "step": step, "largest_change": largest}
                | flagged(no_window_matters=largest == 0)
                for largest in row
            ]
            for row in maps.abs().amax((2, 3)).tolist()
        ]
        return Attributions(as_array(maps), diagnostics=diagnostics)

    def pixels_of(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the window's side and the step in pixels, at least 1 each."""
        shorter = min(size)
        window = max(1, round(self.window * shorter))
        return window, min(window, max(1, round(self.step * shorter)))

    def windows(self, size: tuple[int, int]) -> list[Window]:
        """List the rows and columns of each window."""
        window, step = self.pixels_of(size)
        starts = [range(0, max(0, length - window) + step, step) for length in size]
        return [
            (slice(row, row + window), slice(column, column + window))
            for row in starts[0]
            for column in starts[1]
        ]

    def _of_one(
        self, batch: Batch, image: int, windows: Sequence[Window], covered: Tensor
    ) -> Tensor:
        """Return the map of each class, with shape (k, height, width)."""
        workspace, pixels, targets = batch.workspace, batch.pixels[image], batch.targets[image]
        rows = workspace.budget.forward_rows(max(workspace.layer_bytes(batch.pixels)))

        def logits(some: slice) -> Tensor:
            pieces: list[Tensor] = []

            def piece(part: slice) -> None:
                here = windows[some.start + part.start : some.start + part.stop]
                shown = pixels.repeat(len(here), 1, 1, 1)
                for copy, (down, across) in zip(shown, here, strict=True):
                    copy[:, down, across] = covered[:, down, across]
                pieces.append(workspace.network.run(workspace.network.enter(shown))[:, targets])

            in_chunks(some.stop - some.start, rows, piece)
            return torch.cat(pieces)

        of_windows = torch.cat(side_by_side(len(windows), rows, pixels.device, logits))
        falls = batch.logits[image, targets].double() - of_windows.double()  # (windows, k)
        summed = falls.new_zeros((len(targets), *batch.size))
        count = falls.new_zeros(batch.size)
        for fall, (down, across) in zip(falls, windows, strict=True):
            summed[:, down, across] += fall[:, None, None]
            count[down, across] += 1
        return summed / count
