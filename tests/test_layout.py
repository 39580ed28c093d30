"""The layout of the packages: layers without circles, few files at a root, a line per folder."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("studyplatform", "surveys", "analysis", "explanations")
MOST_ROOT_FILES = 8
MOST_OF_A_PREFIX = 6
FOR_WEIGHT = {
    # pandas, Dask's scheduler and LLVM cost memory and time: they are loaded only where needed.
    ("surveys.study_checks.loading", "surveys.study_checks.analysis_plan"),
    ("explanations.pipeline.precompute", "explanations.pipeline.executors.on_dask"),
    ("explanations.computing.arithmetic", "explanations.computing.winograd.convolution"),
    ("studyplatform.panel.registrations", "studyplatform.preregistration"),
    # Models exist only once Django has loaded all apps.
    ("studyplatform.apps", "studyplatform.audit.writing"),
    ("studyplatform.apps", "surveys.services.acts"),
}


def modules() -> dict[str, Path]:
    """Each module of the packages, by its dotted name; migrations are left out."""
    paths = [
        path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
    ]
    return {dotted(path): path for path in paths}


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(
    name: str, source: str, known: set[str], is_package: bool
) -> Iterator[tuple[str, bool]]:
    """Each module that the source imports, and whether a function does so."""
    tree = ast.parse(source)
    within = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    package = name if is_package else name.rpartition(".")[0]
    for node in ast.walk(tree):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            whole = [f"{base}.{alias.name}" for alias in node.names]
            targets = [one if one in known else base for one in whole]
        for target in targets:
            if target in known and target != name:
                yield target, id(node) in within


@pytest.fixture(scope="module")
def arrows() -> dict[str, set[tuple[str, bool]]]:
    found = modules()
    return {
        name: set(imports(name, path.read_text(), set(found), path.name == "__init__.py"))
        for name, path in found.items()
    }


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The groups of modules that can reach one another."""
    reach = {name: _reachable(name, graph) for name in graph}
    found = [
        frozenset({name} | {other for other in reach[name] if name in reach[other]})
        for name in graph
    ]
    return [set(group) for group in dict.fromkeys(found) if len(group) > 1]


def _reachable(start: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for target in graph[waiting.pop()] - seen:
            seen.add(target)
            waiting.append(target)
    return seen


def test_modules_do_not_import_each_other_in_a_circle(arrows):
    assert circles({name: {target for target, _ in found} for name, found in arrows.items()}) == []


def test_a_circle_is_found_also_through_an_import_inside_a_function():
    source = {"surveys.a": "import surveys.b", "surveys.b": "def f():\n    import surveys.a"}
    graph = {
        name: {target for target, _ in imports(name, text, set(source), False)}
        for name, text in source.items()
    }
    assert circles(graph) == [{"surveys.a", "surveys.b"}]


def test_functions_import_only_what_is_too_heavy_for_the_top(arrows):
    inside = {
        (name, target) for name, found in arrows.items() for target, is_inside in found if is_inside
    }
    assert inside == FOR_WEIGHT


@pytest.mark.parametrize("package", ["surveys", "analysis", "explanations"])
def test_few_files_lie_at_the_root_of_a_package(package):
    found = sorted(path.name for path in (ROOT / package).glob("*.py"))
    assert len(found) <= MOST_ROOT_FILES, found


def test_no_folder_is_hidden_in_a_prefix_of_file_names():
    """Where many files of a folder begin with the same word, it wants to be a folder."""
    counted = Counter(
        (path.parent, path.stem.split("_")[0]) for path in modules().values() if "_" in path.stem
    )
    assert {place: count for place, count in counted.items() if count > MOST_OF_A_PREFIX} == {}


def test_every_folder_says_in_a_line_what_belongs_in_it():
    silent = [
        str(path.parent.relative_to(ROOT))
        for name, path in modules().items()
        if path.name == "__init__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@cache
def tracked() -> frozenset[str]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return frozenset(listed.stdout.splitlines())


def folders() -> dict[str, str | None]:
    """Each folder of the packages, and what its ``__init__`` says belongs in it, if it has one.

    The folders inside of templates and static files need no line of their own.
    """
    found = set()
    for name in tracked():
        for parent in Path(name).parents:
            inside = {"templates", "static"} & set(parent.parts[:-1])
            if parent.parts and parent.parts[0] in PACKAGES and not inside:
                found.add(parent)
    return {f"{folder}/": said_by(ROOT / folder / "__init__.py") for folder in sorted(found)}


def said_by(init: Path) -> str | None:
    """The first paragraph of the docstring, in one line and with the README's backticks."""
    if not init.is_file():
        return None
    docstring = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].replace("``", "`").split()) or None


def map_of(text: str) -> dict[str, str]:
    """The rows of the README's table of folders."""
    section = text.partition("\n## The folders\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([^`|]+/)` \| (.*?) \|$", section, re.MULTILINE))


def departures(text: str) -> list[str]:
    """Where the README's map is not the tree."""
    rows, there = map_of(text), folders()
    own = {folder for folder in rows if folder.partition("/")[0] in PACKAGES}
    return [
        *(f"{folder} is not in the map" for folder in there.keys() - own),
        *(f"{folder} does not exist" for folder in own - there.keys()),
        *(f"{row} does not exist" for row in rows.keys() - own if not (ROOT / row).is_dir()),
        *(
            f"| `{folder}` | {said} |"
            for folder, said in there.items()
            if said and folder in own and rows[folder] != said
        ),
    ]


def test_the_map_of_the_readme_is_the_tree_and_says_what_the_folders_say_themselves():
    """A row copies what the folder's ``__init__`` says; a problem shows the row to write."""
    assert departures((ROOT / "README.md").read_text(encoding="utf-8")) == []


def test_a_map_that_departs_from_the_tree_is_noticed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert departures(text.replace("| `surveys/tidy/` |", "| `surveys/tidied/` |")) == [
        "surveys/tidy/ is not in the map",
        "surveys/tidied/ does not exist",
    ]
    assert departures(text.replace("| Explanation methods, one file each", "| Methods, a file"))
    assert departures(text.replace("| `weights/` |", "| `networks/` |"))
