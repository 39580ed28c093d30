"""Trained weights from which a training starts, with a new last layer if the classes differ."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import interpolate_embeddings

from explanations.classifier.architectures import IMAGENET_MEAN, IMAGENET_STD, Architecture
from explanations.classifier.checkpoint import (
    CheckpointError,
    declaration_of,
    read_tensors,
    shape_of,
    shortened,
)
from explanations.classifier.header import (
    FORMATS,
    VGG13_KEY,
    HeaderError,
    parse_header,
)
from explanations.classifier.pretrained import downloaded_state
from explanations.classifier.torchvision_networks import PATCH, SIZED
from explanations.store.atomic_files import sha256_of_file

HEAD = 2
"""Tensors of a last layer: its weights and its biases."""
POSITIONS = "encoder.pos_embedding"


@dataclass(frozen=True, eq=False)
class Start:
    """Weights to start from, and the preprocessing with which they were trained."""

    state: Mapping[str, Tensor]
    mean: tuple[float, ...] | None
    """Per channel, or None if it is not known and is computed from the training images."""
    std: tuple[float, ...] | None
    origin: str
    """Where the weights come from, for the card."""
    sha256: str


def start_from_file(path: Path, kind: Architecture) -> Start:
    """Read the weights of a file that train_classifier or another program wrote.

    Raises CheckpointError for an unreadable file and for a file of another architecture.
    """
    metadata, tensors = read_tensors(path)
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    if kind.key != VGG13_KEY:
        mean, std = IMAGENET_MEAN, IMAGENET_STD
    if metadata.get("format") in FORMATS:
        try:
            header = parse_header(path.name, metadata)
        except HeaderError as error:
            raise CheckpointError(str(error)) from error
        if header.architecture != kind.key:
            raise CheckpointError(
                f"{path.name} contains a {header.architecture}, but a {kind.key} is to be "
                f"trained. Give --architecture {header.architecture}, or other weights."
            )
        declared = declaration_of(path, header)
        mean, std = declared.mean, declared.std
    return Start(tensors, mean, std, path.name, sha256_of_file(path))


def start_from_download(kind: Architecture) -> Start:
    """Return torchvision's newest weights, downloaded once.

    Raises CheckpointError if torchvision has none or they cannot be downloaded.
    """
    state, mean, std, origin = downloaded_state(kind)
    digest = hashlib.sha256()
    for name in sorted(state):
        digest.update(name.encode())
        digest.update(state[name].contiguous().numpy().tobytes())
    return Start(state, mean, std, origin, digest.hexdigest())


def begin(network: nn.Module, start: Start, kind: Architecture, size: int) -> set[str]:
    """Load the weights into a network, except for a last layer of other classes, and return the
    names of the tensors that were loaded.

    Raises CheckpointError if more than the last layer differs.
    """
    expected = network.state_dict()
    given = _resized(start.state, expected, kind, size)
    differing = [
        name
        for name in sorted(expected.keys() | given.keys())
        if shape_of(expected, name) != shape_of(given, name)
    ]
    if len(differing) > HEAD or not _are_the_head(expected, given, differing):
        raise CheckpointError(
            f"The weights {start.origin} do not fit {kind.key}: {shortened(differing, ', ')} "
            "differ, where only the last layer may. Give the weights of this architecture."
        )
    broken = [name for name, value in given.items() if not torch.isfinite(value.float()).all()]
    if broken:
        raise CheckpointError(
            f"The weights {start.origin} contain values that are not finite in "
            f"{shortened(broken, ', ')}. Give other weights."
        )
    loaded = {name: value for name, value in given.items() if name not in differing}
    network.load_state_dict(loaded, strict=False)
    return set(loaded)


def _are_the_head(
    expected: Mapping[str, Tensor], given: Mapping[str, Tensor], differing: list[str]
) -> bool:
    """Check whether the differing tensors are those of the last layer, which differ only in the
    number of classes."""
    last = list(expected)[-HEAD:]
    return all(
        name in last and name in given and expected[name].shape[1:] == given[name].shape[1:]
        for name in differing
    )


def _resized(
    state: Mapping[str, Tensor], expected: Mapping[str, Tensor], kind: Architecture, size: int
) -> Mapping[str, Tensor]:
    """Adapt a transformer's positions, which it learned for another size, by interpolation."""
    if kind.name not in SIZED or POSITIONS not in state:
        return state
    if state[POSITIONS].shape == expected[POSITIONS].shape:
        return state
    resized: Mapping[str, Tensor] = interpolate_embeddings(size, PATCH, dict(state))
    return resized
