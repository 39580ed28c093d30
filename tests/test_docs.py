"""The documentation names only what exists: files, modules, commands, targets of the Makefile."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.conftest import ROOT
from tests.test_layout import PACKAGES, tracked

DOCS = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "reference"),
        *(path for path in (ROOT / ".github").rglob("*") if path.is_file()),
        ROOT / ".ci" / "run",
    )
)
FOLDERS = "|".join(
    [
        *PACKAGES,
        "studies",
        "tests",
        "docs",
        "benchmarks",
        "weights",
        "deploy",
        "locale",
        r"\.github",
    ]
)
PATH = re.compile(rf"(?<![\w/.:-])(?:{FOLDERS}|\.\./shared)/[\w./*-]*\w")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
NAME = re.compile(r"`([\w-]+\.(?:py|toml|md|yml|yaml|sh|css|html|mo|po))`")
MODULE = re.compile(rf"(?<![\w/.(\[-])(?:{'|'.join(PACKAGES)}|benchmarks)(?:\.\w+)+")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"(?:`|^ {4}|- run: )make ([a-z]+)", re.MULTILINE)

# What the reader will have, or what a run writes: none of it is in the repository.
NOT_OURS = {
    "../shared": "published data, next to the checkout where there is one",
    "weights/mine.safetensors": "a classifier that the reader trains",
    "weights/birds.safetensors": "a classifier that the reader trains",
    "studies/FILE": "any study file",
    "studies/my-study.toml": "the reader's study",
    "studies/my-vit.toml": "the reader's study",
    "something.toml": "the reader's study",
    "locale/fr": "the example of a further language",
    "plan.toml": "in the export of a study",
    "preregistration.md": "written by preregister",
}


def wrong_names(text: str, folder: Path = ROOT) -> list[str]:
    """Every name in the text that leads nowhere; links are relative to the folder."""
    return [
        *(f"no file {name}" for name in PATH.findall(text) if not is_path(name)),
        *(f"no file {link}" for link in LINK.findall(text) if not (folder / link).exists()),
        *(f"no file called {name}" for name in NAME.findall(text) if not is_called(name)),
        *(f"no module {name}" for name in MODULE.findall(text) if not is_module(name)),
        *(f"no command {name}" for name in COMMAND.findall(text) if name not in commands()),
        *(f"no target {name}" for name in TARGET.findall(text) if name not in targets()),
    ]


def is_path(name: str) -> bool:
    if any(name.startswith(own) for own in NOT_OURS):
        return True
    return any(ROOT.glob(name)) if "*" in name else (ROOT / name).exists()


def is_called(name: str) -> bool:
    return name in NOT_OURS or any(path.rpartition("/")[2] == name for path in tracked())


def is_module(name: str) -> bool:
    """Whether the dotted name is a module, a folder, or what a module defines."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        inside = parts[length:]
        if place.with_suffix(".py").is_file():
            return not inside or inside[0] in defined(place.with_suffix(".py"))
        if place.is_dir():
            init = place / "__init__.py"
            return not inside or (init.is_file() and inside[0] in defined(init))
    return False


@cache
def defined(path: Path) -> frozenset[str]:
    return frozenset(names_in(ast.parse(path.read_text(encoding="utf-8"))))


def names_in(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


@cache
def commands() -> frozenset[str]:
    return frozenset(get_commands())


@cache
def targets() -> frozenset[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_documentation_names_only_what_exists(path):
    assert wrong_names(path.read_text(encoding="utf-8"), path.parent) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("see `surveys/flow.py`", "no file surveys/flow.py"),
        ("[the guide](docs/guide.md)", "no file docs/guide.md"),
        ("see `studyfile.py`", "no file called studyfile.py"),
        ("python -m benchmarks.nothing", "no module benchmarks.nothing"),
        ("`surveys.services.loading`", "no module surveys.services.loading"),
        ("`explanations.engine.explode`", "no module explanations.engine.explode"),
        ("    manage.py unblind SLUG", "no command unblind"),
        ("`make everything`", "no target everything"),
        ("      - run: make nothing", "no target nothing"),
    ],
)
def test_a_name_that_leads_nowhere_is_found(text, wrong):
    assert wrong in wrong_names(text)


def test_names_that_lead_somewhere_are_let_be():
    text = "`surveys/services`, `explanations.engine.explain`, manage.py load_study, `make test`"
    assert wrong_names(text) == []
