"""The summary's numbers as report.html, a single file without scripts or external resources."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from explanations import catalogue as methods
from explanations.evaluation import controls
from explanations.evaluation.agreement import KINDS
from explanations.evaluation.catalogue import GROUPS
from explanations.evaluation.fairness import FEWEST
from explanations.evaluation.figures import draw_all
from explanations.evaluation.files import write_csv, write_json
from explanations.evaluation.limits.catalogue import TABLES
from explanations.evaluation.measures.localisation import CHANCE
from explanations.evaluation.summary import FEW, LimitRow, Summary
from explanations.store.atomic_files import write_atomically

HERE = Path(__file__).parent
STYLE = HERE / "report.css"
"""Style sheet of the pages that this package and the source report write."""
TINY, NOISE = 5e-5, 1e-12


def write_all(summary: Summary, about: Mapping[str, Any], folder: Path) -> None:
    """Write report.html, results.json, results.csv and figures/NAME.svg."""
    labels = labels_of(summary)
    figures = draw_all(summary, labels)
    for name, svg in figures.items():
        write_atomically(folder / "figures" / f"{name}.svg", svg)
    write_json(summary, about, folder / "results.json")
    write_csv(summary, folder / "results.csv")
    page = render(summary, about, figures, labels)
    write_atomically(folder / "report.html", page.encode())


def labels_of(summary: Summary) -> dict[str, str]:
    """Return the label of each map in the report."""
    known = {method.key: method.label for method in methods.EVERY}
    return {
        **{name: known.get(name, methods.label_of(name)) for name in summary.methods},
        **controls.LABELS,
        CHANCE: "Chance",
    }


def render(
    summary: Summary,
    about: Mapping[str, Any],
    figures: Mapping[str, bytes],
    labels: Mapping[str, str],
) -> str:
    """Render the report as HTML with embedded figures."""
    # StrictUndefined turns a misspelt name in the template into an error instead of an empty cell.
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "p": p_value}
    environment.globals |= {"quantities_of": quantities_of, "images_of": images_of}
    return environment.get_template("report.html").render(
        summary=summary,
        about=about,
        groups=GROUPS,
        measured={
            group.key: [
                measured for measured in summary.measures if measured.measure.group == group.key
            ]
            for group in GROUPS
        },
        names=[*summary.methods, *summary.controls, CHANCE],
        labels=labels,
        kinds=KINDS,
        tables=TABLES,
        few=FEW,
        fewest=FEWEST,
        figures={name: _data_uri(svg) for name, svg in figures.items()},
        css=Markup(STYLE.read_text(encoding="utf-8")),  # noqa: S704 - our own file
    )


def number(value: float) -> str:
    """Format with three significant digits, and with an exponent only if tiny. Rounding noise is
    0."""
    if abs(value) < NOISE:
        return "0"
    if abs(value) < TINY:
        return f"{value:.1e}".replace("-", "−", 1) if value < 0 else f"{value:.1e}"
    digits = 4 if abs(value) < 0.001 else 3 if abs(value) < 1 else 2 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}".replace("-", "−")


def p_value(value: float) -> str:
    """Format with three digits, or as smaller than .001."""
    return "< .001" if value < 0.001 else f"{value:.3f}".replace("0.", ".", 1)


def quantities_of(rows: Sequence[LimitRow]) -> set[str]:
    """Return the quantities for which any level has a value."""
    return {name for row in rows for name in row.values}


def images_of(rows: Sequence[LimitRow]) -> int:
    """Return the largest number of images of the rows."""
    return max(mean.n for row in rows for mean in row.values.values())


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
