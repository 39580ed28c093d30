"""Explanations of stored predictions: computed once, kept by hash, resumed at any time.

Numbers are on disk before their row is written, and a run claims what it computes, so it may be
killed at any moment, and several may run at once. The next run computes only what is missing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm

from explanations.catalogue import Method
from explanations.classifier.checkpoint import Classifier
from explanations.computing.memory import Budget
from explanations.models import Prediction
from explanations.pipeline.data_folder import artefact_store, claims
from explanations.pipeline.executors import local
from explanations.pipeline.executors.chunks import Chunk, Done, Explaining
from explanations.pipeline.predictions import stored_pixels
from explanations.pipeline.saving import keep, missing_of, take_over, take_over_rows
from explanations.pipeline.weights_registry import weights_path
from explanations.pipeline.work_list import PREDICTED_ALONE, Job, batches, jobs_of, unit_of
from explanations.store.artefacts import ArtefactWriter
from explanations.store.claims import Claims

SECONDS_BETWEEN_LOOKS = 0.2


class StoppedError(RuntimeError):
    """Ctrl-C came; what was finished is kept."""


@dataclass(frozen=True)
class Computed:
    """How many maps a run made, and how many were there already or came from another run."""

    new: int
    known: int


@dataclass(frozen=True)
class Execution:
    """Where the work is done: ``local`` in this process, ``dask`` by workers."""

    executor: str = "local"
    scheduler: str = ""
    """Address of a dask scheduler; empty for workers of this machine."""
    workers: int = 0
    """Of this machine; 0 for one per core, or one per GPU."""


def explain(
    classifier: Classifier,
    predictions: Sequence[Prediction],
    methods: Sequence[Method],
    precision: str = "strict",
    execution: Execution | None = None,
    classes: Mapping[int, int] = PREDICTED_ALONE,
) -> Computed:
    """Compute and store every missing map of ``predictions``, with a progress bar.

    ``classes``: by the prediction's primary key, of how many of its likeliest classes; else of the
    predicted one. A map is missing when it has no row of its key, or its numbers are lost or
    damaged. Raises PrecomputeError when a method needs a background and the image set has none, or
    more classes are wanted than there are, StoreFullError
    when the disk is full, ExecutorError when the workers are out of reach, StoppedError after
    Ctrl-C.
    """
    jobs = list(jobs_of(classifier, predictions, methods, precision, classes))
    missing = missing_of(jobs)
    with ExitStack() as stack:
        progress = stack.enter_context(tqdm(total=len(missing), unit="map", disable=None))
        claimed = stack.enter_context(claims())
        taken_over, left = take_over(missing, claimed)
        progress.update(len(missing) - len(left))
        run = _Run(classifier, precision, execution or Execution(), left, progress, claimed)
        run.writer = stack.enter_context(artefact_store().writer())
        try:
            run.all()
        except KeyboardInterrupt:
            raise StoppedError(
                f"Stopped after {len(missing) - len(left) + run.done} of {len(missing)} maps, "
                "which are kept. "
                "Run the same command again to compute the rest."
            ) from None
    new = len(taken_over) + run.new
    return Computed(new=new, known=len(jobs) - new)


@dataclass(eq=False)
class _Run:
    """The computing of what is missing."""

    classifier: Classifier
    precision: str
    execution: Execution
    jobs: Sequence[Job]
    progress: "tqdm[Any]"
    claims: Claims
    writer: ArtefactWriter = field(init=False)
    new: int = 0
    done: int = 0
    """With those that another run has done meanwhile."""
    _claimed: dict[Chunk, list[Job]] = field(default_factory=dict)
    _busy: list[list[Job]] = field(default_factory=list)

    def all(self) -> None:
        """In rounds: what another run has claimed is looked at again when the rest is done."""
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
        """Each claimed before it is handed out, since they may be asked for long ahead."""
        for batch in waiting:
            keys = [job.key for job in batch]
            if not self.claims.take(keys):
                self._busy.append(batch)
                continue
            # Another run may have finished them after this one looked.
            left = take_over_rows(batch)
            self.claims.release({job.key for job in batch} - {job.key for job in left})
            self._advance(len(batch) - len(left))
            for again in batches(left, len(batch)):
                chunk = _chunk(again)
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

    def _computed(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Done]]:
        backgrounds = {job.background.sha256: job.background for job in self.jobs if job.background}
        if self.execution.executor == "local":
            return local.run(Explaining(self.classifier, backgrounds, self.precision), chunks)
        # Only who asks for it needs dask.
        from explanations.pipeline.executors import on_dask

        return on_dask.run(
            weights_path(self.jobs[0].prediction.classifier).read_bytes(),
            backgrounds,
            self.precision,
            self.classifier.device.type,
            on_dask.Cluster(self.execution.scheduler, self.execution.workers),
            chunks,
        )


def _chunk(jobs: Sequence[Job]) -> Chunk:
    images = {unit_of(job): job for job in jobs}.values()
    return Chunk(
        images=stored_pixels([job.prediction.image for job in images]),
        targets=tuple(job.target for job in images),
        explainers={job.method.key: job.explainer for job in jobs},
        background=next((job.background.sha256 for job in jobs if job.background), ""),
    )
