"""Counts of simulated studies that detect the effect, in chunks of runs on any worker."""

import json
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, astuple, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.errors import NotEstimableError
from analysis.plan.plan import Plan, analysis_of, resolve
from analysis.power.assumptions import Assumptions, Claim, Design, PlanningError
from analysis.power.between import simulated_study
from analysis.power.dask_workers import dask_executor
from analysis.power.direct_designs import is_direct_design, p_of_design
from analysis.power.direct_models import is_direct_model, p_values
from analysis.power.direct_scores import is_direct, scores_by_arm
from analysis.power.direct_within import is_direct_within, p_within
from analysis.power.outcomes import Simulated, simulated
from analysis.statistics.comparisons.omnibus import welch_anova
from analysis.statistics.estimate import Estimate, HypothesisTest
from analysis.study_data.numerics import with_analysis_settings
from analysis.study_data.populations import outcome_scores

CHUNK = 20  # number of runs that are computed and stored together
PURPOSES = {"search": 0, "images": 1, "confirm": 2}


@dataclass(frozen=True)
class Settings:
    """Everything that the results of a simulation depend on.

    `affected` are the arms shifted by the smallest effect. `claim` names the test that has to be
    significant: the outcome's, or the comparison of the first affected arm with the control.
    """

    plan: Plan
    codebook: pd.DataFrame
    design: Design
    assumed: Assumptions
    affected: tuple[str, ...]
    claim: Claim
    seed: int


@dataclass(frozen=True)
class Cell:
    """A point of a curve.

    A run's seed is derived from the settings' seed, the cell and the number of the run.
    """

    outcome: str
    purpose: str
    round: int
    per_arm: int
    right: int
    wrong: int


@dataclass(frozen=True)
class Count:
    """Number of `runs`.

    `found` detected the effect, `refused` had no estimate (not detected).
    """

    runs: int
    found: int
    refused: int

    def __add__(self, other: "Count") -> "Count":
        mine, theirs = astuple(self), astuple(other)
        return Count(*(a + b for a, b in zip(mine, theirs, strict=True)))


@lru_cache(maxsize=1)
def _worker_settings() -> dict[str, Settings]:
    return {}


def _start_worker(settings: Settings) -> None:
    _worker_settings()["own"] = settings


def _chunk_on_worker(cell: Cell, first: int, runs: int) -> Count:
    # Interrupted while it computes, a worker hands the interrupt to its parent. Interrupted while
    # it starts or waits, it would print a traceback, so there it ignores interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return chunk(_worker_settings()["own"], cell, first, runs)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Ignore interrupts, as do the processes that are started meanwhile, until they say else."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set a handler
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@with_analysis_settings
def chunk(settings: Settings, cell: Cell, first: int, runs: int) -> Count:
    """Compute runs `first` to `first + runs - 1` of the cell."""
    outcome = next(o for o in settings.plan.outcomes if o.key == cell.outcome)
    task = simulated(settings.plan, outcome, settings.codebook, settings.assumed, settings.design)
    place = settings.plan.outcomes.index(outcome)
    seeds = [
        [
            settings.seed,
            PURPOSES[cell.purpose] + 3 * cell.round,
            place,
            cell.per_arm,
            cell.right,
            cell.wrong,
            run,
        ]
        for run in range(first, first + runs)
    ]
    direct = _without_tables(settings, task, cell, seeds)
    return sum(
        (
            _one(settings, task, cell, np.random.default_rng(seed))
            if p is None
            else _count(task, p)
            for seed, p in zip(seeds, direct, strict=True)
        ),
        start=Count(0, 0, 0),
    )


def _without_tables(
    settings: Settings, task: Simulated, cell: Cell, seeds: list[list[int]]
) -> list[float | None]:
    """Return the p of each run as far as a trial model needs no tables, and None otherwise."""
    design = replace(settings.design, right=cell.right, wrong=cell.wrong)
    if settings.claim != "test" or not is_direct_model(settings.plan, task.outcome, design):
        return [None] * len(seeds)
    generators = [np.random.default_rng(seed) for seed in seeds]
    drawn = (design, cell.per_arm, settings.affected, settings.assumed)
    return list(p_values(settings.plan, task, *drawn, generators))


def _one(settings: Settings, task: Simulated, cell: Cell, rng: np.random.Generator) -> Count:
    try:
        p = _p(settings, task, cell, rng)
    except NotEstimableError:
        p = None
    return _count(task, p)


def _count(task: Simulated, p: float | None) -> Count:
    return Count(1, int(p is not None and p < task.alpha), int(p is None))


