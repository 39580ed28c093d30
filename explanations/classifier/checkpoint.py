"""Trained weights, stored as safetensors files together with everything that a prediction needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from explanations.classifier.adapters import adapted, core_of
from explanations.classifier.architectures import UnknownArchitectureError, build, label_of
from explanations.classifier.declaration import Declaration
from explanations.classifier.exact import exact_arithmetic
from explanations.classifier.factories import FactoryError
from explanations.classifier.header import (
    VGG13_KEY,
    Header,
    HeaderError,
    in_one_order,
    metadata_of,
    parse_header,
    unreadable,
)
from explanations.classifier.network import IMAGE_SIZE
from explanations.imagesets.input_rule import InputRule
from explanations.store.atomic_files import sha256_of_file, write_atomically

NAMED = 10
BATCH_PIXELS = 256 * 32 * 32


class CheckpointError(ValueError):
    """A weight file that cannot be used. The message names the expected and the actual content."""


@dataclass(frozen=True)
class Classifier:
    """A network with its preprocessing and its classes.

    ``mean`` and ``std`` are per channel, (3,), on the 0..1 scale. ``sha256`` is the file's hash,
    empty for a classifier that was never stored. The input is a square of ``image_size`` pixels,
    which ``input_rule`` derives from an image of any size. ``architecture`` is a key of the
    catalogue of architectures, and ``package`` the package whose factory built the network.
    """

    network: nn.Module
    mean: Tensor
    std: Tensor
    class_names: tuple[str, ...]
    sha256: str = ""
    image_size: int = IMAGE_SIZE
    resize: int = 0
    crop: str = "centre"
    architecture: str = VGG13_KEY
    channels: int = 3
    """Channels of the network inside its adapter: 3, or 1 for a network of grey images."""
    outputs: int = 0
    """Outputs of the network inside its adapter; 0 stands for one per class."""
    package: str = ""

    @classmethod
    def load(cls, path: str | Path, device: str = "cpu") -> Self:
        """Read FILE.safetensors, or raise CheckpointError if it is corrupt, foreign or of another
        shape."""
        path = Path(path)
        # The network must not take its type or its device from torch's current defaults.
        with exact_arithmetic():
            header, tensors = _read(path)
            network = _network(path, header, tensors)
            declared = declaration_of(path, header)
            return cls.of(
                network,
                declared,
                architecture=header.architecture,
                outputs=header.outputs,
                sha256=sha256_of_file(path),
                package=header.package,
                device=device,
            )

    @classmethod
    def of(
        cls,
        network: nn.Module,
        declared: Declaration,
        *,
        architecture: str,
        outputs: int,
        sha256: str = "",
        package: str = "",
        device: str = "cpu",
    ) -> Self:
        """Return the classifier of a network, frozen and in evaluation mode, with a declaration."""
        network = adapted(network, channels=len(declared.mean), outputs=outputs)
        network.eval().requires_grad_(False)
        # A grey image has the same value in each channel, and so have its mean and deviation.
        repeated = 3 // len(declared.mean)
        return cls(
            network=network.to(device),
            mean=torch.tensor(declared.mean * repeated, device=device),
            std=torch.tensor(declared.std * repeated, device=device),
            class_names=declared.class_names,
            sha256=sha256,
            image_size=declared.size,
            resize=declared.resize,
            crop=declared.crop,
            architecture=architecture,
            channels=len(declared.mean),
            outputs=outputs,
            package=package,
        )

    def save(self, path: Path, dtype: torch.dtype = torch.float32) -> None:
        """Write weights, preprocessing and architecture atomically, in float32 or float16.

        The same weights lead to the same bytes. Raises DeclarationError for a mean or a standard
        deviation that cannot be right.
        """
        metadata = metadata_of(
            self.declaration, self.architecture, self.outputs or len(self.class_names), self.package
        )
        tensors = {}
        for name, tensor in core_of(self.network).state_dict().items():
            kept = tensor.to("cpu", dtype) if tensor.is_floating_point() else tensor.to("cpu")
            # Two names may share their memory, which the format refuses.
            tensors[name] = kept.clone(memory_format=torch.contiguous_format)
        write_atomically(path, in_one_order(save(tensors, metadata)))

    @property
    def declaration(self) -> Declaration:
        """Return what the file declares about the network."""
        return Declaration(
            class_names=self.class_names,
            size=self.image_size,
            mean=tuple(self.mean.tolist()[: self.channels]),
            std=tuple(self.std.tolist()[: self.channels]),
            resize=self.resize,
            crop=self.crop,
        )

    @property
    def input_rule(self) -> InputRule:
        """Return the rule that derives the input from an image."""
        return InputRule(self.image_size, self.resize, self.crop)

    def input_of(self, image: "np.ndarray[Any, np.dtype[np.uint8]]") -> Any:
        """Derive the input, uint8 (size, size, 3), of an image of any size (height, width, 3)."""
        return self.input_rule.apply(image)

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
        self, images: "np.ndarray[Any, np.dtype[np.uint8]]", batch_size: int = 0
    ) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Compute class probabilities (n, classes) of uint8 images (n, size, size, 3).

        The default ``batch_size`` has the pixels of 256 images of 32 pixels, so that memory is
        bounded at any size.
        """
        batch_size = batch_size or max(1, BATCH_PIXELS // self.image_size**2)
        batches = []
        with exact_arithmetic(), torch.no_grad():
            for start in range(0, len(images), batch_size):
                pixels = self.normalise(images[start : start + batch_size])
                logits = self._logits(pixels)
                batches.append(torch.softmax(logits, dim=1).cpu().numpy())
        return np.concatenate(batches) if batches else np.empty((0, len(self.class_names)), "f4")

    def _logits(self, pixels: Tensor) -> Tensor:
        try:
            return cast("Tensor", self.network(pixels))
        except RuntimeError:
            # Networks that call view() need contiguous memory. If it failed for another reason, it
            # fails again.
            return cast("Tensor", self.network(pixels.contiguous()))


def normalise(pixels: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Compute (x / 255 - mean) / std of pixels (n, 3, height, width) in 0..255."""
    return (pixels.float() / 255.0 - mean[:, None, None]) / std[:, None, None]


def declaration_of(path: Path, header: Header) -> Declaration:
    """Return the declaration in a header. Raises CheckpointError if mean or std are missing."""
    # Without them the network's input would have no meaning.
    if header.declaration is None:
        raise CheckpointError(
            f"The header of {path.name} lacks mean or std. Register or train the classifier again."
        )
    return header.declaration


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata and the tensors of a safetensors file. Raises CheckpointError."""
    if not path.is_file():
        raise CheckpointError(
            f"The weight file {path} does not exist. Train it with manage.py train_classifier."
        )
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(unreadable(path, error)) from error
    return metadata, tensors


def load_state(
    network: nn.Module, tensors: Mapping[str, Tensor], name: str, described: str
) -> nn.Module:
    """Load tensors into a network, in float32, and return it.

    ``name`` is the file's name and ``described`` the network's, for the message. Raises
    CheckpointError if names or shapes differ, or if a value is not finite.
    """
    state = network.state_dict()
    problems = [
        f"{key}: expected {shape_of(state, key)}, got {shape_of(tensors, key)}"
        for key in sorted(state.keys() | tensors.keys())
        if shape_of(state, key) != shape_of(tensors, key)
    ]
    if problems:
        raise CheckpointError(f"{name} does not fit the {described}: {shortened(problems, '; ')}.")
    # A diverged training run ends with NaN weights, whose shapes are correct.
    broken = [key for key, tensor in tensors.items() if not torch.isfinite(tensor.float()).all()]
    if broken:
        raise CheckpointError(
            f"{name} contains values that are not finite in {shortened(broken, ', ')}. Train the "
            "classifier again, with a lower learning rate if the training diverged."
        )
    kept = {
        # Counters and positions are whole numbers, which must stay so.
        key: tensor.float() if state[key].is_floating_point() else tensor.to(state[key].dtype)
        for key, tensor in tensors.items()
    }
    network.load_state_dict(kept, assign=True)
    return network


def shape_of(tensors: Mapping[str, Tensor], key: str) -> tuple[int, ...] | str:
    """Return the shape of a tensor, or "nothing" if there is no tensor of this name."""
    return tuple(tensors[key].shape) if key in tensors else "nothing"


def shortened(items: Sequence[str], separator: str) -> str:
    """Join a list, of which at most ten items are named."""
    listed = separator.join(items[:NAMED])
    return f"{listed} and {len(items) - NAMED} more" if len(items) > NAMED else listed


def _read(path: Path) -> tuple[Header, dict[str, Tensor]]:
    metadata, tensors = read_tensors(path)
    try:
        return parse_header(path.name, metadata), tensors
    except HeaderError as error:
        raise CheckpointError(str(error)) from error


def _network(path: Path, header: Header, tensors: Mapping[str, Tensor]) -> nn.Module:
    size = declaration_of(path, header).size
    try:
        network = build(header.architecture, header.outputs, size, empty=True)
    except (UnknownArchitectureError, FactoryError, ValueError) as error:
        raise CheckpointError(f"{path.name} cannot be loaded. {error}") from error
    label = "VGG13" if header.architecture == VGG13_KEY else label_of(header.architecture)
    described = f"{label} with {header.outputs} {'class' if header.outputs == 1 else 'classes'}"
    return load_state(network, tensors, path.name, described)
