"""Choice of the device on which tensors are computed."""

import torch

from explanations.classifier.checkpoint import CheckpointError


def choose_device(wanted: str) -> str:
    """Choose a device: ``auto`` is a GPU if available.

    Raises CheckpointError if ``cuda`` is requested but not available.
    """
    available = torch.cuda.is_available()
    if wanted == "auto":
        return "cuda" if available else "cpu"
    if wanted == "cuda" and not available:
        raise CheckpointError(
            "torch does not detect a CUDA device. Use --device cpu, or install a driver that fits "
            f"torch {torch.__version__}."
        )
    return wanted
