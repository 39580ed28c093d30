"""Causes of the centre bias of saliency maps, which can be padding, weights or images.

    python -m benchmarks.saliency_centre_bias --data cifar10 --data-dir DIR
    python -m benchmarks.saliency_centre_bias --data scenes

The tables contain Spearman's correlation of each saliency map with a Gaussian in the centre of the
image, as the mean over images with its bootstrap interval. With circular padding, the convolutions
have no border with less gradient. An image that is rolled by half its width and height has its
centre in the corners.

Predicted: padding causes half of the correlation (trained .46 to .25 on CIFAR-10, randomised .3 to
0). The rest follows the image when it is rolled.
"""

import argparse
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from torch import Tensor, nn

from explanations.classifier.checkpoint import Classifier
from explanations.classifier.network import VGG13, he_initialise
from explanations.evaluation.cases import read_cases
from explanations.evaluation.controls import centre_map
from explanations.evaluation.reporting import number
from explanations.evaluation.statistics import mean_of
from explanations.imagesets.catalogue import open_image_set

DRAWN = 5
"""Number of networks with randomised weights."""
BATCH = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("cifar10", "scenes"), default="scenes")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--images", type=int, default=500)
    options = parser.parse_args()
    classifier = Classifier.load(f"weights/{options.data}.safetensors")
    source = open_image_set(options.data, options.data_dir, size=classifier.image_size)
    images = np.stack(
        [case.image for case in read_cases(source, classifier, "test", options.images)]
    )
    inputs = classifier.normalise(images)
    centre = centre_map(images[0], 0)
    half = [side // 2 for side in centre.shape]
    # Rolling moves the image but not the padding, which separates their effects.
    rolled = inputs.roll(half, dims=(2, 3))
    anew = [drawn(seed, len(classifier.class_names)) for seed in range(DRAWN)]
    print("| weights | padding | images | images rolled by half |\n|---|---|---|---|")
    for weights, networks in (("trained", [classifier.network]), ("randomised", anew)):
        for padding in ("zeros", "circular"):
            ways = [padded(network, padding) for network in networks]
            cells = []
            for given in (inputs, rolled):
                correlations = np.mean(
                    [centre_correlations(way, given, centre) for way in ways], axis=0
                )
                mean = mean_of(correlations.tolist())
                cells.append(f"{number(mean.mean)} [{number(mean.low)}, {number(mean.high)}]")
            print(f"| {weights} | {padding} | {' | '.join(cells)} |", flush=True)


def drawn(seed: int, classes: int) -> VGG13:
    """Create the network with the weights of this seed."""
    torch.manual_seed(seed)
    network = VGG13(classes=classes)
    he_initialise(network)
    return network.eval().requires_grad_(False)


def padded(network: VGG13, padding: str) -> VGG13:
    """Copy the network with another padding of its convolutions."""
    changed = deepcopy(network)
    for module in changed.modules():
        if isinstance(module, nn.Conv2d):
            module.padding_mode = padding
    return changed


def centre_correlations(
    network: Callable[[Tensor], Tensor], inputs: Tensor, centre: np.ndarray
) -> np.ndarray:
    """Compute each saliency map's correlation with the Gaussian, with shape (n,)."""
    correlations = []
    for batch in inputs.split(BATCH):
        given = batch.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(network(given).amax(1).sum(), given)
        maps = gradient.abs().amax(1).numpy()
        correlations += [stats.spearmanr(map_.ravel(), centre.ravel()).statistic for map_ in maps]
    return np.array(correlations)


if __name__ == "__main__":
    main()
