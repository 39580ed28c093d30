"""A network of any kind, computed as it is: the path for everything that is not a chain."""

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any, Self, cast

import torch
from torch import Tensor, nn

from explanations.classifier.adapters import core_of
from explanations.classifier.checkpoint import Classifier
from explanations.computing.chain import SAME_LOGITS, Layer, noise_images
from explanations.computing.grids import Grid, grids_of
from explanations.computing.linearised import LinearisedNetwork, NoRuleError
from explanations.computing.needs import Need
from explanations.computing.preflight import PreflightError, refuse_modes

TRIED = 2
"""Number of images with which a network is tried."""
LACKS = {
    Need.CHAIN: "It needs a chain of modules.",
    Need.PROPAGATION: "It needs a chain of modules with a rule for relevance.",
    Need.RULES: "It needs a rule for every operation.",
    Need.GRADIENT: "It needs a gradient, but the logits have none by the pixels.",
    Need.GRID: "It needs a layer with rows and columns on which the logits depend.",
}
"""Reasons for which a method is refused. Rules and chains are followed by the operation's name.
"""
INSTEAD = {
    Need.CHAIN: "Use gradcam and saliency, which need no chain.",
    Need.PROPAGATION: "Use integrated_gradients or gradient_shap, which need only gradients.",
    Need.RULES: "Use gradient_shap in its place, which needs only gradients.",
    Need.GRADIENT: "Use lime or occlusion, which need only outputs.",
    Need.GRID: "Name a layer with a grid of cells (layer=…), or use integrated_gradients.",
}


