"""DeepLIFT's Rescale rule on any graph of known operations, by linearising the network.

For an image and a reference, each nonlinear operation is replaced by the constant factor (change of
its output) / (change of its input). The network that results is linear between the two, so its
gradient contains the multipliers, and branches, sums and concatenations need no rules of their own.
A maximum passes the change to the place that has it, as in shap (``rescale.py``); where windows
overlap, a place receives the sum over its windows.

The factors are computed in float64: where image and reference almost agree, the quotient would
otherwise be rounding error.
"""

import copy
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from explanations.computing.chain import SAME_LOGITS
from explanations.computing.preflight import ONE_TRACE_AT_A_TIME, PreflightError
from explanations.computing.rescale import SAME_TO_POOL, SAME_TO_RELU


class NoRuleError(PreflightError):
    """A network with an operation for which no rule is known. The message names the operation."""


LINEAR_MODULES = (
    nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d,
    nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.Dropout,
    nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.Flatten, nn.Unflatten, nn.Identity,
    nn.ZeroPad2d, nn.ConstantPad2d, nn.ReflectionPad2d, nn.ReplicationPad2d, nn.Upsample,
    nn.PixelShuffle, nn.PixelUnshuffle, nn.ChannelShuffle,
)  # fmt: skip
ELEMENTWISE_MODULES = (
    nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softsign,
    nn.LogSigmoid,
)  # fmt: skip
# Functions and methods by name: torch.relu, functional.relu and x.relu() are one operation.
LINEAR_NAMES = frozenset((
    "add", "iadd", "add_", "sub", "isub", "sub_", "rsub", "neg", "cat", "concat", "stack", "mean",
    "sum", "flatten", "unflatten", "view", "reshape", "permute", "transpose", "swapaxes", "movedim",
    "t", "contiguous", "clone", "squeeze", "unsqueeze", "expand", "expand_as", "repeat", "getitem",
    "chunk", "split", "unbind", "narrow", "select", "roll", "pad", "interpolate", "dropout",
    "dropout2d", "alpha_dropout", "stochastic_depth", "avg_pool2d", "adaptive_avg_pool2d",
    "avg_pool1d", "adaptive_avg_pool1d", "conv2d", "conv1d", "conv_transpose2d", "linear",
    "batch_norm", "pixel_shuffle", "to", "float", "double", "type_as",
))  # fmt: skip
ELEMENTWISE_NAMES = frozenset((
    "relu", "relu_", "relu6", "leaky_relu", "leaky_relu_", "elu", "elu_", "celu", "selu", "gelu",
    "silu", "mish", "hardswish", "hardsigmoid", "hardtanh", "hardtanh_", "sigmoid", "sigmoid_",
    "tanh", "tanh_", "softplus", "softsign", "logsigmoid", "clamp", "clamp_", "abs", "exp", "log",
    "sqrt", "square", "erf", "sin", "cos",
))  # fmt: skip
# Products and quotients are linear as long as one factor does not depend on the image.
PRODUCTS = frozenset(
    ("mul", "imul", "mul_", "matmul", "bmm", "mm", "div", "truediv", "div_", "einsum")
)
QUOTIENTS = frozenset(("div", "truediv", "div_"))
POOLS = frozenset(("max_pool2d", "adaptive_max_pool2d"))
SHAPES = frozenset(("size", "dim", "ndimension", "numel", "stride", "is_contiguous", "new_zeros"))

Operation = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Factor:
    """Replacement of a nonlinear operation between an image and each of b references."""

    share: Tensor
    """Change of the output over the change of the input, with the shape of the output."""
    place: Tensor | None = None
    """For a pool, the number of the cell that each window reads, with the shape of the output."""

    def apply(self, values: Tensor) -> Tensor:
        """Apply the linear replacement to values with the shape of the operation's input."""
        if self.place is None:
            return values * self.share
        chosen = values.flatten(2).gather(2, self.place.flatten(2))
        return chosen.view_as(self.share) * self.share


