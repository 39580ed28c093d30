"""Enlargement of coarse maps to the size of the image."""

from torch import Tensor
from torch.nn.functional import interpolate


def enlarged(maps: Tensor, size: tuple[int, int], mode: str = "bilinear") -> Tensor:
    """Enlarge maps (n, k, rows, columns) to (n, k, height, width).

    Cells are areas, not points (align_corners=False); ``mode`` is bilinear or nearest.
    """
    smooth = {"align_corners": False} if mode == "bilinear" else {}
    return interpolate(maps, size=size, mode=mode, **smooth)
