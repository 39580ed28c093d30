"""DeepSHAP (Lundberg and Lee 2017), which divides the logit's difference from typical images among
the pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explanations.attribution import Attributions
from explanations.computing.chain import Chain
from explanations.computing.cost import Passes
from explanations.computing.memory import in_chunks
from explanations.computing.needs import Need
from explanations.computing.rescale import Recorded, multipliers, multipliers_of
from explanations.computing.threads import side_by_side
from explanations.computing.whole import WholeNetwork
from explanations.computing.workspace import Batch, Workspace
from explanations.methods.protocol import Diagnostics, ResidualError, as_array, flagged

# Memory of one pair of image and reference in the backward pass, in layers of the widest size.
KEPT_LAYERS = 2
SHARE_OF_GRAPH = 6
"""Memory of one reference in a network that is not a chain, in sums of all layers: values and
factors in float64, factors and gradients in the network's type."""
ADDS_UP = 1e-4
"""Largest residual of a map. A larger one is refused, because the shares are not the method's."""


@dataclass(frozen=True)
class DeepShap:
    """Shares of the logit, averaged over a background of training images.

    The numbers equal ``shap.DeepExplainer``'s results. The shares should add up to the logit minus
    its mean over the background; ``additivity_residual`` is the missing amount, relative to 1 plus
    that difference. ResidualError is raised if it exceeds ADDS_UP. Without a background, the
    only reference is an image of the training images' mean colour.

    A network with an operation for which DeepLIFT has no rule is refused. Its shares are never
    replaced by another method's.
    """

    version: ClassVar[int] = 3
    needs: ClassVar[Sequence[Need]] = (Need.GRADIENT, Need.RULES)
    output: str = "logit"

    def passes(self, size: tuple[int, int], references: int) -> Passes:
        return Passes(
            forward=references,
            gradient=references,
            kept=SHARE_OF_GRAPH,
            together=references,
            recorded=references,
        )

    def explain(self, batch: Batch, seeds: Sequence[int]) -> Attributions:
        references = _references(batch)
        shares = references.shares(batch)
        logits = batch.logits.gather(1, batch.targets).double()
        expected = references.mean_logits[batch.targets]
        difference = logits - expected
        # 1 is added because a difference near zero would make any rounding error look large.
        residuals = (shares.sum((2, 3, 4)) - difference).abs() / (1 + difference.abs())
        _check(residuals)
        diagnostics: Diagnostics = [
            [
                {
                    "logit": float(logits[image, column]),
                    "background_logit": float(expected[image, column]),
                    "additivity_residual": float(residuals[image, column]),
                    "background_images": references.count,
                }
                | flagged()
                for column in range(batch.targets.shape[1])
            ]
            for image in range(len(batch))
        ]
        return Attributions(
            as_array(shares.sum(2)), channels=as_array(shares), diagnostics=diagnostics
        )


def _check(residuals: Tensor) -> None:
    # Negated, because a residual that is not a number must be refused as well.
    if not bool((residuals <= ADDS_UP).all()):
        raise ResidualError(
            f"DeepSHAP's shares miss the change of the logit by {float(residuals.max()):.2g} (1 "
            f"plus the change is 1), but at most {ADDS_UP:g} is rounding. No map is returned. "
            "Explain the network in float64: call network.double(), or scale its inputs so that "
            "the logits are smaller. If it persists in float64, report the network's modules."
        )


def _references(batch: Batch) -> "References | ReferencesOfAnyNetwork":
    """Return the references of the batch's workspace, created once."""
    workspace = batch.workspace
    background = workspace.background
    pixels = (
        torch.zeros_like(batch.pixels[:1])
        if background is None
        else workspace.pixels(background.images)
    )
    kind = ReferencesOfAnyNetwork if isinstance(workspace.network, WholeNetwork) else References
    name = f"references {tuple(pixels.shape)}"
    return workspace.keep(name, lambda: kind(workspace, pixels))


