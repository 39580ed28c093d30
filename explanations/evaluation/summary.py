"""Summary of the numbers of each image: means, intervals and tests for the report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from explanations.evaluation.agreement import KINDS, SEPARATOR
from explanations.evaluation.catalogue import MEASURES, Measure
from explanations.evaluation.controls import CONTROLS
from explanations.evaluation.fairness import Division, divisions
from explanations.evaluation.limits import catalogue as limits
from explanations.evaluation.measuring import Raw
from explanations.evaluation.resumable_lines import Values
from explanations.evaluation.statistics import Comparison, Mean, compare, difference_of, mean_of

SUBSETS = ("all", "right", "wrong")
FEW = 10
"""Number of right and of wrong predictions from which they are reported separately."""


@dataclass(frozen=True)
class Row:
    """Mean of a map. ``images`` is all images, or the images with right or with wrong
    predictions."""

    method: str
    images: str
    value: Mean


@dataclass(frozen=True)
class Measured:
    """A measure of all maps."""

    measure: Measure
    rows: Sequence[Row]
    right_minus_wrong: Mapping[str, Mean]
    """Difference by map, if there are enough predictions of both kinds."""
    comparisons: Sequence[Comparison]

    def row(self, method: str, images: str = "all") -> Mean | None:
        """Return the mean of a map, or None if the map has no value on such images."""
        for row in self.rows:
            if (row.method, row.images) == (method, images):
                return row.value
        return None


@dataclass(frozen=True)
class LimitRow:
    """A level of a limit, such as a number of samples: means by quantity."""

    level: str
    values: Mapping[str, Mean]


@dataclass(frozen=True)
class Summary:
    """Everything that the report, the JSON file and the csv file show."""

    methods: Sequence[str]
    controls: Sequence[str]
    images: int
    right: int
    masks: int
    subsample: int
    measures: Sequence[Measured]
    agreement: Mapping[str, Mapping[tuple[str, str], Mean]]
    """Means by kind and pair of maps."""
    limits: Mapping[str, Sequence[LimitRow]]
    left_out: Mapping[str, str]
    fairness: Sequence[Division] = ()
    """The classifier and the maps compared between classes, and between groups of images."""


def summarise(raw: Raw, methods: Sequence[str], class_names: Sequence[str] = ()) -> Summary:
    """Average over the images. Intervals and tests are over images too.

    ``class_names`` name the classes; without them, nothing is compared between classes.
    """
    right = {case.sha256 for case in raw.cases if case.is_right}
    return Summary(
        methods=methods,
        controls=tuple(CONTROLS),
        images=len(raw.cases),
        right=len(right),
        masks=sum(case.has_object for case in raw.cases),
        subsample=len(raw.subsample),
        measures=[
            _measured(measure, raw.measures[measure.key], right, methods)
            for measure in MEASURES
            if measure.key in raw.measures
        ],
        agreement=_agreement(raw.agreement),
        # Limits without any value are omitted, such as localisation without masks.
        limits={
            table.key: _limit_rows(raw.limits[table.key].values())
            for table in limits.TABLES
            if table.key in raw.limits
        },
        left_out=raw.left_out,
        fairness=divisions(raw, methods, class_names),
    )


def _measured(
    measure: Measure, table: Mapping[str, Values], right: set[str], methods: Sequence[str]
) -> Measured:
    by_map = turned(table)
    rows, contrasts = [], {}
    for name, values in by_map.items():
        sides = {
            "all": list(values.values()),
            "right": [value for image, value in values.items() if image in right],
            "wrong": [value for image, value in values.items() if image not in right],
        }
        # With few predictions of a kind, an interval would be too narrow to trust.
        split = min(len(sides["right"]), len(sides["wrong"])) >= FEW
        shown = SUBSETS if split else SUBSETS[:1]
        rows += [Row(name, kind, mean_of(sides[kind])) for kind in shown]
        if split:
            contrasts[name] = difference_of(sides["right"], sides["wrong"])
    return Measured(measure, rows, contrasts, compare(by_map, methods, tuple(CONTROLS)))


def turned(table: Mapping[str, Values]) -> dict[str, dict[str, float]]:
    """Turn a table by image and map into a table by map and image."""
    by_map: dict[str, dict[str, float]] = {}
    for image, values in table.items():
        for name, value in values.items():
            by_map.setdefault(name, {})[image] = value
    return by_map


def _agreement(table: Mapping[str, Values]) -> dict[str, dict[tuple[str, str], Mean]]:
    agreement: dict[str, dict[tuple[str, str], Mean]] = {kind: {} for kind in KINDS}
    for name, values in turned(table).items():
        kind, a, b = name.split(SEPARATOR)
        agreement[kind][a, b] = mean_of(list(values.values()))
    return agreement


def _limit_rows(tables: Iterable[Values]) -> list[LimitRow]:
    levels: dict[str, dict[str, list[float]]] = {}
    for values in tables:
        for name, value in values.items():
            level, quantity = name.split(SEPARATOR)
            levels.setdefault(level, {}).setdefault(quantity, []).append(value)
    return [
        LimitRow(level, {name: mean_of(values) for name, values in quantities.items()})
        for level, quantities in levels.items()
    ]
