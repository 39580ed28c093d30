"""Probabilities for images that are mixed from two, patch by patch: what LIME asks a network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations.computing.arithmetic import TOLERANCE, Forward, faster
from explanations.computing.memory import in_chunks
from explanations.computing.patterns import Patterns, Stem, patterns
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Workspace

SAMPLE = 32
"""Rows of each image on which a faster arithmetic is compared with the strict one."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """An image, another to take its place, and which patches of the first each sample keeps."""

    shown: NDArray[np.uint8]
    hidden: NDArray[np.uint8]
    patches: NDArray[np.int64]
    keeps: NDArray[np.bool_]
    """(samples, patches)"""


@dataclass(frozen=True, eq=False)
class Answers:
    """What the network says of every sample of one image."""

    probabilities: Tensor
    """(samples, classes)"""
    computed: int
    """Samples that differ; equal ones were computed once."""
    arithmetic: str
    fast_error: float | None
    """Largest difference of a probability between the faster and the strict arithmetic."""

    @property
    def about(self) -> dict[str, Any]:
        """How they were computed, as an entry of the diagnostics."""
        about: dict[str, Any] = {"rows": self.computed, "arithmetic": self.arithmetic}
        return about if self.fast_error is None else about | {"fast_error": self.fast_error}


def probabilities(
    workspace: Workspace, mixed: Sequence[Mixed], *, precision: str = "strict"
) -> list[Answers]:
    """The network's probabilities for every sample of every image."""
    with torch.no_grad():
        return [_Mixture(workspace, one).answers(precision) for one in mixed]


class _Mixture:
    """The samples of one image, ready to go through the network."""

    def __init__(self, workspace: Workspace, mixed: Mixed) -> None:
        self.chain = workspace.chain
        self.shown, self.hidden = workspace.pixels(np.stack([mixed.shown, mixed.hidden]))
        device = self.shown.device
        keeps, self.same_as = _different(mixed.keeps)
        self.keeps = torch.from_numpy(keeps).to(device)
        self.patches = torch.from_numpy(mixed.patches).to(device)
        stem = workspace.keep("stem", lambda: Stem.of(self.chain))
        self.stem, self.contents = stem, self._contents(stem)
        self.start = stem.stop if stem and self.contents else 0
        layers = workspace.layer_bytes(self.shown[None])[self.start :]
        self.rows = workspace.budget.rows(max(layers))
        self.workspace = workspace

    def answers(self, precision: str) -> Answers:
        everything = slice(0, len(self.keeps))
        fast = faster(self.shown.device, self.chain.dtype) if precision == "fast" else None
        error = None
        if fast is not None:
            quick = self.workspace.keep(fast[0], lambda: fast[1](self.chain))
            found = self._run(quick, everything)
            sample = slice(0, min(SAMPLE, len(self.keeps)))
            error = float((found[sample] - self._run(self.chain.run, sample)).abs().max())
            if error <= TOLERANCE:
                return Answers(found[self.same_as], len(self.keeps), fast[0], error)
        found = self._run(self.chain.run, everything)
        return Answers(found[self.same_as], len(self.keeps), "strict", error)

    def _run(self, forward: Forward, wanted: slice) -> Tensor:
        """Features piece by piece; the linear layers, whose weights are large, for all at once."""
        head, count = self.chain.features, wanted.stop - wanted.start

        def features(rows: slice) -> Tensor:
            here = slice(wanted.start + rows.start, wanted.start + rows.stop)
            return forward(self._entering(here), self.start, head)

        def share(some: slice) -> Tensor:
            return _in_pieces(
                some.stop - some.start,
                self.rows,
                lambda rows: features(slice(some.start + rows.start, some.start + rows.stop)),
            )

        entering = torch.cat(side_by_side(count, self.rows, self.shown.device, share))
        logits = _in_pieces(count, count, lambda rows: forward(entering[rows], head))
        return torch.softmax(logits, dim=1)

    def _entering(self, rows: slice) -> Tensor:
        """What goes into the first step that is run for every sample."""
        if self.contents is not None:
            return self.contents.stem_output(rows)
        keep = self.keeps[rows][:, self.patches][..., None]
        pixels = torch.where(keep, self.shown.permute(1, 2, 0), self.hidden.permute(1, 2, 0))
        return pixels.permute(0, 3, 1, 2)

    def _contents(self, stem: Stem | None) -> Patterns | None:
        if stem is None:
            return None
        return patterns(self.chain, stem, self.shown, self.hidden, self.patches, self.keeps)


def _in_pieces(count: int, rows: int, work: Callable[[slice], Tensor]) -> Tensor:
    """What ``work`` gives for ``count`` rows, at most ``rows`` at a time."""
    found: list[Tensor] = []
    in_chunks(count, rows, lambda part: found.append(work(part)))
    return torch.cat(found)


def _different(keeps: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """The rows that differ, in the order of their first appearance, and which each row equals."""
    packed = np.packbits(keeps, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return keeps[first[order]], place[inverse.ravel()]
