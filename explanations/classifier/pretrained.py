"""torchvision's networks with torchvision's weights, as classifiers of photographs."""

from urllib.error import URLError

import torch
from torchvision import models

from explanations.classifier.architectures import (
    IMAGENET_MEAN,
    IMAGENET_SIZE,
    IMAGENET_STD,
    Architecture,
)
from explanations.classifier.checkpoint import CheckpointError, Classifier
from explanations.classifier.exact import exact_arithmetic
from explanations.classifier.header import VGG13_KEY


def torchvision_classifier(
    name: str, weights: str | None = "IMAGENET1K_V1", device: str = "cpu"
) -> Classifier:
    """Load a network such as ``vgg16`` with weights, both by torchvision's names.

    The weights are downloaded once and stored in torchvision's folder; the file is read as tensors
    only, never as code. ``weights`` None gives random weights, for experiments.

    Raises CheckpointError for unknown names, and if the weights cannot be downloaded.
    """
    # The network must not take its type or its device from torch's current defaults.
    with exact_arithmetic():
        return _classifier(name, weights, device)


def downloaded_state(
    kind: Architecture,
) -> tuple[dict[str, torch.Tensor], tuple[float, ...], tuple[float, ...], str]:
    """Return torchvision's newest weights of an architecture, their mean and std, and their name.

    Raises CheckpointError if torchvision has none, or if they cannot be downloaded.
    """
    if kind.key == VGG13_KEY:
        raise CheckpointError(
            "torchvision has no weights of this project's VGG13. Give --weights FILE, or another "
            "--architecture."
        )
    chosen = models.get_model_weights(kind.name).DEFAULT
    preset = chosen.transforms()
    return _state(chosen), tuple(preset.mean), tuple(preset.std), f"torchvision {chosen}"


def _classifier(name: str, weights: str | None, device: str) -> Classifier:
    try:
        network = models.get_model(name, weights=None)
    except ValueError as error:
        raise CheckpointError(
            f"torchvision has no network {name!r}. The VGGs are: "
            f"{', '.join(models.list_models(include='vgg*'))}."
        ) from error
    mean, std, size = IMAGENET_MEAN, IMAGENET_STD, IMAGENET_SIZE
    class_names = tuple(f"class {number}" for number in range(1000))
    if weights is not None:
        chosen = _weights(name, weights)
        network.load_state_dict(_state(chosen))
        class_names = tuple(chosen.meta["categories"])
        # Each set of weights has its own preprocessing, which may differ from ImageNet's usual one.
        preset = chosen.transforms()
        mean, std, size = tuple(preset.mean), tuple(preset.std), preset.crop_size[0]
    network.eval().requires_grad_(False)
    return Classifier(
        network=network.to(device),
        mean=torch.tensor(mean, device=device),
        std=torch.tensor(std, device=device),
        class_names=class_names,
        image_size=size,
    )


def _weights(name: str, weights: str) -> models.WeightsEnum:
    known = models.get_model_weights(name)
    if weights not in known.__members__:
        raise CheckpointError(
            f"torchvision has no weights {weights!r} for {name}. "
            f"Choose from: {', '.join(known.__members__)}."
        )
    chosen: models.WeightsEnum = known[weights]
    return chosen


def _state(weights: models.WeightsEnum) -> dict[str, torch.Tensor]:
    try:
        state: dict[str, torch.Tensor] = weights.get_state_dict(
            progress=True, check_hash=True, weights_only=True, map_location="cpu"
        )
    except URLError as error:
        raise CheckpointError(
            f"{weights.url} cannot be downloaded ({error.reason}). Connect to a network once, or "
            f"put the file into {torch.hub.get_dir()}/checkpoints."
        ) from error
    return state
