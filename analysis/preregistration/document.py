"""The preregistration as Markdown, as a page, and as the plan that a report is compared with."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.plan.plan import Plan
from analysis.plan.reading import plan_hash
from analysis.preregistration.sections import sections
from analysis.preregistration.study_summary import Declared
from analysis.study_data.provenance import software

HERE = Path(__file__).parent
CSS = HERE.parent / "report" / "report.css"
NAMES = {"preregistration.md": "document.md", "preregistration.html": "document.html"}


def write_registration(
    plan: Plan, document: Mapping[str, Any], declared: Declared, output: Path
) -> str:
    """Write preregistration.md, .html and registered.json, and return the plan's hash.

    `document` is the plan as plain tables, as the export will contain it.
    """
    output.mkdir(parents=True, exist_ok=True)
    digest = plan_hash(document)
    # The registered plan is JSON with sorted keys, so that its bytes do not depend on the notation.
    registered = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    _write(output / "registered.json", registered + "\n")
    for name, template in NAMES.items():
        text = _environment(html=name.endswith("html")).get_template(template).render(
            declared=declared,
            sections=sections(plan, declared),
            plan_sha256=digest,
            software=software(),
            css=Markup(CSS.read_text(encoding="utf-8")),  # noqa: S704 - style sheet of this package
        )  # fmt: skip
        _write(output / name, text)
    return digest


def _environment(html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=html,  # noqa: S701 - Markdown is not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
