"""Measurement of every case, in the order maps, measures, limits. A stopped run can resume."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from explanations.computing.preflight import PreflightError
from explanations.evaluation import agreement
from explanations.evaluation.cases import Case
from explanations.evaluation.catalogue import MEASURES, Measure
from explanations.evaluation.limits import catalogue as limits
from explanations.evaluation.limits.backgrounds import TooFewImagesError
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.progress import Told, counted, silent
from explanations.evaluation.resumable_lines import Values, read_lines, resumed
from explanations.evaluation.subject import Setting, Subject

Table = dict[str, Values]
"""Values of each image, by map or by level and quantity."""


@dataclass(frozen=True, eq=False)
class Raw:
    """All numbers of each image before averaging."""

    cases: Sequence[Case]
    subsample: Sequence[Case]
    """Cases whose maps were computed again."""
    measures: Mapping[str, Table]
    agreement: Table
    limits: Mapping[str, Table]
    """Values by table of the limits."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Names of what was not measured, with the reason."""


class Run:
    """An evaluation that stores everything it computes in the folder of its maps."""

    def __init__(
        self,
        setting: Setting,
        folder: MapFolder,
        cases: Sequence[Case],
        few: Sequence[Case],
        told: Told = silent,
    ) -> None:
        self.setting, self.folder, self.cases, self.few = setting, folder, cases, few
        self.told = told
        self.left_out: dict[str, str] = {}

    def raw(self, *, with_limits: bool = True) -> Raw:
        """Compute the missing numbers and return all numbers."""
        for _ in counted(self.folder.compute(self.cases), len(self.cases), "maps", self.told):
            pass
        agreeing = self._table(self._agreement)
        measures = {measure.key: self._measured(measure) for measure in MEASURES}
        return Raw(
            self.cases,
            self.few,
            {key: table for key, table in measures.items() if table},
            agreeing,
            self._limits() if with_limits else {},
            self.left_out,
        )

    def seconds_left(self, *, with_limits: bool = True) -> float:
        """Estimate the time of the missing numbers from one image of each table, which is kept."""
        seconds = self._seconds_of_maps()
        columns = [self._agreement, *map(self._of_measure, MEASURES)]
        if with_limits:
            columns += [self._of_limit(limit) for limit in self._wanted_limits()]
        return seconds + sum(map(self._seconds_of, columns))

    def _seconds_of_maps(self) -> float:
        missing = self.folder.missing(self.cases)
        size = self.folder.engine.batch_size
        started = time.perf_counter()
        list(self.folder.compute(missing[:size]))
        each = (time.perf_counter() - started) / size
        return each * max(0, len(missing) - size)

    def _seconds_of(self, column: "_Column") -> float:
        known = read_lines(self._path(column))
        missing = [case for case in column.cases if case.sha256 not in known]
        if not missing:
            return 0.0
        # The maps of the subsample are not the first that are computed.
        list(self.folder.compute(missing[:1]))
        started = time.perf_counter()
        # A limit without enough images takes no time, and is named when it is measured.
        with suppress(TooFewImagesError, PreflightError):
            for _ in resumed(self._path(column), [missing[0].sha256], self._compute(column)):
                pass
        return (time.perf_counter() - started) * (len(missing) - 1)

    @property
    def _agreement(self) -> "_Column":
        return _Column("agreement", self.cases, agreement.agreement, agreement.__name__)

    def _of_measure(self, measure: Measure) -> "_Column":
        cases = self.few if measure.explains_again else self.cases
        if measure.needs_mask:
            cases = [case for case in cases if case.has_object]
        module = measure.path.rpartition(".")[0]
        return _Column(measure.key, cases, measure.of, module, measure.parameters)

    def _measured(self, measure: Measure) -> Table:
        column = self._of_measure(measure)
        if not column.cases:
            self.left_out[measure.label] = "The image set has no masks."
            return {}
        table = self._table(column)
        if not any(table.values()):
            self.left_out[measure.label] = "None of the methods has this axiom."
            return {}
        return table

    def _wanted_limits(self) -> list[limits.Limit]:
        return [limit for limit in limits.LIMITS if limit.method in self.setting.explainers]

    def _of_limit(self, limit: limits.Limit) -> "_Column":
        cases = self.cases if limit.every_image else self.few
        module = limit.path.rpartition(".")[0]
        return _Column(limit.key, cases, limit.of, module, limit.parameters)

    def _limits(self) -> dict[str, Table]:
        by_table: dict[str, Table] = {}
        wanted = self._wanted_limits()
        for limit in limits.LIMITS:
            if limit not in wanted:
                self.left_out[f"Limit {limit.key}"] = f"{limit.method} is not among the methods."
                continue
            try:
                table = self._table(self._of_limit(limit))
            except (TooFewImagesError, PreflightError) as error:
                # Limits that depend on depth need a chain of modules.
                self.left_out[f"Limit {limit.key}"] = str(error)
                continue
            # Several limits can fill one table, such as DeepSHAP's backgrounds of several sizes.
            together = by_table.setdefault(limit.table, {})
            for image, values in table.items():
                together[image] = {**together.get(image, {}), **values}
        return by_table

    def _table(self, column: "_Column") -> Table:
        names = [case.sha256 for case in column.cases]
        values = resumed(self._path(column), names, self._compute(column))
        return dict(counted(values, len(names), column.key, self.told))

    def _compute(self, column: "_Column") -> Callable[[str], Values]:
        by_hash = {case.sha256: case for case in column.cases}

        def compute(image: str) -> Values:
            case = by_hash[image]
            return column.measure(Subject(self.setting, case, self.folder.read(case)))

        return compute

    def _path(self, column: "_Column") -> Path:
        stamp = _stamp(column.module, column.parameters)
        return self.folder.folder / "numbers" / f"{column.key}-{stamp}.jsonl"


@dataclass(frozen=True, eq=False)
class _Column:
    """A number of each image: its name, its images, and the function that computes it."""

    key: str
    cases: Sequence[Case]
    measure: Callable[[Subject], Values]
    module: str
    parameters: Mapping[str, object] = field(default_factory=dict)


def _stamp(module: str, parameters: Mapping[str, object]) -> str:
    """Hash the code and the parameters, so that numbers of another version are not reused."""
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - in our catalogue
    digest = hashlib.sha256(Path(spec.origin).read_bytes())
    digest.update(json.dumps(dict(parameters), sort_keys=True).encode())
    return digest.hexdigest()[:10]
