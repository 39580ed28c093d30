"""Independent pieces of work in parallel, one processor thread for each.

On a CPU, torch splits every operation among its threads and waits for the slowest. For pieces that
fit the cache this costs more than it gains, so whole pieces run in parallel instead. The division
of the work does not depend on the number of threads, and therefore the results do not either.
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
    """Return the results of ``work`` for each share of ``count`` rows, in order.

    A share is a whole number of pieces of ``rows`` rows; there are at most SHARES. ``work`` runs
    without gradients, in a separate thread if torch has several threads on a CPU.
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
        torch.set_num_threads(1)  # for this thread and for threads that start later
        with torch.no_grad():
            return work(share)

    try:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(alone, shares))
    finally:
        torch.set_num_threads(before)
