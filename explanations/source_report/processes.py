"""Measurement of several images at once, in a process for each core.

A process of its own is needed: calls of the engine from several threads wait for one another, and
the cost of a map is the processor time of its process. Every process computes on a single thread,
so that the numbers do not depend on the number of cores.
"""

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import torch

from explanations.evaluation.cases import Case
from explanations.evaluation.resumable_lines import Values
from explanations.source_report.numbers import Network

Compute = Callable[[Network, Case], Values]
Computing = Callable[[Compute, Network, Sequence[Case]], Iterable[Values]]
"""Computes the values of each image, in order."""

WORTH_STARTING = 60.0
"""Seconds of measurement below which starting processes takes longer than it saves."""
STARTING = 20.0
"""Seconds until all processes compute: they import torch and record SHAP's backgrounds."""


def in_this_process(compute: Compute, network: Network, cases: Sequence[Case]) -> Iterator[Values]:
    """Compute image by image, on a single thread as in any other process."""
    for case in cases:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            values = compute(network, case)
        finally:
            torch.set_num_threads(threads)
        yield values


def seconds_on_cores(seconds: float) -> float:
    """Estimate how long a measurement takes that takes ``seconds`` on one core."""
    cores = torch.get_num_threads()
    if cores == 1 or seconds < WORTH_STARTING:
        return seconds
    return seconds / cores + STARTING


@contextmanager
def on_cores(networks: Sequence[Network], seconds: float) -> Iterator[Computing]:
    """Provide the computation on as many cores as torch may use, if ``seconds`` are worth it.

    Networks on a GPU are computed in this process. ``compute`` must be a function of a module.
    """
    cores = torch.get_num_threads()
    on_cpu = all(network.classifier.device.type == "cpu" for network in networks)
    if cores == 1 or seconds < WORTH_STARTING or not on_cpu:
        yield in_this_process
        return
    # Not forked: torch's threads of this process would be missing in the copy.
    context = multiprocessing.get_context("spawn")
    # Copied, because an engine that a network has already created cannot be sent.
    pool = ProcessPoolExecutor(cores, context, _start, ([replace(n) for n in networks],))

    def in_processes(compute: Compute, network: Network, cases: Sequence[Case]) -> Iterable[Values]:
        count = len(cases)
        return pool.map(_values, [compute] * count, [network.key] * count, cases)

    try:
        yield in_processes
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_networks: dict[str, Network] = {}
"""Networks of a started process, by key."""


def _start(networks: Sequence[Network]) -> None:
    # Ctrl-C reaches every process of the terminal. The first one ends the others in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)
    _networks.update({network.key: network for network in networks})


def _values(compute: Compute, key: str, case: Case) -> Values:
    return compute(_networks[key], case)
