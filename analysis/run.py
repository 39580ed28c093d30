"""The whole analysis of one tidy data folder, from its files to the report."""

from pathlib import Path

import pandas as pd

from analysis.errors import ReportError
from analysis.figures.draw import draw_figures
from analysis.populations import score_table
from analysis.report.render import render_report
from analysis.report.sentences import findings
from analysis.results import Results, compute, to_json
from analysis.statcheck import inconsistent
from analysis.table import read_study


def analyse(
    folder: Path, output: Path, *, plan: Path | None = None, command: str = "analysis.run.analyse"
) -> Results:
    """Read `folder`, carry out its plan (or `plan`), and write the findings into `output`.

    Writes results.json, scores.csv, figures/*.svg and *.png, and report.html, which names
    `command` as what made it. Raises TableError or PlanError before anything is written.
    """
    data = read_study(folder, plan)
    scores = score_table(data)
    results = compute(data, scores)
    output.mkdir(parents=True, exist_ok=True)
    figures = draw_figures(results, scores, output / "figures")
    _write(output / "results.json", to_json(results))
    _write(output / "scores.csv", _csv(scores))
    _check(results)
    _write(output / "report.html", render_report(results, figures, command))
    return results


def _check(results: Results) -> None:
    """Every test in the report's sentences is recomputed from its own printed numbers."""
    sentences = [one for result in results.outcomes for one in findings(result, results)]
    wrong = inconsistent("\n".join(sentences))
    if wrong:
        raise ReportError([test.sentence for test in wrong])


def _csv(scores: pd.DataFrame) -> str:
    return str(scores.to_csv(index=False, lineterminator="\n"))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
