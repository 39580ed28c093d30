"""A network as a chain of modules, with a recorded forward pass and the transposes of linear
layers."""

import copy
from collections.abc import Sequence
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from explanations.classifier.checkpoint import Classifier
from explanations.computing.needs import Need
from explanations.computing.preflight import (
    NONLINEAR,
    ONE_TRACE_AT_A_TIME,
    PreflightError,
    Step,
    steps_of,
)

# A transposed convolution to so few channels leaves most of a vector register unused.
FEW_CHANNELS = 16
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d)
FORGETS_OUTPUT = (nn.Conv2d, nn.Linear, *NORMALISATIONS)
"""Steps that return a new tensor, of which their backward pass needs nothing."""
_PASSIVE = (nn.Dropout, nn.Dropout2d, nn.Identity)
Layer = int | str
"""A layer of a chain by its number among the feature modules, or of another network by its name."""
SAME_LOGITS = 1e-4
"""Largest difference of two ways to compute the logits, relative to 1 plus the largest logit."""


LARGE_LINEAR = 1 << 23
"""Weights of a linear layer above which no copy in float64 is kept: VGG16's take 1 GB."""
BLOCK = 1 << 22
"""Weights that are converted to float64 at a time."""


class LinearInDouble(nn.Module):
    """A linear layer in float64, whose weights are converted block by block while it computes."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        # In a tuple, so that the layer is not a part of this module, which would convert it.
        self._linear = (linear,)

    def forward(self, values: Tensor) -> Tensor:
        """Compute the layer's outputs of n inputs."""
        (linear,) = self._linear
        rows = max(1, BLOCK // linear.in_features)
        outputs = torch.cat(
            [values @ part.double().T for part in torch.split(linear.weight, rows)], -1
        )
        return outputs if linear.bias is None else outputs + linear.bias.double()


class Chain:
    """The engine's own copy of a network, which is checked, frozen and laid out for speed.

    In-place ReLUs are switched off on the copy; the classifier itself is not changed. Module hooks
    are not used, so that copies can run in several threads.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.names = [step.name for step in steps]
        self.modules = [_own(step) for step in steps]
        self._shapes: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
        self.features = _feature_count(self.modules)
        self.last_relu = _last_relu(self.modules[: self.features])
        """Index of the last convolution's ReLU, which Grad-CAM reads by default, or None if there
        is none."""

    @classmethod
    def of(cls, classifier: Classifier) -> Self:
        """Build the chain of a classifier's network.

        Raises PreflightError for a network that cannot be explained exactly, or whose logits differ
        from the chain's.
        """
        chain = cls(steps_of(classifier.network))
        _compare(classifier, chain)
        return chain

    def __len__(self) -> int:
        return len(self.modules)

    def in_double(self) -> "Chain":
        """Return a copy of the chain in float64."""
        steps = (Step(name, module) for name, module in zip(self.names, self.modules, strict=True))
        chain = Chain(list(steps))
        for module in chain.modules:
            module.double()
        return chain

    def recorder(self) -> "Chain":
        """Return a copy in float64 for ``record``, whose large linear layers read this chain's
        weights."""
        large = {
            number: module
            for number, module in enumerate(self.modules)
            if isinstance(module, nn.Linear) and module.weight.numel() > LARGE_LINEAR
        }
        # The copy knows its type by the parameters that are left.
        if not any(list(m.parameters()) for n, m in enumerate(self.modules) if n not in large):
            large = {}
        if not large:
            return self.in_double()
        small = copy.copy(self)
        small.modules = [
            nn.Identity() if number in large else module
            for number, module in enumerate(self.modules)
        ]
        recorder = small.in_double()
        for number, module in large.items():
            recorder.modules[number] = LinearInDouble(module)
        return recorder

    @property
    def dtype(self) -> torch.dtype:
        """Return the type of the parameters."""
        return next(p.dtype for module in self.modules for p in module.parameters())

    def enter(self, pixels: Tensor) -> Tensor:
        """Convert normalised images to the chain's type and memory layout."""
        pixels = pixels.to(self.dtype)
        return pixels.contiguous(memory_format=torch.channels_last) if pixels.ndim == 4 else pixels

    def run(self, values: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Return the output of step ``stop - 1`` for the input of step ``start``. The default is
        the whole chain, whose output is the logits."""
        for number in range(len(self))[start:stop]:
            values = self._forward(number, values, own=number > start)
        return values

    def _forward(self, number: int, values: Tensor, *, own: bool) -> Tensor:
        """Return the output of a step. ``own`` says that nothing else needs ``values``.

        A ReLU then overwrites them, if the step before does not read its output on the way back:
        with a tensor less for each layer, gradients take a third less memory and are faster.
        """
        in_place = own and isinstance(self.modules[number], nn.ReLU)
        if in_place and isinstance(self.modules[number - 1], FORGETS_OUTPUT):
            return values.relu_()
        return forward(self.modules[number], values)

    def watch(self, entered: Tensor, layers: Sequence[Layer]) -> tuple[Tensor, dict[Layer, Tensor]]:
        """Run images that need gradients, and return the logits and the outputs of feature modules,
        which are numbered from 0."""
        outputs: dict[Layer, Tensor] = {}
        values = entered
        # The other outputs are not kept: autograd needs only half of them.
        for number in range(len(self)):
            values = self._forward(number, values, own=number > 0 and number - 1 not in layers)
            if number in layers:
                outputs[number] = values
        return values, {layer: outputs[int(layer)] for layer in layers}

    def as_maps(self, layer: Layer, values: Tensor) -> Tensor:
        """Return a feature module's values as maps, with shape (n, channels, rows, columns)."""
        return values

    def layer(self, chosen: Layer) -> Layer:
        """Return the number of the ReLU that a method reads; -1 stands for the last.

        The ReLU can be chosen by its number among the feature modules or by its name. Raises
        ValueError for any other layer; the message lists the ReLUs.
        """
        if chosen == -1 and self.last_relu is not None:
            return self.last_relu
        number = self.names.index(chosen) if chosen in self.names else chosen
        relus = [
            index
            for index, module in enumerate(self.modules[: self.features])
            if isinstance(module, nn.ReLU)
        ]
        if number not in relus:
            raise ValueError(
                f"Grad-CAM reads the output of a ReLU, and layer {chosen} is not a ReLU. "
                f"Choose one of the layers {', '.join(map(str, relus))}."
            )
        return number

    @property
    def layer_in_keys(self) -> str:
        """Return the layer to name in the keys of stored maps: none, as its rule never changed."""
        return ""

    @property
    def default_layer(self) -> Layer | None:
        """Return the number of the layer that Grad-CAM reads by default, or None."""
        return self.last_relu

    def problem(self, need: Need) -> str:
        """Return why a method with this need cannot explain the network, or an empty text."""
        if need is Need.GRID and self.last_relu is None:
            return (
                "It needs a layer with rows and columns, and in a chain it reads a ReLU in front "
                "of the flattening, which this network lacks. Use integrated_gradients or saliency."
            )
        if need is Need.PROPAGATION:
            return self._without_propagation()
        return ""

    def _without_propagation(self) -> str:
        """Return why relevance cannot be propagated, or an empty text.

        Batch normalisation shifts zero, so that its shares could be divided by almost nothing. It
        can only be merged with a layer directly before it.
        """
        before: nn.Module | None = None
        for name, module in zip(self.names, self.modules, strict=True):
            if isinstance(module, NORMALISATIONS) and not isinstance(before, nn.Conv2d | nn.Linear):
                return (
                    f"It needs batch normalisation directly behind a convolution or linear layer, "
                    f"but {name!r} is elsewhere. Use integrated_gradients or gradient_shap, which "
                    "need only gradients."
                )
            if not isinstance(module, _PASSIVE):
                before = module
        return ""

    def record(self, values: Tensor) -> list[Tensor]:
        """Return the input of every step, followed by the logits."""
        inputs = [values]
        for module in self.modules:
            inputs.append(forward(module, inputs[-1]))
        return inputs

    def input_shapes(self, pixels: Tensor) -> list[tuple[int, ...]]:
        """Return the shape of every step's input and of the logits, without the batch axis."""
        size = tuple(pixels.shape[1:])
        if size not in self._shapes:
            with torch.no_grad():
                self.run_noting_shapes(self.enter(torch.zeros_like(pixels[:1])))
        return self._shapes[size]

    def run_noting_shapes(self, values: Tensor) -> Tensor:
        """Return the logits, and keep the shapes for ``input_shapes``, which needs no pass then."""
        shapes = [tuple(values.shape[1:])]
        for module in self.modules:
            values = forward(module, values)
            shapes.append(tuple(values.shape[1:]))
        self._shapes[shapes[0]] = shapes
        return values

    def is_linear(self, index: int) -> bool:
        """Check whether step ``index`` is linear."""
        return not isinstance(self.modules[index], NONLINEAR)

    def back(self, index: int, values: Tensor, input_shape: Sequence[int]) -> Tensor:
        """Apply the transpose of linear step ``index`` to ``values``.

        ``input_shape`` is the shape of the step's input without the batch axis.
        """
        module = self.modules[index]
        match module:
            case nn.Linear():
                return values @ module.weight
            case nn.Conv2d():
                return _conv_back(module, values, input_shape)
            case nn.Flatten():
                return values.reshape(len(values), *input_shape)
            case nn.BatchNorm1d() | nn.BatchNorm2d():
                return values * _scale(module).reshape(-1, *(1,) * (values.ndim - 2))
            case nn.Dropout() | nn.Dropout2d() | nn.Identity():
                return values
        if tuple(values.shape[1:]) == tuple(input_shape):
            return values  # an average pool whose windows are single cells
        return _transposed_by_autograd(module, values, input_shape)


def noise_images(size: int, count: int) -> NDArray[np.uint8]:
    """Return images of random pixels, always the same, with which a network is tried."""
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def _compare(classifier: Classifier, chain: Chain) -> None:
    """Run an image through the network and through the chain, and refuse different logits.

    Hooks, and a ``forward`` that depends on more than its input's values, are invisible to the
    trace. The chain would explain another network than the one that makes the predictions.
    """
    size = classifier.image_size
    noise = noise_images(size, 1)
    try:
        # While another thread traces a network, a call of this one would end up in that trace.
        with ONE_TRACE_AT_A_TIME, torch.no_grad():
            pixels = classifier.normalise(noise)
            theirs = classifier.network(pixels.to(chain.dtype))
            ours = chain.run_noting_shapes(chain.enter(pixels))
    except (RuntimeError, TypeError, ValueError) as error:
        raise PreflightError(
            f"The network cannot compute an image of {size}x{size} pixels ({error}). Give the "
            "classifier the image_size of its network, and mean and std on the network's device."
        ) from error
    expected = (1, len(classifier.class_names))
    if theirs.shape != expected:
        raise PreflightError(
            f"The network returns the shape {tuple(theirs.shape)} for one image, but the "
            f"classifier has {expected[1]} classes. It must return {expected}, one logit per class."
        )
    apart = (ours - theirs).abs().max()
    # Negated, so that logits that are not finite are refused as well.
    if not bool(apart <= SAME_LOGITS * (1 + theirs.abs().max())):
        raise PreflightError(
            f"The network's logits differ from those of its modules in order by {float(apart):.2g}"
            ", so a hook or a condition in forward() changes them. Remove the hooks, or write the "
            "change as a module."
        )


def forward(module: nn.Module, values: Tensor) -> Tensor:
    """Return the module's output without calling the module.

    While another thread traces a network, torch.fx redirects calls of any module into that trace.
    """
    result: Tensor = module.forward(values)
    return result


def _own(step: Step) -> nn.Module:
    try:
        module = copy.deepcopy(step.module).requires_grad_(False)
    except RuntimeError as error:
        raise PreflightError(
            f"The module {step.name!r} cannot be copied ({error}). If its weights are recomputed "
            "by a hook, such as weight_norm, remove that first: torch.nn.utils.remove_weight_norm."
        ) from error
    if isinstance(module, nn.ReLU):
        module.inplace = False
    if isinstance(module, nn.Conv2d):
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return module.eval()


def _feature_count(modules: Sequence[nn.Module]) -> int:
    """Count the modules in front of the flattening, whose outputs have rows and columns."""
    for index, module in enumerate(modules):
        if isinstance(module, nn.Flatten | nn.Linear):
            return index
    return len(modules)


def _last_relu(features: Sequence[nn.Module]) -> int | None:
    relus = [index for index, module in enumerate(features) if isinstance(module, nn.ReLU)]
    return relus[-1] if relus else None


def _conv_back(module: nn.Conv2d, values: Tensor, input_shape: Sequence[int]) -> Tensor:
    if isinstance(module.padding, str):
        return _transposed_by_autograd(module, values, input_shape)
    # Rows and columns at the border that no window reached get zeros (output_padding).
    missing = [
        size - ((out - 1) * stride - 2 * padding + dilation * (kernel - 1) + 1)
        for size, out, stride, padding, dilation, kernel in zip(
            input_shape[1:], values.shape[2:], module.stride, module.padding,
            module.dilation, module.kernel_size, strict=True,
        )
    ]  # fmt: skip
    if module.in_channels < FEW_CHANNELS and module.groups == 1 and not any(missing):
        return _conv_back_to_few_channels(module, values, input_shape)
    return functional.conv_transpose2d(
        values, module.weight, None, module.stride, module.padding,
        (missing[0], missing[1]), module.groups, module.dilation,
    )  # fmt: skip


def _conv_back_to_few_channels(
    module: nn.Conv2d, values: Tensor, input_shape: Sequence[int]
) -> Tensor:
    """Compute all windows' shares by one matrix product, then add them where windows overlap."""
    columns = values.permute(0, 2, 3, 1).flatten(1, 2)  # (n, windows, channels)
    shares = module.weight.flatten(1).T @ columns.transpose(1, 2)
    size, padding = tuple(input_shape[1:]), cast("tuple[int, ...]", module.padding)
    return functional.fold(
        shares, size, module.kernel_size, module.dilation, padding, module.stride
    )


def _scale(norm: nn.BatchNorm1d | nn.BatchNorm2d) -> Tensor:
    scale = torch.rsqrt(norm.get_buffer("running_var") + norm.eps)
    return scale if norm.weight is None else scale * norm.weight


def _transposed_by_autograd(
    module: nn.Module, values: Tensor, input_shape: Sequence[int]
) -> Tensor:
    with torch.enable_grad():
        start = values.new_zeros((len(values), *input_shape)).requires_grad_()
        (result,) = torch.autograd.grad(forward(module, start), start, values)
    return result