class LinearisedNetwork:
    """A network whose nonlinear operations can be replaced by their factors.

    Raises NoRuleError if the network cannot be traced, contains an operation for which no rule is
    known, or if its trace computes other logits.
    """

    def __init__(
        self, network: nn.Module, enter: Callable[[Tensor], Tensor], trial: Tensor
    ) -> None:
        graph = _traced(network)
        self.nonlinear = _nonlinear(network, graph)
        """Kind of each nonlinear operation by the name of its node: ``elementwise`` or ``pool``."""
        self._carrier = fx.GraphModule(network, graph)
        self._recorder = fx.GraphModule(copy.deepcopy(network).double(), graph)
        self._enter = enter
        self._compare(network, trial)

    def _compare(self, network: nn.Module, trial: Tensor) -> None:
        try:
            with torch.no_grad():
                theirs = network(trial).double()
                image = self.record(trial[:1])
                others = self.factors(image, trial[1:])
        except (RuntimeError, TypeError, ValueError, KeyError) as error:
            raise NoRuleError(f"Its operations cannot be computed in float64 ({error}).") from error
        logits = torch.cat([image.logits, others.logits])
        apart = (logits - theirs).abs().max()
        if not bool(apart <= SAME_LOGITS * (1 + theirs.abs().max())):
            raise NoRuleError(
                f"The network's logits differ from those of its operations by {float(apart):.2g}, "
                "so a hook or a condition in forward() changes them."
            )

    def record(self, pixels: Tensor) -> "Recording":
        """Run an image, with shape (1, channels, height, width), and keep what the rules need."""
        interpreter = _Recording(self._recorder, self.nonlinear)
        logits = interpreter.run(pixels.double())
        return Recording(interpreter.kept, logits)

    def factors(self, image: "Recording", references: Tensor) -> "Factors":
        """Compute the factors of every nonlinear operation between an image and references."""
        interpreter = _Comparing(self._recorder, self.nonlinear, image.kept)
        logits = interpreter.run(references.double())
        return Factors(interpreter.factors, logits)

    def multipliers(self, factors: "Factors", like: Tensor, targets: Tensor) -> Tensor:
        """Compute the multipliers of k logits by the pixels, for each of b references.

        ``like`` is network input with shape (b, …), ``targets`` has the shape (k,). The result has
        the shape (k, b, channels, height, width).
        """
        with torch.enable_grad():
            entered = self._enter(like).detach().clone().requires_grad_()
            logits = _Carrying(self._carrier, factors.by_node).run(entered)
            last = len(targets) - 1
            columns = [
                torch.autograd.grad(logits[:, target].sum(), entered, retain_graph=place < last)[0]
                for place, target in enumerate(targets.tolist())
            ]
        return torch.stack(columns)


@dataclass(frozen=True, eq=False)
class Recording:
    """Inputs and outputs of the nonlinear operations for one image, in float64."""

    kept: Mapping[str, tuple[Tensor, ...]]
    logits: Tensor


@dataclass(frozen=True, eq=False)
class Factors:
    """Factors by the name of the operation's node, and the references' logits in float64."""

    by_node: Mapping[str, Factor]
    logits: Tensor

    def to(self, dtype: torch.dtype) -> "Factors":
        """Return the factors in the type of the network that uses them."""
        return Factors(
            {
                name: Factor(factor.share.to(dtype), factor.place)
                for name, factor in self.by_node.items()
            },
            self.logits,
        )


