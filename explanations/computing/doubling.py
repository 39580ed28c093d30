"""Sampling that doubles its samples until the map hardly changes.

The samples of a smaller number are the first of a larger one. For independent samples, a map of n
differs from a map of 2n by as much, on average, as the map of 2n still differs from the map of
endlessly many: both variances are half of the variance at n. The relative change from one doubling
to the next therefore estimates the error that is left.
"""

from torch import Tensor


def stages(samples: int, least: int, tolerance: float | None) -> list[int]:
    """Return the numbers of samples at which maps are compared: ``samples``, its half, its quarter
    and so on, down to ``least``, in ascending order.

    Without a tolerance, all samples are computed in one go.
    """
    counts = [samples]
    while tolerance is not None and counts[0] // 2 >= least:
        counts.insert(0, counts[0] // 2)
    return counts


def relative_change(after: Tensor, before: Tensor) -> float:
    """Return the root mean square of the change, relative to that of the later map.

    It is 0 for two empty maps, and 1 if an empty map follows another one.
    """
    size = float(after.double().square().mean().sqrt())
    change = float((after - before).double().square().mean().sqrt())
    if size == 0:
        return float(change > 0)
    return change / size
