"""Independent pieces of work side by side, one processor thread for each.

On a CPU torch splits every single operation among its threads and waits for the last one. Pieces
that fit the cache are small: whole pieces side by side wait for nobody. How the work is cut does
not depend on the number of threads, so neither does any number that comes out.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

SHARES = 16

Result = TypeVar("Result")


def side_by_side(
    count: int, rows: int, device: torch.device, work: Callable[[slice], Result]
) -> list[Result]:
    """What ``work`` gives for each share of ``count`` rows, in order.

    A share is a whole number of pieces of ``rows`` rows; there are at most SHARES. ``work`` runs
    without gradients, in a thread of its own where torch has several on a CPU.
    """
    pieces = -(-count // rows)
    size = -(-pieces // SHARES) * rows
    shares = [slice(first, min(first + size, count)) for first in range(0, count, size)]
    threads = min(torch.get_num_threads(), len(shares)) if device.type == "cpu" else 1
    if threads == 1:
        with torch.no_grad():
            return [work(share) for share in shares]
    return _in_threads(shares, threads, work)


def _in_threads(shares: list[slice], threads: int, work: Callable[[slice], Result]) -> list[Result]:
    before = torch.get_num_threads()

    def alone(share: slice) -> Result:
        torch.set_num_threads(1)  # of this thread; and of threads that begin after it
        with torch.no_grad():
            return work(share)

    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(alone, shares))
    finally:
        torch.set_num_threads(before)
