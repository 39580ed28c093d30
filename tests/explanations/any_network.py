"""Small networks of every kind that a lab may bring, none of which is a chain of modules."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from explanations.classifier.checkpoint import Classifier

SIZE = 33


class Block(nn.Module):
    """A residual block with a ReLU that is used twice, one of them in place."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, values):
        changed = self.relu(self.first_norm(self.first(values)))
        changed = self.second_norm(self.second(changed))
        changed += values
        return self.relu(changed)


class Residual(nn.Module):
    """Overlapping pools, functional and leaky ReLU, GELU, concatenation and view()."""

    def __init__(self, channels: int = 3, outputs: int = 4) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 3, padding=1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.one = Block(8)
        self.two = Block(8)
        self.act = nn.GELU()
        self.head = nn.Linear(16 * 16, outputs)

    def forward(self, pixels):
        values = self.pool(functional.leaky_relu(self.stem(pixels), 0.1))
        values = self.two(self.act(self.one(values)))
        both = torch.cat([values, functional.max_pool2d(values, 3, 1, 1)], dim=1)
        cells = functional.adaptive_avg_pool2d(both, (4, 4))
        return self.head(cells.view(cells.size(0), -1))


class Normalised(nn.Module):
    """Group normalisation and a squeeze-and-excitation product."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.GroupNorm(2, 8)
        self.gate = nn.Linear(8, 8)
        self.head = nn.Linear(8, 4)

    def forward(self, pixels):
        values = functional.silu(self.norm(self.conv(pixels)))
        gate = torch.sigmoid(self.gate(values.mean((2, 3))))
        return self.head((values * gate[:, :, None, None]).mean((2, 3)))


class Gated(Normalised):
    """The product without the normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.Identity()


class Transformer(nn.Module):
    """Patches, a class token, and attention, behind which only the class token is read."""

    def __init__(self, channels: int = 3, width: int = 16) -> None:
        super().__init__()
        self.patches = nn.Conv2d(channels, width, 11, 11)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 32, 0.1, batch_first=True, norm_first=True)
            for _ in range(2)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 4)

    def forward(self, pixels):
        tokens = self.patches(pixels).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.token.expand(pixels.size(0), -1, -1), tokens], 1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(self.norm(tokens)[:, 0])


class Projected(Transformer):
    """A transformer with an attention of its own, which projects the tokens as timm's does."""

    class Block(nn.Module):
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(width)
            self.qkv = nn.Linear(width, 3 * width)
            self.proj = nn.Linear(width, width)

        def forward(self, tokens):
            query, key, value = self.qkv(self.norm(tokens)).chunk(3, dim=2)
            seen = functional.scaled_dot_product_attention(query, key, value)
            return tokens + self.proj(seen)

    def __init__(self, channels: int = 3, width: int = 16) -> None:
        super().__init__(channels, width)
        self.blocks = nn.ModuleList(self.Block(width) for _ in range(2))


class Conditional(Residual):
    """A condition on the data, which cannot be traced."""

    def forward(self, pixels):
        return super().forward(pixels if pixels.sum() > 0 else -pixels)


class NoGradient(Residual):
    """Logits without a gradient."""

    def forward(self, pixels):
        with torch.no_grad():
            return super().forward(pixels)


class NoGrid(nn.Module):
    """Only linear layers, and a function in place of a module."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3 * SIZE * SIZE, 12)
        self.last = nn.Linear(12, 4)

    def forward(self, pixels):
        return self.last(torch.tanh(self.first(pixels.flatten(1))))


class Mixing(Residual):
    """Images of a batch that are normalised together."""

    def forward(self, pixels):
        return super().forward(pixels - pixels.mean(0, keepdim=True))


class Chance(Residual):
    """Dropout that is never switched off."""

    def forward(self, pixels):
        return super().forward(functional.dropout(pixels, 0.5, training=True))


class OneAtATime(Residual):
    """A view() that holds a single image."""

    def forward(self, pixels):
        return super().forward(pixels).view(1, -1)


class TwoResults(Residual):
    """Logits and something else."""

    def forward(self, pixels):
        return super().forward(pixels), pixels


def classifier_of(network: nn.Module, classes: int = 4, channels: int = 3) -> Classifier:
    """A classifier with random weights, and with statistics that are not those of a new norm."""
    generator = torch.Generator().manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    names = tuple(f"class {number}" for number in range(classes))
    mean, std = torch.full((channels,), 0.45), torch.full((channels,), 0.25)
    return Classifier(network.eval(), mean, std, names, image_size=SIZE)


def made(kind, *arguments, classes: int = 4, channels: int = 3) -> Classifier:
    """A classifier with a network of this kind, always the same."""
    torch.manual_seed(2)
    return classifier_of(kind(*arguments), classes, channels)


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Random images of an odd size, one of them with a flat half, in which units agree exactly."""
    images = np.random.default_rng(seed).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)
    images[0, : SIZE // 2] = 40
    return images
