"""Where tensors are computed."""

import torch

from explanations.classifier.checkpoint import CheckpointError


def choose_device(wanted: str) -> str:
    """``auto`` is the GPU where there is one; CheckpointError when a wanted GPU is missing."""
    available = torch.cuda.is_available()
    if wanted == "auto":
        return "cuda" if available else "cpu"
    if wanted == "cuda" and not available:
        raise CheckpointError(
            "torch finds no CUDA device here. Use --device cpu, or install a driver that fits "
            f"torch {torch.__version__}."
        )
    return wanted
