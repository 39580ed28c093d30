"""Training batches, whose split, order and augmentation each have a seed of their own."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

SHIFT_SHARE = 8
"""Images are moved by up to an eighth of their width: four pixels of 32."""


@dataclass(frozen=True)
class LabelledTensors:
    """Images, as uint8 with shape (n, 3, height, width), and their labels with shape (n,)."""

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: Tensor) -> "LabelledTensors":
        """Return the images and labels at ``indices``."""
        return LabelledTensors(self.images[indices], self.labels[indices])

    def channel_statistics(self) -> tuple[Tensor, Tensor]:
        """Compute the mean and standard deviation of each channel, with shape (3,), on the 0..1
        scale."""
        # Summed in chunks, because a float copy of 50,000 images would take 600 MB.
        total = torch.zeros(3, dtype=torch.float64)
        squares = torch.zeros(3, dtype=torch.float64)
        for chunk in torch.split(self.images, 1000):
            pixels = chunk.double() / 255.0
            total += pixels.sum(dim=(0, 2, 3))
            squares += pixels.square().sum(dim=(0, 2, 3))
        count = self.images.numel() / 3
        mean = total / count
        return mean.float(), (squares / count - mean.square()).clamp_min(1e-8).sqrt().float()


def split_validation(
    data: LabelledTensors, share: float, seed: int
) -> tuple[LabelledTensors, LabelledTensors]:
    """Split into training and validation parts.

    ``share`` of every class goes to validation, but at least one image of a class with several.
    """
    generator = np.random.default_rng([seed, 1])
    held_out = np.zeros(len(data), dtype=bool)
    labels = data.labels.numpy()
    for label in np.unique(labels):
        members = generator.permutation(np.flatnonzero(labels == label))
        least = 1 if share and len(members) > 1 else 0
        held_out[members[: max(least, round(share * len(members)))]] = True
    mask = torch.from_numpy(held_out)
    return data.take((~mask).nonzero()[:, 0]), data.take(mask.nonzero()[:, 0])


def shuffled_batches(
    data: LabelledTensors,
    batch_size: int,
    seed: int,
    epoch: int,
    augmented: bool,
    *,
    join_single: bool = False,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield one epoch of (pixels, labels). Order and augmentation depend only on seed and epoch.

    With ``join_single``, a last batch of one image joins the batch before it, because batch
    normalisation cannot measure the spread of one image.
    """
    generator = torch.Generator().manual_seed(seed * 10_007 + epoch)
    order = list(torch.split(torch.randperm(len(data), generator=generator), batch_size))
    if join_single and len(order) > 1 and len(order[-1]) == 1:
        order[-2:] = [torch.cat(order[-2:])]
    for indices in order:
        batch = data.take(indices)
        images = shift_and_mirror(batch.images, generator) if augmented else batch.images
        yield images, batch.labels


def shift_and_mirror(images: Tensor, generator: torch.Generator) -> Tensor:
    """Move each image by up to an eighth (edges reflected) and mirror half of the images."""
    count, _, height, width = images.shape
    shift = min(height, width) // SHIFT_SHARE
    padded = functional.pad(images.float(), (shift,) * 4, mode="reflect")
    offsets = torch.randint(0, 2 * shift + 1, (2, count), generator=generator)
    mirrored = torch.rand(count, generator=generator) < 0.5
    rows = offsets[0][:, None] + torch.arange(height)
    columns = offsets[1][:, None] + torch.arange(width)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    image = torch.arange(count)[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)
