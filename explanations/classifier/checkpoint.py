"""Trained weights, stored as safetensors files together with everything that a prediction needs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from explanations.classifier.exact import exact_arithmetic
from explanations.classifier.header import FORMAT, in_one_order
from explanations.classifier.network import IMAGE_SIZE, VGG13
from explanations.store.atomic_files import sha256_of_file, write_atomically


class CheckpointError(ValueError):
    """A weight file that cannot be used. The message names the expected and the actual content."""


@dataclass(frozen=True)
class Classifier:
    """A network with its preprocessing and its classes.

    ``mean`` and ``std`` are per channel, (3,), on the 0..1 scale. ``sha256`` is the file's hash,
    empty for a classifier that was never stored. Images are squares of ``image_size`` pixels.
    """

    network: nn.Module
    mean: Tensor
    std: Tensor
    class_names: tuple[str, ...]
    sha256: str = ""
    image_size: int = IMAGE_SIZE

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> Self:
        """Read FILE.safetensors, or raise CheckpointError if it is corrupt, foreign or of another
        shape."""
        path = Path(path)
        # The network must not take its type or its device from torch's current defaults.
        with exact_arithmetic():
            metadata, tensors = _read(path)
            class_names = tuple(json.loads(metadata["class_names"]))
            network = VGG13(classes=len(class_names))
            _check_shapes(path, network, tensors)
            network.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
            network.eval().requires_grad_(False)
            return cls(
                network=network.to(device),
                mean=torch.tensor(json.loads(metadata["mean"]), device=device),
                std=torch.tensor(json.loads(metadata["std"]), device=device),
                class_names=class_names,
                sha256=sha256_of_file(path),
            )

    def save(self, path: Path, dtype: torch.dtype = torch.float32) -> None:
        """Write weights and preprocessing atomically, in float32 or float16.

        The same weights lead to the same bytes.
        """
        state = self.network.state_dict()
        metadata = {
            "format": FORMAT,
            "class_names": json.dumps(self.class_names),
            "mean": json.dumps(self.mean.tolist()),
            "std": json.dumps(self.std.tolist()),
        }
        tensors = {name: tensor.to("cpu", dtype).contiguous() for name, tensor in state.items()}
        write_atomically(path, in_one_order(save(tensors, metadata)))

    @property
    def device(self) -> torch.device:
        """Return the device on which the network is computed."""
        return self.mean.device

    def normalise(self, images: "np.ndarray[Any, np.dtype[np.uint8]]") -> Tensor:
        """Convert uint8 images (n, size, size, 3) to network input (n, 3, size, size) on its
        device.

        Raises ValueError for another shape or type.
        """
        size = self.image_size
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ValueError(
                f"The images are {images.dtype} with shape {images.shape}. They must be uint8 with "
                f"shape (n, {size}, {size}, 3)."
            )
        if images.shape[1:3] != (size, size):
            raise ValueError(
                f"The classifier takes {size}x{size} images, but these are "
                f"{images.shape[2]}x{images.shape[1]}. Resize them before the import."
            )
        pixels = torch.from_numpy(np.ascontiguousarray(images)).to(self.device)
        return normalise(pixels.permute(0, 3, 1, 2), self.mean, self.std)

    def probabilities(
        self, images: "np.ndarray[Any, np.dtype[np.uint8]]", batch_size: int = 256
    ) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Compute class probabilities (n, classes) of uint8 images (n, size, size, 3)."""
        batches = []
        with exact_arithmetic(), torch.no_grad():
            for start in range(0, len(images), batch_size):
                logits = self.network(self.normalise(images[start : start + batch_size]))
                batches.append(torch.softmax(logits, dim=1).cpu().numpy())
        return np.concatenate(batches) if batches else np.empty((0, len(self.class_names)), "f4")


def normalise(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Compute (x / 255 - mean) / std of pixels (n, 3, height, width) in 0..255."""
    return (pixels.float() / 255.0 - mean[:, None, None]) / std[:, None, None]


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointError(
            f"The weight file {path} does not exist. Train it with manage.py train_classifier."
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path.name} is not a readable safetensors file ({error}). "
            "Copy it again, or train a new one with manage.py train_classifier."
        ) from error
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path.name} was not written by train_classifier: its header must contain the format "
            f"{FORMAT!r}, not {metadata.get('format')!r}."
        )
    # Without these entries the network's input and output would have no meaning.
    missing = {"class_names", "mean", "std"} - metadata.keys()
    if missing:
        raise CheckpointError(
            f"The header of {path.name} lacks {', '.join(sorted(missing))}. Train the classifier "
            "again with manage.py train_classifier."
        )
    return metadata, tensors


def _check_shapes(path: Path, network: VGG13, tensors: dict[str, Tensor]) -> None:
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    actual = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    problems = [
        f"{name}: expected {expected.get(name, 'nothing')}, got {actual.get(name, 'nothing')}"
        for name in sorted(expected.keys() | actual.keys())
        if expected.get(name) != actual.get(name)
    ]
    if problems:
        raise CheckpointError(
            f"{path.name} does not fit the VGG13 with {network.fc_layers[-1].out_features} "
            f"classes: {'; '.join(problems)}."
        )
    # A diverged training run ends with NaN weights, whose shapes are correct.
    broken = [name for name, tensor in tensors.items() if not torch.isfinite(tensor.float()).all()]
    if broken:
        raise CheckpointError(
            f"{path.name} contains values that are not finite in {', '.join(broken)}. Train the "
            "classifier again, with a lower learning rate if the training diverged."
        )
