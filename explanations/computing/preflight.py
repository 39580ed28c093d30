"""Check before any computation that a network can be explained correctly.

Networks that are chains of modules take the engine's fast path; other networks are computed as they
are (``whole.py``), and the check says why. What would make every map wrong, such as train mode, is
refused by the module's name and with the cure, because the maps would look like any others.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx, nn

LINEAR = (
    nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
    nn.Dropout, nn.Dropout2d, nn.Flatten, nn.Identity,
)  # fmt: skip
# Tracing patches nn.Module for the whole process.
ONE_TRACE_AT_A_TIME = threading.Lock()
TYPES = (torch.float32, torch.float64)
NONLINEAR = (nn.ReLU, nn.MaxPool2d)

_MODULE_OF = {
    "relu": "nn.ReLU", "relu_": "nn.ReLU", "max_pool2d": "nn.MaxPool2d",
    "avg_pool2d": "nn.AvgPool2d", "adaptive_avg_pool2d": "nn.AdaptiveAvgPool2d",
    "dropout": "nn.Dropout", "linear": "nn.Linear", "conv2d": "nn.Conv2d",
    "batch_norm": "nn.BatchNorm2d", "view": "nn.Flatten", "reshape": "nn.Flatten",
}  # fmt: skip


class PreflightError(ValueError):
    """A network that cannot be explained exactly. The message names the module and the cure."""


class NotAChainError(PreflightError):
    """A network that is not a chain of known modules, and therefore does not take the fast path."""


@dataclass(frozen=True)
class Step:
    """A module of the chain, with its name in the network."""

    name: str
    module: nn.Module


def steps_of(network: nn.Module) -> list[Step]:
    """List the modules of ``network`` in the order in which an image passes them.

    The network is traced with ``torch.fx``. Raises PreflightError for train mode, and for
    parameters in half precision or of several types or on several devices. Raises NotAChainError
    for a module that is used twice, a function in place of a module, overlapping pools, branches,
    and a kind of module for which no rule is known.
    """
    refuse_modes(network)
    steps = list(_traced(network))
    _refuse_reuse(steps)
    for step in steps:
        _refuse_unsupported(step)
    if not steps or not any(isinstance(step.module, nn.Linear | nn.Conv2d) for step in steps):
        raise NotAChainError("The network has no convolution and no linear layer.")
    return steps


def refuse_modes(network: nn.Module) -> None:
    """Raise PreflightError for a network whose maps would be wrong by any method."""
    _refuse_train_mode(network)
    _refuse_types(network)
    if next(network.parameters(), None) is None:
        raise PreflightError("The network has no layer with weights, so it cannot be explained.")


def _refuse_train_mode(network: nn.Module) -> None:
    for name, module in network.named_modules():
        if module.training:
            raise PreflightError(
                f"{_named(name)} is in train mode, in which dropout and batch normalisation give "
                "other values each time. Call network.eval() first."
            )


def _refuse_types(network: nn.Module) -> None:
    """Refuse half precision, in which the rules' small differences of large numbers are lost."""
    tensors = [*network.named_parameters(), *network.named_buffers()]
    floating = {tensor.dtype: name for name, tensor in tensors if tensor.is_floating_point()}
    for dtype, name in floating.items():
        if dtype not in TYPES:
            raise PreflightError(
                f"{name!r} is {_short(dtype)}, in which maps are wrong by several percent. Call "
                "network.float() first; the weights keep their values."
            )
    if len(floating) > 1:
        named = " and ".join(f"{name!r} is {_short(dtype)}" for dtype, name in floating.items())
        raise PreflightError(f"The network mixes types: {named}. Call network.float() first.")
    devices = {str(tensor.device): name for name, tensor in tensors}
    if len(devices) > 1:
        named = " and ".join(f"{name!r} is on {device}" for device, name in devices.items())
        raise PreflightError(f"The network is on several devices: {named}. Move it to one.")


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _traced(network: nn.Module) -> Iterator[Step]:
    try:
        with ONE_TRACE_AT_A_TIME:
            graph = fx.Tracer().trace(network)
    except Exception as error:  # whatever the network's own forward raises on a proxy
        raise NotAChainError(
            f"The network cannot be traced ({error}). Write forward() without conditions on the "
            "data: a chain of modules."
        ) from error
    modules = dict(network.named_modules())
    # A chain is a graph in which each node has exactly the previous node as its input.
    before: fx.Node | None = None
    for node in graph.nodes:
        if node.op == "placeholder":
            if before is not None:
                raise NotAChainError(
                    f"The network takes a second input, {node.name!r}. It must take only images."
                )
        elif node.op == "output":
            if node.args[0] is not before:
                raise NotAChainError(
                    "The network returns more than its logits. Wrap it so that it returns one "
                    "tensor (n, classes)."
                )
            return
        else:
            _refuse_branch(node, before)
            yield _step(node, modules)
        before = node