def _p(settings: Settings, task: Simulated, cell: Cell, rng: np.random.Generator) -> float | None:
    """Return the p of the claim in a simulated study, None if the analysis refuses it."""
    design = replace(settings.design, right=cell.right, wrong=cell.wrong)
    drawn = (design, cell.per_arm, settings.affected, settings.assumed, rng)
    if settings.claim == "test" and is_direct(task.outcome, design):
        return welch_anova(scores_by_arm(settings.plan, task, *drawn)).p
    if settings.claim == "test" and is_direct_design(task.outcome, design):
        return p_of_design(settings.plan, task, *drawn)
    if settings.claim == "test" and is_direct_within(task.outcome, design):
        return p_within(settings.plan, task, *drawn)
    # Simulated data pass through the code of a real analysis, so its refusals count as well.
    data = simulated_study(settings.plan, settings.codebook, task, *drawn)
    scores = data.participants.assign(
        **{task.outcome.key: outcome_scores(data, task.outcome).to_numpy()}
    )
    return _p_of_analysis(settings, task, data, scores)


def _p_of_analysis(
    settings: Settings, task: Simulated, data: object, scores: pd.DataFrame
) -> float | None:
    analysis = analysis_of(task.outcome)
    if settings.claim == "test":
        found = resolve(analysis.check or analysis.path)(data, scores, task.outcome)
        return found.test.p if isinstance(found.test, HypothesisTest) else None
    found = resolve(analysis.path)(data, scores, task.outcome)
    contrast = next((one for one in found.contrasts if one.arm == settings.affected[0]), None)
    if contrast is None:
        return None
    if hasattr(contrast, "p_adjusted"):  # adjusted by Holm over the arms
        adjusted: float | None = contrast.p_adjusted
        return adjusted
    return contrast.difference.p if isinstance(contrast.difference, Estimate) else None


class Simulator:
    """Counts over cells, computed by `workers` processes and stored chunk by chunk in `file`.

    With the address of a Dask `scheduler` its workers compute them instead.

    The count of a cell depends neither on the number of workers nor on interruptions. Raises
    PlanningError for a file with other settings.
    """

    def __init__(
        self,
        settings: Settings,
        fingerprint: str,
        file: Path,
        workers: int = 1,
        told: Callable[[str], None] = lambda line: None,
        scheduler: str = "",
    ) -> None:
        self.settings, self.file, self.told = settings, file, told
        self.done = _remembered(file, fingerprint)
        self.open = ExitStack()
        self.submit: Callable[..., Future[Count]] | None = None
        if scheduler:
            pool = self.open.enter_context(dask_executor(scheduler))
            self.submit = lambda *piece: pool.submit(chunk, settings, *piece)
        elif workers > 1:
            context = multiprocessing.get_context("spawn")
            processes = ProcessPoolExecutor(workers, context, _start_worker, (settings,))
            self.open.callback(processes.shutdown, cancel_futures=True)
            with _interrupts_ignored():
                # A pool of spawned processes starts one with each task that finds none idle.
                for _ in range(workers):
                    processes.submit(int)
            self.submit = lambda *piece: processes.submit(_chunk_on_worker, *piece)

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *error: object) -> None:
        self.open.close()

    def counts(self, cells: Sequence[Cell], runs: int) -> list[Count]:
        """Return the count of each cell over its first `runs` runs."""
        chunks = [(cell, first) for cell in cells for first in range(0, runs, CHUNK)]
        missing = [(cell, first) for cell, first in chunks if (cell, first) not in self.done]
        for number, (key, count) in enumerate(self._counted(missing, runs), start=1):
            self.done[key] = count
            with self.file.open("a", encoding="utf-8") as lines:
                entry = {"cell": asdict(key[0]), "first": key[1], "count": asdict(count)}
                lines.write(json.dumps(entry) + "\n")
            self.told(f"{_words(key[0])}: {number} of {len(missing)} chunks")
        return [
            sum((self.done[cell, f] for f in range(0, runs, CHUNK)), start=Count(0, 0, 0))
            for cell in cells
        ]

    def _counted(
        self, missing: Sequence[tuple[Cell, int]], runs: int
    ) -> Iterable[tuple[tuple[Cell, int], Count]]:
        sizes = {key: min(CHUNK, runs - key[1]) for key in missing}
        if self.submit is None:
            for key in missing:
                yield key, chunk(self.settings, *key, sizes[key])
            return
        futures: dict[Future[Count], tuple[Cell, int]] = {
            self.submit(*key, sizes[key]): key for key in missing
        }
        for future in as_completed(futures):
            yield futures[future], future.result()


def _remembered(file: Path, fingerprint: str) -> dict[tuple[Cell, int], Count]:
    """Return the chunks of an earlier command, ignoring a line that a crash cut off."""
    # A command that stops at once may leave a file without a complete first line.
    if not file.exists() or "\n" not in file.read_text(encoding="utf-8"):
        file.write_text(json.dumps({"settings": fingerprint}) + "\n", encoding="utf-8")
        return {}
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    if json.loads(whole[0]).get("settings") != fingerprint:
        raise PlanningError(
            [f"{file.name} has runs with other settings. Choose another --output, or delete it."]
        )
    file.write_text("".join(whole), encoding="utf-8")
    entries = [json.loads(line) for line in whole[1:]]
    return {(Cell(**one["cell"]), one["first"]): Count(**one["count"]) for one in entries}


def _words(cell: Cell) -> str:
    images = cell.right + cell.wrong
    return f"{cell.outcome}, {cell.per_arm} per arm, {images} images ({cell.purpose})"