class WholeNetwork:
    """The engine's own copy of a network, frozen, with hooks where a layer's output is needed.

    It has the interface of a Chain with a single step, so that methods work with both.
    """

    features = 1

    def __init__(self, network: nn.Module, trial: Tensor, reason: str = "") -> None:
        self.network = network
        self.modules = [network]
        self.reason = reason
        """Why the network is not a chain."""
        self.dtype = next(network.parameters()).dtype
        self.trial = self.enter(trial)
        """A few images with which the network is tried, as network input."""
        self._turn: AbstractContextManager[Any] = nullcontext()
        """A lock for a network that keeps something in its modules while it runs, which a second
        thread would overwrite."""
        self._named = dict(core_of(self.network).named_modules())
        self._shapes: dict[tuple[int, ...], list[tuple[int, ...]]] = {}

    @classmethod
    def of(cls, classifier: Classifier, reason: str = "") -> Self:
        """Copy a classifier's network, and try it with two images.

        Raises PreflightError for a network that no method explains correctly: in train mode, in
        half precision, with another shape of logits than (n, classes), or with logits that depend
        on chance or on the other images of a batch.
        """
        refuse_modes(classifier.network)
        size = classifier.image_size
        with _named_failures(size), torch.no_grad():
            trial = classifier.normalise(noise_images(size, TRIED))
            whole = cls(_own(classifier.network), trial, reason)
            theirs = classifier.network(whole.trial)
            _check_shape(theirs, len(classifier.class_names))
            if not _alike(whole.run(whole.trial), theirs):
                # A few networks rely on an operation in place that changes another branch.
                whole = cls(_own(classifier.network, in_place=True), trial, reason)
            before = _kept_in_modules(whole.network)
            together, again = whole.run(whole.trial), whole.run(whole.trial)
            rows = [whole.run_noting_shapes(whole.trial[:1])]
            alone = torch.cat([*rows, *(whole.run(row[None]) for row in whole.trial[1:])])
            if _kept_in_modules(whole.network) != before:
                whole._turn = threading.Lock()
        _refuse_chance(theirs, together, again)
        if not _alike(alone, together):
            raise PreflightError(whole._other_logits_alone())
        return whole

    def _other_logits_alone(self) -> str:
        """Say why an image has other logits alone than in a batch: by mixing, or by rounding."""
        exact = copy.deepcopy(self.network).double()
        trial = self.trial.double()
        with _named_failures(trial.shape[2]), torch.no_grad():
            together = exact(trial)
            alone = torch.cat([exact(row[None]) for row in trial])
        if self.dtype != torch.float64 and _alike(alone, together):
            return (
                "The network's rounding is so large that an image has other logits alone than in a "
                f"batch (the largest logit is {float(together.abs().max()):.3g}); in float64 they "
                "agree. Explain it in float64, by network.double(), or check its weights: logits "
                "of trained networks are rarely above 100."
            )
        return (
            "The network returns other logits for an image alone than in a batch, so it mixes "
            "images. Compute each image separately, as in x.flatten(1), and batch "
            "normalisation from stored statistics (track_running_stats=True)."
        )

    def __len__(self) -> int:
        return 1

    def enter(self, pixels: Tensor) -> Tensor:
        """Convert normalised images to the network's type, in contiguous memory as view() needs."""
        return pixels.to(self.dtype).contiguous()

    def run(self, values: Tensor, start: int = 0, stop: int | None = None) -> Tensor:
        """Return the logits of images. The whole network is step 0, behind which nothing comes."""
        if start > 0 or stop == 0:
            return values
        with self._turn:
            return cast("Tensor", self.network(values.contiguous()))

    def input_shapes(self, pixels: Tensor) -> list[tuple[int, ...]]:
        """Return the shapes of the pixels and of every module's output, without the batch axis."""
        size = tuple(pixels.shape[1:])
        if size not in self._shapes:
            with torch.no_grad():
                self.run_noting_shapes(self.enter(torch.zeros_like(pixels[:1])))
        return self._shapes[size]

    def run_noting_shapes(self, values: Tensor) -> Tensor:
        """Return the logits, and keep the shapes for ``input_shapes``, which needs no pass then."""
        size = tuple(values.shape[1:])
        noted: list[tuple[int, ...]] = [size]
        leaves = [module for module in self.network.modules() if not list(module.children())]

        def note(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor):
                noted.append(tuple(output.shape[1:]))

        handles = [module.register_forward_hook(note) for module in leaves]
        try:
            logits = self.run(values)
        finally:
            for handle in handles:
                handle.remove()
        self._shapes[size] = noted
        return logits

    def watch(self, entered: Tensor, layers: Sequence[Layer]) -> tuple[Tensor, dict[Layer, Tensor]]:
        """Run images that need gradients, and return the logits and the outputs of ``layers``."""
        with self._watching([str(layer) for layer in layers]) as outputs:
            logits = self.run(entered)
        return logits, {layer: outputs[str(layer)] for layer in layers}

    def as_maps(self, layer: Layer, values: Tensor) -> Tensor:
        """Return a layer's values as maps, with shape (n, channels, rows, columns)."""
        return self.grids[str(layer)].maps(values)

    def layer(self, chosen: Layer) -> Layer:
        """Return the name of the layer that a method reads; -1 stands for the default.

        Raises ValueError for a layer without rows and columns; the message lists the last ones.
        """
        if chosen == -1 and self.default_layer is not None:
            return self.default_layer
        if chosen not in self.grids:
            known = ", ".join(list(self.grids)[-8:]) or "none"
            raise ValueError(
                f"The layer {chosen!r} has no rows and columns, or no such name. The last layers "
                f"that have them are: {known}."
            )
        return chosen

    @cached_property
    def grids(self) -> Mapping[str, Grid]:
        """Return the grids of the modules whose outputs have rows and columns, in the order in
        which they are computed."""
        with torch.no_grad(), self._watching(list(self._named)) as outputs:
            self.run(self.trial)
        named = {name: values for name, values in outputs.items() if len(values) == TRIED}
        return grids_of(named, self._named, (self.trial.shape[2], self.trial.shape[3]))

    @cached_property
    def default_layer(self) -> str | None:
        """Return the name of the last layer with rows and columns on whose cells the logits depend,
        or None.

        A linear layer of tokens is one of the projections inside an attention (timm's ``qkv``) or a
        multilayer perceptron, not the tokens themselves.
        """
        return next((name for name in self._read_layers if not self._projects_tokens(name)), None)

    @property
    def layer_in_keys(self) -> str:
        """Return the layer to name in the keys of stored maps whose method finds its layer itself.

        Empty for the layer of the first rule, which took projections for tokens: its maps were
        stored before keys contained a layer. A layer that another rule finds is named, so that a
        map of the earlier layer is never taken for it.
        """
        first = next(iter(self._read_layers), None)
        return "" if self.default_layer in (None, first) else str(self.default_layer)

    @cached_property
    def _read_layers(self) -> list[str]:
        """List the layers with rows and columns on whose cells the logits depend, the last first.

        The last layer of a transformer often has cells that nothing reads, because only the class
        token goes on. Grad-CAM's map of it would be empty for every image.
        """
        names = [] if self.problem(Need.GRADIENT) else list(self.grids)
        if not names:
            return []
        with torch.enable_grad(), self._watching(names) as outputs:
            logits = self.run(self.trial.clone().requires_grad_())
            # Different weights for the classes, because softmax-like heads have a constant sum.
            weights = torch.linspace(0.5, 1.5, logits.shape[1]).to(logits)
            watched = [name for name in names if outputs[name].requires_grad]
            gradients = torch.autograd.grad(
                (logits * weights).sum(), [outputs[name] for name in watched], allow_unused=True
            )
        return [
            name
            for name, gradient in reversed(list(zip(watched, gradients, strict=True)))
            if gradient is not None and bool(self.grids[name].maps(gradient).any())
        ]

    def _projects_tokens(self, name: str) -> bool:
        return self.grids[name].tokens and isinstance(self._named[name], nn.Linear)

    @cached_property
    def rules(self) -> LinearisedNetwork:
        """Return the network with DeepLIFT's rules. Raises NoRuleError if it lacks one."""
        return LinearisedNetwork(self.network, self.enter, self.trial)

    def problem(self, need: Need) -> str:
        """Return why a method with this need cannot explain the network, with the cure, or an
        empty text."""
        reason = self._lacks.get(need)
        if reason is None:
            reason = self._lacks[need] = self._lack(need)
        return f"{reason} {INSTEAD[need]}" if reason else ""

    @cached_property
    def _lacks(self) -> dict[Need, str]:
        return {}

    def _lack(self, need: Need) -> str:
        match need:
            case Need.CHAIN | Need.PROPAGATION:
                return f"{LACKS[need]} {self.reason}"
            case Need.RULES:
                try:
                    _ = self.rules
                except NoRuleError as error:
                    return f"{LACKS[need]} {error}"
            case Need.GRID if self.default_layer is None:
                return LACKS[need]
            case Need.GRADIENT if not self._has_gradient():
                return LACKS[need]
        return ""

    def _has_gradient(self) -> bool:
        with torch.enable_grad():
            pixels = self.trial.clone().requires_grad_()
            logits = self.run(pixels)
            if not logits.requires_grad:
                return False
            (gradient,) = torch.autograd.grad(logits.sum(), pixels, allow_unused=True)
        return gradient is not None and bool(gradient.isfinite().all())

    @contextmanager
    def _watching(self, names: Sequence[str]) -> Iterator[dict[str, Tensor]]:
        """Collect the outputs of modules, by name and in the order in which they are computed.

        The network goes on with a copy of each output, so that an operation in place cannot change
        what was collected. A module that is used several times leaves its last output.
        """
        outputs: dict[str, Tensor] = {}

        def collecting(name: str) -> Any:
            def collect(module: nn.Module, inputs: Any, output: Any) -> Any:
                if not isinstance(output, Tensor):
                    return None
                outputs.pop(name, None)
                outputs[name] = output
                return output.clone()

            return collect

        handles = [
            self._named[name].register_forward_hook(collecting(name)) for name in names if name
        ]
        try:
            yield outputs
        finally:
            for handle in handles:
                handle.remove()


