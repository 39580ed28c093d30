"""The report's VGG13 for 32x32 images: 6,400,586 parameters, with the layers of the
report's table."""

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

IMAGE_SIZE = 32
PARAMETER_COUNT = 6_400_586


class VGG13(nn.Module):
    """Three blocks of two convolutions, then three linear layers. The output is the logits with
    shape (n, classes).

    DeepSHAP requires that every ReLU and pool is a separate module, used once and never in place.
    """

    def __init__(self, classes: int = 10, dropout: float = 0.5) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        # Each width describes two convolutions and a pool, as in the report's table of layers.
        for width in (64, 128, 256):
            for _ in range(2):
                layers += [nn.Conv2d(channels, width, kernel_size=3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
        self.conv_layers = nn.Sequential(*layers)
        self.fc_layers = nn.Sequential(
            nn.Linear(256 * 4 * 4, 1024),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1024, 1024),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(1024, classes),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Compute the logits (n, classes) of normalised images (n, 3, 32, 32)."""
        logits: Tensor = self.fc_layers(torch.flatten(self.conv_layers(images), 1))
        return logits


def build(name: str, outputs: int, size: int, *, empty: bool = False) -> VGG13:
    """Return the VGG13 with random weights. Raises ValueError for another size than 32 pixels."""
    if size != IMAGE_SIZE:
        raise ValueError(
            f"The project's VGG13 takes images of {IMAGE_SIZE} pixels, not {size}. Choose another "
            f"architecture, or the size {IMAGE_SIZE}."
        )
    return VGG13(outputs)


def he_initialise(network: nn.Module) -> None:
    """Set Kaiming-normal weights and zero biases (He et al. 2015), so that deep ReLU stacks learn
    sooner."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def with_batch_norm(network: VGG13) -> VGG13:
    """Insert batch normalisation in front of each ReLU, for training only."""
    network.conv_layers = _normalised(network.conv_layers)
    network.fc_layers = _normalised(network.fc_layers)
    return network


def fold_batch_norm(network: VGG13) -> VGG13:
    """Fold batch normalisation into the layers before it, without changing the network's outputs.

    In evaluation mode each normalisation is an affine map per channel
    (``torch.nn.utils.fuse_conv_bn_eval``). The result has the layers of the report's table again.
    """
    network.eval()
    network.conv_layers = _folded(network.conv_layers)
    network.fc_layers = _folded(network.fc_layers)
    return network


def _normalised(layers: nn.Sequential) -> nn.Sequential:
    result: list[nn.Module] = []
    for module in layers:
        if isinstance(module, nn.ReLU):
            before = result[-1]
            result.append(
                nn.BatchNorm2d(before.out_channels)
                if isinstance(before, nn.Conv2d)
                else nn.BatchNorm1d(before.out_features)  # type: ignore[arg-type]
            )
        result.append(module)
    return nn.Sequential(*result)


def _folded(layers: nn.Sequential) -> nn.Sequential:
    result: list[nn.Module] = []
    for module in layers:
        if isinstance(module, nn.BatchNorm2d):
            result.append(fuse_conv_bn_eval(result.pop(), module))  # type: ignore[type-var]
        elif isinstance(module, nn.BatchNorm1d):
            result.append(fuse_linear_bn_eval(result.pop(), module))  # type: ignore[type-var]
        else:
            result.append(module)
    return nn.Sequential(*result)


def parameter_count(network: nn.Module) -> int:
    """Count the parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())
