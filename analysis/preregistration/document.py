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


def registration_texts(
    plan: Plan, document: Mapping[str, Any], declared: Declared
) -> dict[str, str]:
    """Return the texts of preregistration.md, .html and registered.json by name.

    `document` is the plan as plain tables, as the export will contain it.
    """
    # The registered plan is JSON with sorted keys, so that its bytes do not depend on the notation.
    registered = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False)
    texts = {"registered.json": registered + "\n"}
    for name, template in NAMES.items():
        texts[name] = _environment(html=name.endswith("html")).get_template(template).render(
            declared=declared,
            sections=sections(plan, declared),
            plan_sha256=plan_hash(document),
            software=software(),
            css=Markup(CSS.read_text(encoding="utf-8")),  # noqa: S704 - style sheet of this package
        )  # fmt: skip
    return texts


def write_texts(texts: Mapping[str, str], output: Path) -> None:
    """Write the texts by the names of their files."""
    output.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (output / name).write_text(text, encoding="utf-8", newline="\n")


def _environment(html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE),
        autoescape=html,  # noqa: S701 - Markdown is not HTML
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
