"""Settings of the documentation's site: `make site` builds it with Sphinx, without a network."""

import os
import re
import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).parent
REPORT = re.compile(r"\[([^\]]+)\]\((?:\.\./)?((?:examples/)?[\w-]+/report\.html(?:#[\w-]+)?)\)")
TABLE = re.compile(r"\]\(\.\./studies/published/([\w-]+)/reproduction\.md")

project = "Explanation Studies"
author = "The authors of Explanation Studies"
extensions = ["myst_parser"]
exclude_patterns = ["examples/*/*", "examples/make.sh"]
source_suffix = {".md": "markdown"}
root_doc = "index"
html_theme = "furo"
html_title = project
html_show_copyright = False
# Headings down to the fourth level can be linked to, as in the repository's own view of the files.
myst_heading_anchors = 4
# The reference lists tables of TOML files as they are written, which no lexer knows.
suppress_warnings = ["misc.highlighting_failure"]


def setup(app: Sphinx) -> None:
    """Write the reference from the code, and link to reports as they are."""
    environment = {"STUDY_DEBUG": "1", **os.environ}
    command = [sys.executable, HERE.parent / "manage.py", "write_reference"]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    app.connect("source-read", link_reports)
    app.connect("build-finished", copy_reports)


def link_reports(app: Sphinx, name: str, source: list[str]) -> None:
    """Let links lead to reports, which are not pages, and to the page that includes a file."""
    source[0] = REPORT.sub(r'<a href="\2">\1</a>', source[0])
    source[0] = source[0].replace("](../CONTRIBUTING.md", "](contributing.md")
    source[0] = TABLE.sub(r"](published/\1.md", source[0])


def copy_reports(app: Sphinx, error: Exception | None) -> None:
    """Copy the example reports into the site, where the pages link to them."""
    for report in HERE.glob("examples/*/report.html"):
        copy = Path(app.outdir) / report.relative_to(HERE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(report.read_bytes())
