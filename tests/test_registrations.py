"""Code that is registered by a dotted path: only in the catalogues, and every path resolves."""

import ast
import re
from importlib import import_module

import pytest

from tests.conftest import ROOT

CATALOGUES = (
    "explanations/catalogue.py",
    "explanations/classifier/architectures.py",
    "explanations/evaluation/catalogue.py",
    "explanations/evaluation/limits/catalogue.py",
    *(
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "analysis/plan/catalogues").glob("[a-z]*.py"))
    ),
    "surveys/export/formats.py",
)
DOTTED = re.compile(r"(?:analysis|explanations|surveys|studyplatform)(?:\.\w+){2,}")
PREFIX = re.compile(r"(?:analysis|explanations|surveys|studyplatform)(?:\.\w+)*\.")
NOT_RESOLVED = {
    "analysis/run.py": ["analysis.run.analyse"]  # the name of the command in a report, never called
}


def strings(source: str) -> list[str]:
    tree = ast.walk(ast.parse(source))
    return [
        node.value
        for node in tree
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def paths(source: str) -> list[str]:
    return [text for text in strings(source) if DOTTED.fullmatch(text)]


def glued(source: str) -> list[str]:
    """Prefixes from which paths could be put together, so that no search finds the whole path."""
    return [text for text in strings(source) if PREFIX.fullmatch(text)]


def unresolved(path: str) -> str | None:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        return f"{path}: {error}"
    return None if callable(found) else f"{path}: is not callable"


REGISTERED = [
    (catalogue, path) for catalogue in CATALOGUES for path in paths((ROOT / catalogue).read_text())
]


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_every_catalogue_registers_whole_paths(catalogue):
    source = (ROOT / catalogue).read_text()
    assert paths(source) != []
    assert glued(source) == []


def test_every_registered_path_resolves():
    assert [fault for _, path in REGISTERED if (fault := unresolved(path))] == []


def test_a_path_that_does_not_resolve_would_be_noticed():
    assert "has no attribute" in unresolved("analysis.study_data.scoring.no_such_score")
    assert "No module" in unresolved("analysis.no_such_module.scale_score")
    assert glued('HERE = "analysis.sections."') == ["analysis.sections."]


def test_no_code_outside_the_catalogues_is_registered_by_its_path():
    elsewhere = {
        path.relative_to(ROOT).as_posix(): paths(path.read_text())
        for package in ("analysis", "explanations", "surveys")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    }
    found = {name: texts for name, texts in elsewhere.items() if texts and name not in CATALOGUES}
    assert found == NOT_RESOLVED
