"""Computation of the explanations of stored predictions, once each, stored by hash and resumable at
any time.

Numbers are on disk before their row is written, and a run claims what it computes. A run can
therefore be killed at any moment, and several runs can work in parallel. The next run computes only
the missing maps.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.computing.cost import in_words
from explanations.computing.memory import Budget
from explanations.computing.preflight import PreflightError
from explanations.engine import Engine
from explanations.models import Prediction
from explanations.pipeline.data_folder import artefact_store, claims
from explanations.pipeline.executors import local
from explanations.pipeline.executors.chunks import Chunk, Done, Explaining
from explanations.pipeline.predictions import inputs_of
from explanations.pipeline.saving import keep, missing_of, take_over, take_over_rows
from explanations.pipeline.weights_registry import weights_path
from explanations.pipeline.work_list import PREDICTED_ALONE, Job, batches, jobs_of, unit_of
from explanations.store.artefacts import ArtefactWriter
from explanations.store.claims import Claims

SECONDS_BETWEEN_LOOKS = 0.2
LONG = 60.0
"""Seconds of work above which its cost is told beforehand."""


class StoppedError(RuntimeError):
    """A run stopped by Ctrl-C. Finished maps are kept."""


@dataclass(frozen=True)
class Computed:
    """Number of maps that a run computed, and of maps that existed or came from another run."""

    new: int
    known: int


@dataclass(frozen=True)
class Execution:
    """Choice of the executor, ``local`` in this process or ``dask`` by workers."""

    executor: str = "local"
    scheduler: str = ""
    """Address of a Dask scheduler. Empty for workers on this machine."""
    workers: int = 0
    """Number of workers on this machine. 0 means one per core, or one per GPU."""


def explain(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str = "strict",
    execution: Execution | None = None,
    classes: Mapping[int, int] = PREDICTED_ALONE,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Computed:
    """Compute and store every missing map of ``predictions``, with a progress bar.

    ``classes`` gives, by the prediction's primary key, how many of its most probable classes are
    explained; the default is the predicted class only. A map is missing if it has no row with its
    key, or if its numbers are lost or damaged. ``told`` is called with the number of finished maps
    and of all maps that were missing.

    Raises PrecomputeError if a method needs a background that the image set lacks or if ``classes``
    exceeds the classifier's classes, StoreFullError if the disk is full, ExecutorError if the
    workers cannot be reached, PreflightError if a method cannot explain the network, and
    StoppedError after Ctrl-C.
    """
    jobs = list(jobs_of(classifier, predictions, methods, precision, classes))
    missing = missing_of(jobs)
    if missing:
        background = next((job.background for job in missing if job.background), None)
        engine = Engine(classifier, background, precision)
        _refuse_methods(engine, missing)
        _tell_costs(engine, missing)
    with ExitStack() as stack:
        progress = stack.enter_context(tqdm(total=len(missing), unit="map", disable=None))
        claimed = stack.enter_context(claims())
        # Maps whose numbers are on disk need only a row: a killed run may have left them behind.
        taken_over, left = take_over(missing, claimed)
        progress.update(len(missing) - len(left))
        found = len(missing) - len(left)
        run = _Run(
            classifier,
            precision,
            execution or Execution(),
            left,
            progress,
            claimed,
            lambda done: told(found + done, len(missing)),
        )
        told(found, len(missing))
        run.writer = stack.enter_context(artefact_store().writer())
        try:
            run.all()
        except KeyboardInterrupt:
            raise StoppedError(
                f"Stopped after {len(missing) - len(left) + run.done} of {len(missing)} maps, "
                "which are kept. Repeat the command to compute the rest."
            ) from None
    new = len(taken_over) + run.new
    return Computed(new=new, known=len(jobs) - new)


def _refuse_methods(engine: Engine, missing: Sequence[Job]) -> None:
    """Raise PreflightError before any map is computed if the network lacks what a method needs."""
    explainers = {job.method.key: job.explainer for job in missing}
    labels = {job.method.key: job.method.full_label for job in missing}
    refused = engine.refusals(explainers)
    if not refused:
        return
    left = ",".join(key for key in explainers if key not in refused)
    lines = [f"{labels[key]} ({key}): {reason}" for key, reason in refused.items()]
    cure = f"Leave it out: --methods {left}" if left else "Choose other methods by --methods."
    raise PreflightError("\n".join(["This classifier cannot be explained by", *lines, cure]))


def _tell_costs(engine: Engine, missing: Sequence[Job]) -> None:
    """Say before the work begins what it will take, unless it takes less than LONG."""
    explainers = {job.method.key: job.explainer for job in missing}
    methods = {job.method.key: job.method for job in missing}
    costs = engine.costs(explainers)
    total = sum(costs[job.method.key].seconds for job in missing)
    if total < LONG:
        return
    lines = []
    for key, method in methods.items():
        # The label of a method with samples or steps of its own says them already.
        said = bool(method.variant_of) and method.amount is None
        lines.append(f"{method.full_label}, {costs[key].said(amount=not said)}.")
    lines.append(f"{len(missing):,} maps by one process: about {in_words(total)} at most.")
    tqdm.write("\n".join(lines), file=sys.stderr)


@dataclass(eq=False)
class _Run:
    """Computation of the missing maps."""

    classifier: Classifier
    precision: str
    execution: Execution
    jobs: Sequence[Job]
    progress: "tqdm[Any]"
    claims: Claims
    told: Callable[[int], None]
    writer: ArtefactWriter = field(init=False)
    new: int = 0
    done: int = 0
    """Number of finished maps, including maps that another run finished meanwhile."""
    _claimed: dict[Chunk, list[Job]] = field(default_factory=dict)
    _busy: list[list[Job]] = field(default_factory=list)

    def all(self) -> None:
        """Compute in rounds: maps that another run has claimed are checked again after
        the others."""
        waiting = list(batches(self.jobs, Budget(self.classifier.device).group))
        while waiting:
            before, self._busy = len(waiting), []
            for chunk, done in self._computed(self._chunks(waiting)):
                self._keep(chunk, done)
            waiting = self._busy
            if len(waiting) == before:
                self.progress.set_description("waiting for another run", refresh=False)
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def _chunks(self, waiting: Sequence[list[Job]]) -> Iterator[Chunk]:
        """Yield chunks. Each is claimed first, because an executor may request chunks long in
        advance."""
        for batch in waiting:
            keys = [job.key for job in batch]
            if not self.claims.take(keys):
                self._busy.append(batch)
                continue
            # Another run may have finished these maps after this run looked for missing maps.
            left = take_over_rows(batch)
            self.claims.release({job.key for job in batch} - {job.key for job in left})
            self._advance(len(batch) - len(left))
            for again in batches(left, len(batch)):
                chunk = _chunk(self.classifier, again)
                self._claimed[chunk] = again
                yield chunk

    def _keep(self, chunk: Chunk, done: Done) -> None:
        jobs = [job for job in self._claimed[chunk] if job.method.key == done.method]
        keep(self.writer, jobs, done, self.precision)
        self.claims.release(job.key for job in jobs)
        self.new += len(jobs)
        self.progress.set_description(jobs[0].method.label, refresh=False)
        self._advance(len(jobs))

    def _advance(self, maps: int) -> None:
        self.done += maps
        self.progress.update(maps)
        self.told(self.done)

    def _computed(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Done]]:
        backgrounds = {job.background.sha256: job.background for job in self.jobs if job.background}
        if self.execution.executor == "local":
            return local.run(Explaining(self.classifier, backgrounds, self.precision), chunks)
        # Imported here because Dask is needed only if it is requested.
        from explanations.pipeline.executors import on_dask

        return on_dask.run(
            weights_path(self.jobs[0].prediction.classifier).read_bytes(),
            backgrounds,
            self.precision,
            self.classifier.device.type,
            on_dask.Cluster(self.execution.scheduler, self.execution.workers),
            chunks,
        )


def _chunk(classifier: Classifier, jobs: Sequence[Job]) -> Chunk:
    images = {unit_of(job): job for job in jobs}.values()
    return Chunk(
        images=inputs_of(classifier, [job.prediction.image for job in images]),
        targets=tuple(job.target for job in images),
        explainers={job.method.key: job.explainer for job in jobs},
        background=next((job.background.sha256 for job in jobs if job.background), ""),
    )
