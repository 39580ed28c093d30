"""Measurement of several images at once, in a process for each core.

A process of its own is needed: calls of the engine from several threads wait for one another, and
the cost of a map is the processor time of its process. Every process computes on a single thread,
so that the numbers do not depend on the number of cores.
"""

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import torch

from explanations.evaluation.cases import Case
from explanations.evaluation.resumable_lines import Values
from explanations.source_report.numbers import Network

Compute = Callable[[Network, Case], Values]
Timed = tuple[Values, float]
"""Numbers of an image, and the seconds that they took."""

WORTH_STARTING = 20
"""Images below which starting processes takes longer than it saves."""


class Computing(Protocol):
    """Computes the numbers of images."""

    cores: int
    """Images that are computed at once."""

    def __call__(
        self, compute: Compute, network: Network, cases: Sequence[Case]
    ) -> Iterator[Timed]:
        """Compute the numbers of each image, in order."""


class InThisProcess:
    """Computes image by image when the next one is asked for, on a single thread."""

    cores = 1

    def __call__(
        self, compute: Compute, network: Network, cases: Sequence[Case]
    ) -> Iterator[Timed]:
        """Compute the numbers of each image, in order."""
        for case in cases:
            threads = torch.get_num_threads()
            torch.set_num_threads(1)
            try:
                timed = _timed(compute, network, case)
            finally:
                torch.set_num_threads(threads)
            yield timed


class InProcesses:
    """Computes all images at once, in the processes of a pool that know the networks by key."""

    def __init__(self, pool: ProcessPoolExecutor, cores: int) -> None:
        """Compute on ``cores`` processes of the pool."""
        self.pool = pool
        self.cores = cores

    def __call__(
        self, compute: Compute, network: Network, cases: Sequence[Case]
    ) -> Iterator[Timed]:
        """Hand over all images now; return their numbers in order."""
        count = len(cases)
        return self.pool.map(_values, [compute] * count, [network.key] * count, cases)


@contextmanager
def on_cores(networks: Sequence[Network], images: int) -> Iterator[Computing]:
    """Provide the computation on as many cores as torch may use, if ``images`` are worth it.

    Networks on a GPU are computed in this process. ``compute`` must be a function of a module.
    """
    cores = torch.get_num_threads()
    on_cpu = all(network.classifier.device.type == "cpu" for network in networks)
    if cores == 1 or images < WORTH_STARTING or not on_cpu:
        yield InThisProcess()
        return
    # Not forked: torch's threads of this process would be missing in the copy.
    context = multiprocessing.get_context("spawn")
    # Copied, because an engine that a network has already created cannot be sent.
    pool = ProcessPoolExecutor(cores, context, _start, ([replace(n) for n in networks],))
    try:
        yield InProcesses(pool, cores)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_networks: dict[str, Network] = {}
"""Networks of a started process, by key."""


def _start(networks: Sequence[Network]) -> None:
    # Ctrl-C reaches every process of the terminal. The first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _networks.update({network.key: network for network in networks})


def _values(compute: Compute, key: str, case: Case) -> Timed:
    return _timed(compute, _networks[key], case)


def _timed(compute: Compute, network: Network, case: Case) -> Timed:
    started = time.perf_counter()
    values = compute(network, case)
    return values, time.perf_counter() - started
