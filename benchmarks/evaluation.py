"""Tables of docs/evaluation.md: python -m benchmarks.evaluation FOLDER [FOLDER …].

Each FOLDER is an output of ``manage.py evaluate_explanations --output FOLDER``.
"""

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from explanations import catalogue
from explanations.evaluation.catalogue import GROUPS
from explanations.evaluation.controls import LABELS
from explanations.evaluation.limits.catalogue import TABLES
from explanations.evaluation.reporting import NOISE, number

NAMES = {method.key: method.label for method in catalogue.EVERY} | LABELS | {"chance": "chance"}
Entry = Mapping[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    for folder in parser.parse_args().folders:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        print(f"\n## {results['about']['data']}\n\n{results['images']}")
        for group in GROUPS:
            _print_group(
                group.label,
                [measure for measure in results["measures"] if measure["group"] == group.key],
            )
        _print_differences(results["measures"])
        _print_agreement(results["agreement"])
        for table in TABLES:
            if table.key in results["limits"]:
                _print_limit(table.label, table.quantities, results["limits"][table.key])


def _print_group(label: str, measures: Sequence[Entry]) -> None:
    """Print a row per map and a column per measure."""
    if not measures:
        return
    print(f"\n### {label}\n")
    heads = [f"{measure['label']}{_arrow(measure['better'])}" for measure in measures]
    cells = [
        {row["method"]: _cell(row) for row in measure["rows"] if row["images"] == "all"}
        for measure in measures
    ]
    names = [name for name in NAMES if any(name in column for column in cells)]
    rows = ([NAMES[name], *(column.get(name, "–") for column in cells)] for name in names)
    _print_table(["map", *heads], rows)


def _print_differences(measures: Sequence[Entry]) -> None:
    """Print right minus wrong predictions if the interval excludes zero, then undecided pairs."""
    print("\n### Right minus wrong\n")
    rows = [
        [measure["label"], NAMES[name], _cell(mean)]
        for measure in measures
        for name, mean in measure["right_minus_wrong"].items()
        if mean["low"] is not None and (mean["low"] > NOISE or mean["high"] < -NOISE)
    ]
    _print_table(["measure", "map", "difference"], rows)
    print("\n### Pairs without a significant difference (Holm, .05)\n")
    for measure in measures:
        pairs = [
            f"{NAMES[pair['a']]} – {NAMES[pair['b']]} (p {pair['p_holm']:.3f})"
            for pair in measure["comparisons"]
            if pair["p_holm"] >= 0.05
        ]
        print(
            f"- {measure['label']}: {len(pairs)} of {len(measure['comparisons'])}: "
            f"{'; '.join(pairs)}"
        )


def _print_agreement(kinds: Mapping[str, Sequence[Entry]]) -> None:
    for kind, pairs in kinds.items():
        print(f"\n### Agreement, {kind}\n")
        _print_table(
            ["maps", "mean"],
            ([f"{NAMES[pair['a']]} and {NAMES[pair['b']]}", _cell(pair)] for pair in pairs),
        )


def _print_limit(label: str, quantities: Mapping[str, str], rows: Sequence[Entry]) -> None:
    shown = [name for name in quantities if any(name in row for row in rows)]
    print(f"\n### {label}\n")
    _print_table(
        ["", *(quantities[name] for name in shown)],
        (
            [row["level"], *(_cell(row[name]) if name in row else "–" for name in shown)]
            for row in rows
        ),
    )


def _print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(heads))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def _cell(mean: Entry) -> str:
    interval = "" if mean["low"] is None else f" [{number(mean['low'])}, {number(mean['high'])}]"
    return number(mean["mean"]) + interval


def _arrow(better: str) -> str:
    return {"higher": " ↑", "lower": " ↓"}.get(better, "")


if __name__ == "__main__":
    main()
