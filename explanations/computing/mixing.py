"""Probabilities of images that are mixed from two images patch by patch, as LIME needs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations.computing.arithmetic import TOLERANCE, Forward, faster
from explanations.computing.chain import Chain
from explanations.computing.memory import in_chunks
from explanations.computing.patterns import Patterns, Stem, deepest, patterns
from explanations.computing.threads import side_by_side
from explanations.computing.workspace import Workspace

SAMPLE = 32
"""Rows of each image on which the faster arithmetic is compared with the strict arithmetic."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """An image, a replacement for it, and the patches of the image that each sample keeps."""

    shown: NDArray[np.uint8]
    hidden: NDArray[np.uint8]
    patches: NDArray[np.int64]
    keeps: NDArray[np.bool_]
    """Whether a sample keeps a patch, with shape (samples, patches)."""


@dataclass(frozen=True, eq=False)
class Answers:
    """The network's probabilities for every sample of one image."""

    probabilities: Tensor
    """Probabilities, with shape (samples, classes)."""
    computed: int
    """Number of different samples. Samples that occur repeatedly are computed once."""
    arithmetic: str
    fast_error: float | None
    """Largest difference of a probability between the faster and the strict arithmetic."""


def probabilities(
    workspace: Workspace, mixed: Sequence[Mixed], *, precision: str = "strict"
) -> list[Answers]:
    """Compute the network's probabilities for every sample of every image."""
    with torch.no_grad():
        return [_Mixture(workspace, mixture).answers(precision) for mixture in mixed]


class _Mixture:
    """The samples of one image, prepared for the network."""

    def __init__(self, workspace: Workspace, mixed: Mixed) -> None:
        self.workspace, self.network = workspace, workspace.network
        self.shown, self.hidden = workspace.pixels(np.stack([mixed.shown, mixed.hidden]))
        device = self.shown.device
        keeps, self.same_as = _different(mixed.keeps)
        self.keeps = torch.from_numpy(keeps).to(device)
        self.patches = torch.from_numpy(mixed.patches).to(device)
        self.contents = self._contents(workspace.keep("stem", lambda: _stem(workspace)))
        self.start = self.contents.stop if self.contents else 0
        layers = workspace.layer_bytes(self.shown[None])[self.start :]
        self.rows = workspace.budget.forward_rows(max(layers))

    def answers(self, precision: str) -> Answers:
        """Compute the probabilities. Fall back to strict arithmetic if the fast error is too
        large."""
        everything = slice(0, len(self.keeps))
        fast = _faster(self.workspace) if precision == "fast" else None
        error = None
        if fast is not None:
            quick = self.workspace.keep(fast[0], fast[1])
            computed = self._run(quick, everything)
            # A sample of rows suffices: a network that rounds badly does so on most rows.
            sample = slice(0, min(SAMPLE, len(self.keeps)))
            error = float((computed[sample] - self._run(self.network.run, sample)).abs().max())
            if error <= TOLERANCE:
                return Answers(computed[self.same_as], len(self.keeps), fast[0], error)
        computed = self._run(self.network.run, everything)
        return Answers(computed[self.same_as], len(self.keeps), "strict", error)

    def _run(self, forward: Forward, wanted: slice) -> Tensor:
        """Compute features piece by piece. Compute the linear layers, whose weights are large, at
        once."""
        head, count = self.network.features, wanted.stop - wanted.start

        def features(rows: slice) -> Tensor:
            here = slice(wanted.start + rows.start, wanted.start + rows.stop)
            return forward(self._entering(here), self.start, head)

        def share(some: slice) -> Tensor:
            return _in_pieces(
                some.stop - some.start,
                self.rows,
                lambda rows: features(slice(some.start + rows.start, some.start + rows.stop)),
            )

        # The weights of the linear layers exceed the cache, so they should be read only once.
        entering = torch.cat(side_by_side(count, self.rows, self.shown.device, share))
        logits = _in_pieces(count, count, lambda rows: forward(entering[rows], head))
        return torch.softmax(logits, dim=1)

    def _entering(self, rows: slice) -> Tensor:
        """Return the input of the first step that is run for every sample."""
        if self.contents is not None:
            return self.contents.stem_output(rows)
        keep = self.keeps[rows][:, self.patches][..., None]
        pixels = torch.where(keep, self.shown.permute(1, 2, 0), self.hidden.permute(1, 2, 0))
        return pixels.permute(0, 3, 1, 2)

    def _contents(self, stem: Stem | None) -> Patterns | None:
        if stem is None:
            return None
        chain = self.workspace.chain
        first = patterns(chain, stem, self.shown, self.hidden, self.patches, self.keeps)
        return first and deepest(chain, first, self.keeps)


def _stem(workspace: Workspace) -> Stem | None:
    network = workspace.network
    return Stem.of(network) if isinstance(network, Chain) else None


def _faster(workspace: Workspace) -> tuple[str, Callable[[], Forward]] | None:
    """Return name and constructor of the faster arithmetic, which exists only for chains."""
    network = workspace.network
    if not isinstance(network, Chain):
        return None
    quick = faster(workspace.classifier.device, network.dtype)
    return None if quick is None else (quick[0], lambda: quick[1](network))


def _in_pieces(count: int, rows: int, work: Callable[[slice], Tensor]) -> Tensor:
    """Join the results of ``work`` for ``count`` rows, computed at most ``rows`` at a time."""
    pieces: list[Tensor] = []
    in_chunks(count, rows, lambda part: pieces.append(work(part)))
    return torch.cat(pieces)


def _different(keeps: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return the different rows in order of first appearance, and the number of each row among
    them."""
    packed = np.packbits(keeps, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return keeps[first[order]], place[inverse.ravel()]