class References:
    """Background in the form that the rules need, recorded once, or in pieces if it is large."""

    def __init__(self, workspace: Workspace, pixels: Tensor) -> None:
        self.workspace = workspace
        self.pixels = pixels
        self.count = len(pixels)
        layers = workspace.layer_bytes(pixels)
        budget = workspace.budget
        fits = budget.keeps(sum(layers) * self.count)
        self._recorder = workspace.keep("recorder", workspace.chain.recorder)
        self._rows = budget.rows(KEPT_LAYERS * max(layers))
        ends = KEPT_LAYERS * max(layers[workspace.chain.features :])
        self._end_rows = budget.rows(ends, in_cache=False) if fits else self._rows
        self._recorded = Recorded.joined(list(self._pieces())) if fits else None
        logits = self._recorded.logits if self._recorded else self._logits()
        self.mean_logits = logits.double().mean(0)
        """Mean logits of the background, (classes,), float64."""

    def shares(self, batch: Batch) -> Tensor:
        """Compute the shares of every pixel and channel, as float64 with shape (n, k, 3, height,
        width)."""
        pooled = self.workspace.budget.pools_images
        per_image = self.count * batch.targets.shape[1]
        at_once = max(1, self._rows // per_image) if pooled else 1
        return torch.cat(
            [
                self._of_some(batch, slice(first, first + at_once))
                for first in range(0, len(batch), at_once)
            ]
        )

    def _of_some(self, batch: Batch, images: slice) -> Tensor:
        chain = self.workspace.chain
        targets = batch.targets[images]
        start = multipliers_of(batch.logits, targets)
        ours = Recorded.of(chain, batch.pixels[images], self._recorder)
        rows = max(1, self._rows // targets.numel())
        summed: list[Tensor] = []

        # The linear layers take all references at once, because their weights are read for each
        # piece; the convolutions take few, so that a piece fits the cache.
        def piece(part: slice) -> None:
            theirs = self._part(part)
            ends = multipliers(chain, ours, theirs, start, chain.features, len(chain))

            def features(share: slice) -> Tensor:
                return self._summed(chain, ours, theirs.part(share), ends[:, :, share], rows)

            summed.extend(side_by_side(len(theirs.pixels), rows, targets.device, features))

        in_chunks(self.count, max(1, self._end_rows // targets.numel()), piece)
        return torch.stack(summed).sum(0) / self.count

    @staticmethod
    def _summed(chain: Chain, ours: Recorded, theirs: Recorded, ends: Tensor, rows: int) -> Tensor:
        """Sum the shares over some references, as float64 with shape (g, k, 3, height, width)."""
        summed = torch.zeros(
            (*ends.shape[:2], *ours.pixels.shape[1:]), dtype=torch.float64, device=ends.device
        )

        def piece(some: slice) -> None:
            these = theirs.part(some)
            factors = multipliers(chain, ours, these, ends[:, :, some], 0, chain.features)
            differences = ours.pixels[:, None, None] - these.pixels[None, None]
            summed.add_((factors * differences).sum(2))

        in_chunks(len(theirs.pixels), rows, piece)
        return summed

    def _part(self, rows: slice) -> Recorded:
        if self._recorded is not None:
            return self._recorded.part(rows)
        # This part is recorded again for every image: float64 would cost more than all the rest.
        return Recorded.of(self.workspace.chain, self.pixels[rows])

    def _pieces(self) -> list[Recorded]:
        pieces: list[Recorded] = []
        in_chunks(
            self.count,
            self._rows,
            lambda rows: pieces.append(
                Recorded.of(self.workspace.chain, self.pixels[rows], self._recorder)
            ),
        )
        return pieces

    def _logits(self) -> Tensor:
        with torch.no_grad():
            return torch.cat([self.workspace.chain.run(row[None]) for row in self.pixels])


class ReferencesOfAnyNetwork:
    """Background for a network that is not a chain, by its linearised graph."""

    def __init__(self, workspace: Workspace, pixels: Tensor) -> None:
        network = workspace.network
        assert isinstance(network, WholeNetwork)  # noqa: S101 - a chain has its own references
        self.workspace = workspace
        self.network = network
        self.pixels = pixels
        self.count = len(pixels)
        self.mean_logits = torch.zeros(0)
        """Mean logits of the background, (classes,), float64. Known after the first image."""
        kept = SHARE_OF_GRAPH * sum(workspace.layer_bytes(pixels))
        self._rows = workspace.budget.rows(kept, in_cache=False)

    def shares(self, batch: Batch) -> Tensor:
        """Compute the shares of every pixel and channel, as float64 with shape (n, k, channels,
        height, width)."""
        return torch.stack(
            [
                self._of_one(row, targets)
                for row, targets in zip(batch.pixels, batch.targets, strict=True)
            ]
        )

    def _of_one(self, pixels: Tensor, targets: Tensor) -> Tensor:
        rules = self.network.rules
        with torch.no_grad():
            image = rules.record(pixels[None])

        def some(rows: slice) -> tuple[Tensor, Tensor]:
            summed = pixels.new_zeros((len(targets), *pixels.shape), dtype=torch.float64)
            logits: list[Tensor] = []

            def piece(part: slice) -> None:
                these = self.pixels[rows.start + part.start : rows.start + part.stop]
                factors = rules.factors(image, these).to(self.network.dtype)
                multipliers = rules.multipliers(factors, these, targets)
                summed.add_((multipliers * (pixels - these).double()).sum(1))
                logits.append(factors.logits)

            in_chunks(rows.stop - rows.start, self._rows, piece)
            return summed, torch.cat(logits)

        parts = side_by_side(self.count, self._rows, pixels.device, some)
        self.mean_logits = torch.cat([logits for _, logits in parts]).mean(0)
        return torch.stack([summed for summed, _ in parts]).sum(0) / self.count