def _own(network: nn.Module, *, in_place: bool = False) -> nn.Module:
    try:
        own = copy.deepcopy(network).requires_grad_(False)
    except RuntimeError as error:
        raise PreflightError(
            f"The network cannot be copied ({error}). If its weights are recomputed by a hook, "
            "such as weight_norm, remove that first: torch.nn.utils.remove_weight_norm."
        ) from error
    for module in own.modules():
        if not in_place and getattr(module, "inplace", False) is True:
            setattr(module, "inplace", False)  # noqa: B010 - not every module declares it
    return own.eval()


def _kept_in_modules(network: nn.Module) -> list[dict[str, int]]:
    """Return the identities of all attributes of all modules."""
    return [
        {name: id(value) for name, value in vars(module).items()} for module in network.modules()
    ]


@contextmanager
def _named_failures(size: int) -> Iterator[None]:
    try:
        yield
    except PreflightError:
        raise
    except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise PreflightError(
            f"The network cannot compute two images of {size}x{size} pixels ({error}). Give the "
            "classifier the image_size of its network, and mean and std of its number of channels "
            "and on its device. A view() in forward() must keep the images apart: "
            "x.view(x.size(0), -1)."
        ) from error


def _check_shape(logits: Any, classes: int) -> None:
    if not isinstance(logits, Tensor):
        raise PreflightError(
            f"The network returns a {type(logits).__name__}. Wrap it so that it returns one tensor "
            f"of logits, {(TRIED, classes)} for {TRIED} images."
        )
    if logits.shape != (TRIED, classes):
        raise PreflightError(
            f"The network returns the shape {tuple(logits.shape)} for {TRIED} images, but the "
            f"classifier has {classes} classes. It must return {(TRIED, classes)}, one logit per "
            "class."
        )


def _refuse_chance(theirs: Tensor, together: Tensor, again: Tensor) -> None:
    if not bool(together.isfinite().all()):
        raise PreflightError(
            "The network's logits are not finite for an image of random pixels. Check its weights, "
            "and mean and std, which belong on the 0..1 scale."
        )
    if not _alike(theirs, together) or not torch.equal(together, again):
        raise PreflightError(
            "The network returns other logits for the same images each time. Switch off what is "
            "drawn at random or counted in forward(), such as functional.dropout without "
            "training=self.training."
        )


def _alike(ours: Tensor, theirs: Tensor) -> bool:
    # An infinite logit has no difference, and is refused by its own sentence.
    apart, scale = (ours - theirs).abs().max(), 1 + theirs.abs().max()
    return bool(apart <= SAME_LOGITS * scale) or not bool(theirs.isfinite().all())
