"""The work done by dask workers: processes of this machine, or of a cluster.

The workers only compute. This process alone writes files and rows, so they need neither the
data folder nor the database: weights and background images are sent to each worker as it comes.
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
"""How many workers may die over one chunk: machines come and go, a chunk that kills does not."""
SECONDS_BETWEEN_ATTEMPTS = 0.5
SETTINGS = {
    "distributed.scheduler.allowed-failures": ATTEMPTS,
    # Dask has workers give back memory at once. Every array would then be mapped and cleared anew,
    # which took a fifth of their time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}
WAITING_PER_THREAD = 2


@dataclass(frozen=True)
class Cluster:
    """Which workers to use: those of the scheduler at ``address``, or new ones on this machine."""

    address: str = ""
    workers: int = 0
    """New ones on this machine; 0 for one per core, or one per GPU."""


class Explainers(WorkerPlugin):
    """What every worker is given before its first chunk, also those that come late."""

    def __init__(
        self, weights: bytes, backgrounds: dict[str, Background], precision: str, device: str
    ) -> None:
        self.name = "explanations"
        self._parts = (weights, backgrounds, precision, device)

    def setup(self, worker: Any) -> None:
        weights, backgrounds, precision, device = self._parts
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "weights.safetensors"
            path.write_bytes(weights)
            classifier = Classifier.load(path, device)
        self.explaining = Explaining(classifier, backgrounds, precision)
        self.lock = Lock()

    def explain(self, chunk: Chunk) -> list[Done]:
        # A worker may have several threads; the engine is made for one at a time.
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
    """Every chunk's maps, in the order in which they are finished.

    A chunk whose worker dies is given to another. Raises ExecutorError when no worker comes or
    the scheduler is lost.
    """
    plugin = Explainers(weights, backgrounds, precision, device)
    with _connected(cluster, device) as client:
        try:
            _equip(client, plugin)
            yield from _completed(client, device, iter(chunks))
        except (OSError, TimeoutError) as error:
            raise ExecutorError(
                f"The connection to the dask scheduler was lost ({error}). Every map that had "
                "come back is kept. Run the same command again when the scheduler is there."
            ) from error


def _equip(client: Client, plugin: Explainers) -> None:
    """Give every worker the plugin; again when one died over it, since that one comes back."""
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
    """Few chunks at a time are on their way, however many there are."""
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
                "The dask scheduler is gone or has dropped the work. Every map that had come "
                "back is kept. Run the same command again when the scheduler is there."
            )
        try:
            found: list[Done] = future.result()
        except KilledWorker as error:
            if attempt == ATTEMPTS:
                raise ExecutorError(
                    f"{ATTEMPTS} workers died over the same images. Look into their logs: most "
                    "often they have too little memory."
                ) from error
            waiting.add(submit(chunk, attempt + 1))
            continue
        for done in found:
            yield chunk, done
        for following in islice(chunks, max(1, _width(client) - len(submitted))):
            waiting.add(submit(following))


def _explain(chunk: Chunk) -> list[Done]:
    plugin: Explainers = get_worker().plugins["explanations"]  # type: ignore[assignment]
    return plugin.explain(chunk)


def _width(client: Client) -> int:
    threads: dict[str, int] = client.nthreads()
    return max(4, WAITING_PER_THREAD * sum(threads.values()))


@contextmanager
def _connected(cluster: Cluster, device: str) -> Iterator[Client]:
    with ExitStack() as stack:
        address: Any = cluster.address or stack.enter_context(_local_cluster(cluster, device))
        try:
            client = stack.enter_context(Client(address, timeout=SECONDS_TO_CONNECT))
        except (OSError, TimeoutError, ValueError) as error:
            raise ExecutorError(
                f"No dask scheduler answers at {cluster.address} ({error}). Start one with "
                "'dask scheduler' and name the address that it prints: --scheduler tcp://HOST:8786"
            ) from error
        _await_a_worker(client)
        yield client


def _await_a_worker(client: Client) -> None:
    deadline = time.monotonic() + SECONDS_TO_CONNECT
    while not client.nthreads():
        if time.monotonic() > deadline:
            raise ExecutorError(
                f"The scheduler has no worker after {SECONDS_TO_CONNECT} seconds. Start some: "
                "dask worker ADDRESS --nthreads 1, from the project's folder."
            )
        time.sleep(0.1)


@contextmanager
def _local_cluster(cluster: Cluster, device: str) -> Iterator[SpecCluster]:
    """One worker per core, or per GPU; each is started again when it dies."""
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
    # Their chatter would tear the progress bar apart.
    options["silence_logs"] = logging.ERROR
    options["env"] = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if device == "cuda":
        options["env"]["CUDA_VISIBLE_DEVICES"] = str(number)
        options["resources"] = {"GPU": 1}
    return {"cls": Nanny, "options": options}


def _cores() -> int:
    return int(dask.system.CPU_COUNT)
