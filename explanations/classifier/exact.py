"""Torch state under which a network is computed, whatever the caller has set.

A caller may run inside ``torch.autocast``, ``torch.inference_mode`` or ``torch.device``, or may
have changed torch's default type or the precision of products. Each of them changes the numbers or
stops gradients, so that the engine must not inherit them.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

AUTOCAST_DEVICES = ("cpu", "cuda")

_ONE_AT_A_TIME = threading.RLock()
"""Part of the state belongs to the process, not to the thread. Without this lock, the first of two
threads that finishes would restore the caller's state while the other still computes."""


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Switch to IEEE float32 without the caller's modes, and restore the caller's state at the end.

    There is neither TF32 on a GPU nor bfloat16 inside a CPU's products. Calls from several threads
    wait for one another.
    """
    with _ONE_AT_A_TIME, ExitStack() as stack:
        for device in AUTOCAST_DEVICES:
            stack.enter_context(torch.autocast(device, enabled=False))
        # Tensors of inference mode cannot be used for gradients, not even later.
        # Switching it off also switches gradients on, so ``no_grad`` belongs inside this context.
        stack.enter_context(torch.inference_mode(mode=False))
        # The context slows every call of torch, so it is entered only if it changes something.
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(_default_dtype(torch.float32))
        stack.enter_context(_matmul_precision("highest"))
        flags = torch.backends.cudnn.flags(enabled=True, allow_tf32=False, deterministic=True)
        stack.enter_context(flags)
        yield


@contextmanager
def tensor_float() -> Iterator[None]:
    """Switch to TF32, float32 factors with ten bits of mantissa, on GPUs that support it."""
    with (
        _ONE_AT_A_TIME,
        _matmul_precision("high"),
        torch.backends.cudnn.flags(enabled=True, allow_tf32=True),
    ):
        yield


@contextmanager
def _default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def _matmul_precision(precision: str) -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