class _Interpreter(fx.Interpreter):
    """A run of the network in which nonlinear operations are computed by ``nonlinear``."""

    def __init__(self, module: fx.GraphModule, kinds: Mapping[str, str]) -> None:
        super().__init__(module)
        self.kinds = kinds

    def run_node(self, n: fx.Node) -> Any:
        if n.name not in self.kinds:
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        if args:
            values, *rest = args
        else:
            values, rest = kwargs.pop("input"), []

        def operation(changed: Tensor) -> Tensor:
            # A copy, because an operation in place would overwrite what is kept.
            result = getattr(self, n.op)(n.target, (changed.clone(), *rest), dict(kwargs))
            return cast("Tensor", result)

        if self.kinds[n.name] == "pool":
            return self.pool(n.name, values, _pool(self.module, n, tuple(rest), kwargs))
        return self.elementwise(n.name, values, operation)

    def elementwise(self, name: str, values: Tensor, operation: Operation) -> Tensor:
        raise NotImplementedError

    def pool(
        self, name: str, values: Tensor, operation: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> Tensor:
        raise NotImplementedError


class _Recording(_Interpreter):
    """A run that keeps inputs and outputs of the nonlinear operations."""

    def __init__(self, module: fx.GraphModule, kinds: Mapping[str, str]) -> None:
        super().__init__(module, kinds)
        self.kept: dict[str, tuple[Tensor, ...]] = {}

    def elementwise(self, name: str, values: Tensor, operation: Operation) -> Tensor:
        output = operation(values)
        self.kept[name] = (values.clone(), output)
        return output.clone()

    def pool(
        self, name: str, values: Tensor, operation: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> Tensor:
        output, place = operation(values)
        self.kept[name] = (values.clone(), output, place)
        return output.clone()


class _Comparing(_Interpreter):
    """A run of references that computes the factors between them and a recorded image."""

    def __init__(
        self,
        module: fx.GraphModule,
        kinds: Mapping[str, str],
        image: Mapping[str, tuple[Tensor, ...]],
    ) -> None:
        super().__init__(module, kinds)
        self.image = image
        self.factors: dict[str, Factor] = {}

    def elementwise(self, name: str, values: Tensor, operation: Operation) -> Tensor:
        ours, our_output = self.image[name]
        output = operation(values)
        difference = ours - values
        share = (our_output - output) / difference
        close = difference.abs() < SAME_TO_RELU
        if bool(close.any()):
            share = torch.where(close, _slope(operation, values), share)
        self.factors[name] = Factor(share)
        return output

    def pool(
        self, name: str, values: Tensor, operation: Callable[[Tensor], tuple[Tensor, Tensor]]
    ) -> Tensor:
        ours, our_maximum, our_place = self.image[name]
        maximum, place = operation(values)
        gain = our_maximum - maximum
        # The change belongs to the image's place if the image's maximum is larger, else to the
        # reference's place.
        chosen = torch.where(gain > 0, our_place, place)
        flat = chosen.flatten(2)
        difference = ours.flatten(2).expand(len(flat), -1, -1).gather(2, flat)
        difference = (difference - values.flatten(2).gather(2, flat)).view_as(gain)
        same = difference.abs() < SAME_TO_POOL
        share = (gain / difference).masked_fill(same, 0)
        self.factors[name] = Factor(share, chosen)
        return maximum


class _Carrying(fx.Interpreter):
    """A run of the linear network that has factors in place of the nonlinear operations."""

    def __init__(self, module: fx.GraphModule, factors: Mapping[str, Factor]) -> None:
        super().__init__(module)
        self.factors = factors

    def run_node(self, n: fx.Node) -> Any:
        if n.name not in self.factors:
            return super().run_node(n)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return self.factors[n.name].apply(args[0] if args else kwargs["input"])


def _slope(operation: Operation, values: Tensor) -> Tensor:
    """Return the derivative of an elementwise operation."""
    with torch.enable_grad():
        entered = values.detach().clone().requires_grad_()
        (slope,) = torch.autograd.grad(operation(entered).sum(), entered)
    return slope


def _pool(
    module: nn.Module, node: fx.Node, rest: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Return a pool that also returns the number of the cell that each window reads."""
    if node.op == "call_module":
        pool = module.get_submodule(str(node.target))
        if isinstance(pool, nn.AdaptiveMaxPool2d):
            return lambda values: functional.adaptive_max_pool2d_with_indices(
                values, pool.output_size
            )
        sizes = pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode
        return lambda values: functional.max_pool2d_with_indices(values, *sizes)  # type: ignore[arg-type]
    given = {key: value for key, value in kwargs.items() if key != "return_indices"}
    function = (
        functional.max_pool2d_with_indices
        if _name(node) == "max_pool2d"
        else functional.adaptive_max_pool2d_with_indices
    )
    return lambda values: function(values, *rest, **given)


def _traced(network: nn.Module) -> fx.Graph:
    try:
        with ONE_TRACE_AT_A_TIME:
            return fx.Tracer().trace(network)
    except Exception as error:  # whatever the network's own forward raises on a proxy
        raise NoRuleError(
            f"The network cannot be traced ({_in_one_line(error)}): its forward() has a condition "
            "on the data."
        ) from error


def _in_one_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else repr(error)


def _nonlinear(network: nn.Module, graph: fx.Graph) -> dict[str, str]:
    """Return the kind of every nonlinear operation. NoRuleError names one without a rule."""
    depends: set[fx.Node] = set()
    kinds: dict[str, str] = {}
    for node in graph.nodes:
        if node.op == "placeholder":
            if not depends:
                depends.add(node)
        elif node.op == "output" or not depends.intersection(node.all_input_nodes):
            continue
        elif not _is_of_shape(node):
            depends.add(node)
            kind = _kind(network, node, depends)
            if kind:
                kinds[node.name] = kind
    return kinds


def _is_of_shape(node: fx.Node) -> bool:
    """Check whether an operation reads only the shape of its input."""
    if node.op == "call_method":
        return str(node.target) in SHAPES
    return node.target is getattr and node.args[1] in ("shape", "ndim", "dtype", "device")


def _name(node: fx.Node) -> str:
    return str(getattr(node.target, "__name__", node.target))


def _kind(network: nn.Module, node: fx.Node, depends: set[fx.Node]) -> str:
    if node.op == "call_module":
        module = network.get_submodule(str(node.target))
        if isinstance(module, LINEAR_MODULES):
            return ""
        if isinstance(module, ELEMENTWISE_MODULES):
            return "elementwise"
        if isinstance(module, nn.MaxPool2d | nn.AdaptiveMaxPool2d) and not module.return_indices:
            return "pool"
        raise NoRuleError(
            f"{str(node.target)!r} is a {type(module).__name__}, for which none is known."
        )
    name = _name(node)
    operands = [operand for operand in node.all_input_nodes if operand in depends]
    if name in PRODUCTS and len(operands) == 1 and not _divides_by(node, operands[0]):
        return ""
    if name in LINEAR_NAMES and not (node.target is operator.getitem and len(operands) > 1):
        return ""
    if name in ELEMENTWISE_NAMES and len(operands) == 1:
        return "elementwise"
    if name in POOLS and not node.kwargs.get("return_indices"):
        return "pool"
    if name in PRODUCTS:
        raise NoRuleError(
            f"forward() multiplies or divides two results that both depend on the image ({name!r} "
            f"at {node.name!r}), as attention and squeeze-and-excitation do. No rule is known."
        )
    raise NoRuleError(f"forward() calls {name!r} (at {node.name!r}), for which no rule is known.")


def _divides_by(node: fx.Node, operand: fx.Node) -> bool:
    return _name(node) in QUOTIENTS and node.args[0] is not operand
