"""Execution by Dask workers: processes of this machine or of a cluster.

The workers only compute. Only this process writes files and rows, so the workers need neither the
data folder nor the database: each worker receives weights and background images when it joins.
"""

import logging
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any

import dask
import torch
from distributed import (
    Client,
    Future,
    KilledWorker,
    Nanny,
    Scheduler,
    SpecCluster,
    WorkerPlugin,
    as_completed,
    get_worker,
)

from explanations.classifier.checkpoint import Classifier
from explanations.imagesets.background import Background
from explanations.pipeline.executors.chunks import Chunk, Done, ExecutorError, Explaining

SECONDS_TO_CONNECT = 60
ATTEMPTS = 100
"""Number of workers that may die while computing a chunk. Machines come and go, so a dead worker
does not mean that the chunk is at fault."""
SECONDS_BETWEEN_ATTEMPTS = 0.5
SETTINGS = {
    "distributed.scheduler.allowed-failures": ATTEMPTS,
    # By default Dask makes workers return freed memory at once. Every array is then mapped and
    # cleared again, which took a fifth of their time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
WAITING_PER_THREAD = 2
DASKS_LOGGERS = ("distributed", "distributed.client", "distributed.gc")
"""Loggers to which Dask gives a level of their own. All others inherit theirs from the first."""


@dataclass(frozen=True)
class Cluster:
    """Choice of the workers, either an existing scheduler at ``address``, or new workers on this
    machine."""

    address: str = ""
    workers: int = 0
    """Number of new workers on this machine. 0 means one per core, or one per GPU."""


class Explainers(WorkerPlugin):
    """Plugin that every worker receives before its first chunk, including workers that
    join later."""

    def __init__(
        self, weights: bytes, backgrounds: dict[str, Background], precision: str, device: str
    ) -> None:
        self.name = "explanations"
        self._parts = (weights, backgrounds, precision, device)

    def setup(self, worker: Any) -> None:
        """Load the classifier on the worker."""
        weights, backgrounds, precision, device = self._parts
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            path.write_bytes(weights)
            classifier = Classifier.load(path, device)
        self.explaining = Explaining(classifier, backgrounds, precision)
        self.lock = Lock()

    def explain(self, chunk: Chunk) -> list[Done]:
        # A worker may have several threads, but an engine supports a single thread.
        """Explain a chunk on the worker."""
        with self.lock:
            return list(self.explaining.explain(chunk))


def run(
    weights: bytes,
    backgrounds: dict[str, Background],
    precision: str,
    device: str,
    cluster: Cluster,
    chunks: Iterable[Chunk],
) -> Iterator[tuple[Chunk, Done]]:
    """Yield every chunk's maps, in the order in which they are finished.

    If a worker dies, its chunk is given to another. Raises ExecutorError if no worker joins or the
    scheduler is lost.
    """
    plugin = Explainers(weights, backgrounds, precision, device)
    with _connected(cluster, device) as client:
        try:
            _equip(client, plugin)
            yield from _completed(client, device, iter(chunks))
        except (OSError, TimeoutError) as error:
            raise ExecutorError(
                f"The connection to the Dask scheduler was lost ({error}). Every finished map is "
                "kept. Repeat the command when the scheduler is running again."
            ) from error


def _equip(client: Client, plugin: Explainers) -> None:
    """Register the plugin with every worker. Repeat if a worker dies meanwhile, since it is
    restarted."""
    for attempt in range(ATTEMPTS):
        try:
            client.register_plugin(plugin)
        except OSError:
            if client.status != "running" or attempt == ATTEMPTS - 1:
                raise
            time.sleep(SECONDS_BETWEEN_ATTEMPTS)
        else:
            return


def _completed(
    client: Client, device: str, chunks: Iterator[Chunk]
) -> Iterator[tuple[Chunk, Done]]:
    """Yield results while only a few chunks are submitted at a time, whatever their
    total number."""
    submitted: dict[Any, tuple[Chunk, int]] = {}

    def submit(chunk: Chunk, attempt: int = 1) -> Future[list[Done]]:
        resources = {"GPU": 1} if device == "cuda" else None
        future = client.submit(_explain, chunk, pure=False, resources=resources)
        submitted[future.key] = (chunk, attempt)
        return future

    waiting = as_completed([submit(chunk) for chunk in islice(chunks, _width(client))])
    for future in waiting:
        chunk, attempt = submitted.pop(future.key)
        if future.status == "cancelled":
            raise ExecutorError(
                "The Dask scheduler has stopped or dropped the work. Every finished map is kept. "
                "Repeat the command when the scheduler is running again."
            )
        try:
            results: list[Done] = future.result()
        except KilledWorker as error:
            if attempt == ATTEMPTS:
                raise ExecutorError(
                    f"{ATTEMPTS} workers died while computing one set of images. Check their logs: "
                    "the usual cause is too little memory."
                ) from error
            waiting.add(submit(chunk, attempt + 1))
            continue
        for done in results:
            yield chunk, done
        for next_chunk in islice(chunks, max(1, _width(client) - len(submitted))):
            waiting.add(submit(next_chunk))


def _explain(chunk: Chunk) -> list[Done]:
    plugin: Explainers = get_worker().plugins["explanations"]  # type: ignore[assignment]
    return plugin.explain(chunk)


def _width(client: Client) -> int:
    threads: dict[str, int] = client.nthreads()
    return max(4, WAITING_PER_THREAD * sum(threads.values()))


@contextmanager
def _connected(cluster: Cluster, device: str) -> Iterator[Client]:
    with ExitStack() as stack:
        stack.enter_context(_without_dasks_log())
        address: Any = cluster.address or stack.enter_context(_local_cluster(cluster, device))
        try:
            client = stack.enter_context(Client(address, timeout=SECONDS_TO_CONNECT))
        except (OSError, TimeoutError, ValueError) as error:
            raise ExecutorError(
                f"No Dask scheduler answers at {cluster.address} ({error}). Start it with "
                "'dask scheduler' and give the address that it prints: --scheduler tcp://HOST:8786"
            ) from error
        _await_a_worker(client)
        yield client


@contextmanager
def _without_dasks_log() -> Iterator[None]:
    """Keep out of the terminal what Dask logs in this process.

    When a scheduler is lost, Dask writes traces, while this module raises an error with the cure.
    """
    before = {name: logging.getLogger(name).level for name in DASKS_LOGGERS}
    for name in before:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


def _await_a_worker(client: Client) -> None:
    deadline = time.monotonic() + SECONDS_TO_CONNECT
    while not client.nthreads():
        if time.monotonic() > deadline:
            raise ExecutorError(
                f"The scheduler has no worker after {SECONDS_TO_CONNECT} seconds. Start workers "
                "from the project's folder: dask worker ADDRESS --nthreads 1"
            )
        time.sleep(0.1)


@contextmanager
def _local_cluster(cluster: Cluster, device: str) -> Iterator[SpecCluster]:
    """Start one worker per core, or per GPU. A worker that dies is restarted."""
    count = cluster.workers or (torch.cuda.device_count() if device == "cuda" else _cores())
    with dask.config.set(SETTINGS):
        workers = {number: _worker(number, device) for number in range(count)}
        scheduler = {
            "cls": Scheduler,
            "options": {"host": "127.0.0.1", "port": 0, "dashboard": False},
        }
        with SpecCluster(workers, scheduler=scheduler, silence_logs=logging.ERROR) as local:
            yield local


def _worker(number: int, device: str) -> dict[str, Any]:
    options: dict[str, Any] = {"nthreads": 1, "host": "127.0.0.1", "dashboard": False}
    # The workers' log messages would break the progress bar.
    options["silence_logs"] = logging.ERROR
    options["env"] = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if device == "cuda":
        options["env"]["CUDA_VISIBLE_DEVICES"] = str(number)
        options["resources"] = {"GPU": 1}
    return {"cls": Nanny, "options": options}


def _cores() -> int:
    return int(dask.system.CPU_COUNT)
