"""Measurement of every case, in the order maps, measures, limits. A stopped run can resume."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from explanations.evaluation import agreement
from explanations.evaluation.cases import Case
from explanations.evaluation.catalogue import MEASURES, Measure
from explanations.evaluation.limits import catalogue as limits
from explanations.evaluation.limits.backgrounds import TooFewImagesError
from explanations.evaluation.maps import MapFolder
from explanations.evaluation.progress import Told, counted, silent
from explanations.evaluation.resumable_lines import Values, resumed
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
        agreeing = self._table("agreement", self.cases, agreement.agreement, agreement.__name__)
        measures = {measure.key: self._measured(measure) for measure in MEASURES}
        return Raw(
            self.cases,
            self.few,
            {key: table for key, table in measures.items() if table},
            agreeing,
            self._limits() if with_limits else {},
            self.left_out,
        )

    def _measured(self, measure: Measure) -> Table:
        cases = self.few if measure.explains_again else self.cases
        if measure.needs_mask:
            cases = [case for case in cases if case.has_object]
            if not cases:
                self.left_out[measure.label] = "The image set has no masks."
                return {}
        module = measure.path.rpartition(".")[0]
        table = self._table(measure.key, cases, measure.of, module, measure.parameters)
        if not any(table.values()):
            self.left_out[measure.label] = "None of the methods has this axiom."
            return {}
        return table

    def _limits(self) -> dict[str, Table]:
        by_table: dict[str, Table] = {}
        for limit in limits.LIMITS:
            if limit.method not in self.setting.explainers:
                self.left_out[f"Limit {limit.key}"] = f"{limit.method} is not among the methods."
                continue
            cases = self.cases if limit.every_image else self.few
            module = limit.path.rpartition(".")[0]
            try:
                table = self._table(limit.key, cases, limit.of, module, limit.parameters)
            except TooFewImagesError as error:
                self.left_out[f"Limit {limit.key}"] = str(error)
                continue
            # Several limits can fill one table, such as DeepSHAP's backgrounds of several sizes.
            together = by_table.setdefault(limit.table, {})
            for image, values in table.items():
                together[image] = {**together.get(image, {}), **values}
        return by_table

    def _table(
        self,
        key: str,
        cases: Sequence[Case],
        measure: Callable[[Subject], Values],
        module: str,
        parameters: Mapping[str, object] | None = None,
    ) -> Table:
        by_hash = {case.sha256: case for case in cases}

        def compute(image: str) -> Values:
            case = by_hash[image]
            return measure(Subject(self.setting, case, self.folder.read(case)))

        stamp = _stamp(module, parameters or {})
        path = self.folder.folder / "numbers" / f"{key}-{stamp}.jsonl"
        values = resumed(path, list(by_hash), compute)
        return dict(counted(values, len(by_hash), key, self.told))


def _stamp(module: str, parameters: Mapping[str, object]) -> str:
    """Hash the code and the parameters, so that numbers of another version are not reused."""
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None  # noqa: S101, PT018 - in our catalogue
    digest = hashlib.sha256(Path(spec.origin).read_bytes())
    digest.update(json.dumps(dict(parameters), sort_keys=True).encode())
    return digest.hexdigest()[:10]
