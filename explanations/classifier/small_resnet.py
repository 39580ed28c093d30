"""Small residual network of this project, for drawn scenes of 128 pixels on a few CPU cores."""

import torch
from torch import Tensor, nn

WIDTHS = (24, 48, 96)
"""Channels of the three stages, each of two blocks, which work on 1/4, 1/8 and 1/16 of the
input."""
BLOCKS = 2


class Block(nn.Module):
    """Two convolutions, to which the input is added (He and others 2016, basic block)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.relu2 = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or channels_in != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, features: Tensor) -> Tensor:
        """Compute the features, with shape (n, channels, rows, columns)."""
        inner = self.relu1(self.norm1(self.conv1(features)))
        outer: Tensor = self.relu2(self.norm2(self.conv2(inner)) + self.shortcut(features))
        return outer


class SmallResNet(nn.Module):
    """Residual network of 13 convolutions in a row, with 0.4 million parameters."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        first = WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        blocks: list[nn.Module] = []
        channels = first
        for stage, width in enumerate(WIDTHS):
            for number in range(BLOCKS):
                stride = 2 if stage and not number else 1
                blocks.append(Block(channels, width, stride))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(channels, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits, with shape (n, outputs)."""
        pooled = torch.flatten(self.pool(self.blocks(self.stem(images))), 1)
        logits: Tensor = self.classify(pooled)
        return logits


def build(name: str, outputs: int, size: int, *, empty: bool = False) -> nn.Module:
    """Return the network with random weights, or without memory if ``empty``. It takes inputs of
    any size."""
    with torch.device("meta" if empty else "cpu"):
        return SmallResNet(outputs)
