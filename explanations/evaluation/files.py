"""Results of the evaluation on disk.

results.json is for programs, results.csv for spreadsheets, and images.csv contains every measured
number for further analyses.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.csv_cells import csv_text
from explanations.evaluation.measuring import Raw
from explanations.evaluation.statistics import Mean
from explanations.evaluation.summary import Summary
from explanations.store.atomic_files import write_atomically

COLUMNS = ("method", "measure", "images", "mean", "low", "high", "n")
IMAGE_COLUMNS = (
    "image",
    "method",
    "measure",
    "label",
    "group",
    "better",
    "value",
    "class",
    "predicted",
    "image_group",
)


def write_json(summary: Summary, about: Mapping[str, Any], path: Path) -> None:
    """Write the whole summary. ``about`` describes the evaluated data and settings."""
    document = {
        "about": dict(about),
        "methods": list(summary.methods),
        "controls": list(summary.controls),
        "images": {
            "all": summary.images,
            "right": summary.right,
            "wrong": summary.images - summary.right,
            "with_mask": summary.masks,
            "subsample": summary.subsample,
        },
        "measures": [
            {
                **{
                    name: getattr(measured.measure, name)
                    for name in ("key", "label", "group", "better", "caption", "unit")
                },
                "rows": [
                    {"method": row.method, "images": row.images, **asdict(row.value)}
                    for row in measured.rows
                ],
                "right_minus_wrong": {
                    name: asdict(mean) for name, mean in measured.right_minus_wrong.items()
                },
                "comparisons": [asdict(comparison) for comparison in measured.comparisons],
            }
            for measured in summary.measures
        ],
        "agreement": {
            kind: [{"a": a, "b": b, **asdict(mean)} for (a, b), mean in pairs.items()]
            for kind, pairs in summary.agreement.items()
        },
        "limits": {
            key: [
                {"level": row.level, **{name: asdict(mean) for name, mean in row.values.items()}}
                for row in rows
            ]
            for key, rows in summary.limits.items()
        },
        "fairness": [asdict(division) for division in summary.fairness],
        "left_out": dict(summary.left_out),
    }
    # NaN is not valid JSON, so that a value without a number must fail here.
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(path, (text + "\n").encode())


def write_csv(summary: Summary, path: Path) -> None:
    """Write a mean per row. ``images`` is all, right or wrong."""
    write_atomically(path, csv_text([COLUMNS, *_rows(summary)]).encode())


def write_images(raw: Raw, class_names: Sequence[str], path: Path) -> None:
    """Write a number per row, for each map of each image. The command run_analysis joins it with
    people's answers.

    ``image`` is the SHA-256 of the image's pixels; ``better`` names the better end of the measure,
    ``group`` the question that it addresses. ``class`` and ``predicted`` are the image's true and
    predicted class, and ``image_group`` its group in the set's manifest, so that the quality of the
    maps can be compared between classes and groups.
    """
    rows: list[Sequence[Any]] = [IMAGE_COLUMNS]
    classes = {
        case.sha256: (class_names[case.label], class_names[case.predicted], case.group)
        for case in raw.cases
    }
    for measure in MEASURES:
        for image, values in sorted(raw.measures.get(measure.key, {}).items()):
            for name, value in values.items():
                if math.isfinite(value):
                    about_measure = (measure.key, measure.label, measure.group, measure.better)
                    rows.append((image, name, *about_measure, value, *classes[image]))
    write_atomically(path, csv_text(rows).encode())


def _rows(summary: Summary) -> Iterator[Sequence[Any]]:
    for measured in summary.measures:
        for row in measured.rows:
            yield row.method, measured.measure.key, row.images, *_numbers(row.value)
    for kind, pairs in summary.agreement.items():
        for (a, b), mean in pairs.items():
            yield f"{a} & {b}", f"agreement_{kind}", "all", *_numbers(mean)
    for key, rows in summary.limits.items():
        for limit in rows:
            for name, mean in limit.values.items():
                yield limit.level, f"{key}_{name}", "all", *_numbers(mean)


def _numbers(mean: Mean) -> tuple[Any, ...]:
    return mean.mean, mean.low, mean.high, mean.n