def _step(node: fx.Node, modules: dict[str, nn.Module]) -> Step:
    if node.op == "call_module":
        return Step(str(node.target), modules[str(node.target)])
    function = str(getattr(node.target, "__name__", node.target))
    if function == "flatten":
        return Step(node.name, nn.Flatten(*_flatten_range(node)))
    module = _MODULE_OF.get(function)
    cure = (
        f"Replace it by a module, {module}, that is used once"
        if module
        else "Explain a network that is a chain of modules"
    )
    raise NotAChainError(
        f"forward() calls the function {function!r} (node {node.name!r}), which cannot be "
        f"explained. {cure}."
    )


def _flatten_range(node: fx.Node) -> tuple[int, int]:
    given: dict[str, Any] = dict(zip(("start_dim", "end_dim"), node.args[1:], strict=False))
    given |= node.kwargs
    return int(given.get("start_dim", 0)), int(given.get("end_dim", -1))


def _refuse_branch(node: fx.Node, before: fx.Node | None) -> None:
    if list(node.all_input_nodes) != [before] or (before is not None and len(before.users) > 1):
        raise NotAChainError(
            f"{node.name!r} does not follow from {before.name if before else 'the input'!r} alone, "
            "because the network branches. Use a network that is one chain, such as a VGG."
        )


def _refuse_reuse(steps: list[Step]) -> None:
    seen: dict[int, str] = {}
    for step in steps:
        if id(step.module) in seen:
            raise NotAChainError(
                f"The module {seen[id(step.module)]!r} is used more than once, but DeepLIFT's rule "
                f"needs a separate {type(step.module).__name__} for each use. Create one per use."
            )
        seen[id(step.module)] = step.name


def _refuse_unsupported(step: Step) -> None:
    module = step.module
    if type(module) not in (*LINEAR, *NONLINEAR):
        known = ", ".join(kind.__name__ for kind in (*NONLINEAR, *LINEAR))
        raise NotAChainError(
            f"{_named(step.name)} is a {type(module).__name__}, for which no rule is known. "
            f"Replace it by one of: {known}."
        )
    problem = _problem(module)
    if problem:
        raise NotAChainError(f"{_named(step.name)} {problem}")


def _problem(module: nn.Module) -> str:
    if isinstance(module, nn.MaxPool2d):
        return _pool_problem(module)
    if isinstance(module, nn.Conv2d) and module.padding_mode != "zeros":
        return f"pads with {module.padding_mode!r}. Use padding_mode='zeros'."
    if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and module.running_mean is None:
        return "keeps no running statistics. Set track_running_stats=True and train again."
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
        return (
            f"flattens from {module.start_dim} to {module.end_dim}, which mixes images. "
            "Use start_dim=1."
        )
    return ""


def _pool_problem(pool: nn.MaxPool2d) -> str:
    kernel, stride = pair(pool.kernel_size), pair(pool.stride)
    if kernel != stride:
        return (
            f"pools windows of {kernel} every {stride}. They overlap or leave gaps, for which the "
            "rule for the maximum is wrong. Set stride equal to kernel_size."
        )
    if pair(pool.padding) != (0, 0) or pair(pool.dilation) != (1, 1):
        return "pools with padding or dilation. Use padding=0 and dilation=1."
    if pool.ceil_mode or pool.return_indices:
        return "uses ceil_mode or return_indices. Switch both off."
    return ""


def pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """Return (rows, columns) of a module's size, which may be one number for both."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _named(name: str) -> str:
    return f"The module {name!r}" if name else "The network"
