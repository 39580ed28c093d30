"""What code without Django tells about its work is in the language of whoever asked for the job."""

import ast
import re
from pathlib import Path

import pytest
from django.utils import translation

from analysis.power.simulated_studies import Cell, _words
from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.limits.catalogue import LIMITS
from studyplatform.jobs.step_words import reason_in_words, step_in_words
from studyplatform.jobs.work import Told, Work

ROOT = Path(__file__).resolve().parents[2]
TELLING = (
    "analysis/run.py", "analysis/results.py", "analysis/release/writing.py",
    "surveys/export/writing.py", "studyplatform/computations/study_look.py",
    "studyplatform/jobs/bodies/export.py", "studyplatform/jobs/bodies/release.py",
    "studyplatform/jobs/bodies/report.py",
)  # fmt: skip
REASONING = {
    "analysis/power/outcomes.py": ("_problems", "_problems_with_factors"),
    "analysis/sections/looks/deciding.py": ("_check_time",),
}
NAMES = {"name": "outcome 'trust'", "kind": "within-subjects", "place": "condition"}
"""Values of variables in the sentences, where a number would not fit."""


def rendered(text: ast.expr) -> str:
    """The text of the code, with something in the place of each value."""
    if isinstance(text, ast.Constant):
        return str(text.value)
    assert isinstance(text, ast.JoinedStr)
    pieces = []
    for piece in text.values:
        if isinstance(piece, ast.Constant):
            pieces.append(str(piece.value))
        else:
            named = ast.unparse(piece.value)
            pieces.append(NAMES.get(named, "'trust'" if named == "outcome.key" else "7"))
    return "".join(pieces)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def steps(file: str) -> list[str]:
    """The steps that the code of the file tells as texts."""
    return [
        rendered(node.args[0])
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("told", "work.step")
        and is_text(node.args[0])
    ]


def sentences(file: str, functions: tuple[str, ...]) -> list[str]:
    """The sentences that end with a full stop, in these functions of the file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [node for node in tree.body if getattr(node, "name", "") in functions]
    assert len(found) == len(functions)
    texts = [node for part in found for node in ast.walk(part) if is_text(node)]
    docstrings = [ast.get_docstring(part, clean=False) for part in found]
    pieces = {id(piece) for text in texts if isinstance(text, ast.JoinedStr)
              for piece in text.values}  # fmt: skip
    every = [rendered(node) for node in texts if id(node) not in pieces]
    return [text for text in every if text.endswith(".") and text not in docstrings]


@pytest.mark.parametrize("file", TELLING)
def test_every_step_that_the_code_tells_has_words_in_german(file):
    told = steps(file)
    assert told
    with translation.override("de"):
        assert [step for step in told if step_in_words(step) == step] == []


@pytest.mark.parametrize("file", REASONING)
def test_every_reason_against_a_simulation_or_a_look_is_told_in_german(file):
    reasons = sentences(file, REASONING[file])
    assert len(reasons) > 3
    # What is said of conditions is also said of arms.
    of_places = [text for text in reasons if "every condition" in text or "no condition" in text]
    reasons += [re.sub(r"(every|no) condition", r"\1 arm", text) for text in of_places]
    with translation.override("de"):
        assert [text for text in reasons if reason_in_words(text) == text] == []
        # Several reasons are told at once.
        both = reason_in_words(f"{reasons[0]} {reasons[1]}")
        assert both == f"{reason_in_words(reasons[0])} {reason_in_words(reasons[1])}"


def test_the_steps_of_a_simulation_and_of_an_evaluation_have_their_numbers_and_labels():
    cell = Cell("trust", "search", 0, 40, 4, 4)
    said: list[Told] = []
    work = Work(None, {}, {}, None, Path(), Path(), said.append)
    with translation.override("de"):
        work.step(f"{_words(cell)}: 2 of 5 chunks")
        work.progress(1, 4, "Bilder", "gradcam_depth")
        assert [told.step for told in said] == [
            "40 Menschen je Gruppe mit 8 Bildern für „trust“ werden probiert: Teil 2 von 5",
            "Grad-CAM nach Tiefe",
        ]  # fmt: skip
        assert all(step_in_words(one.key) != one.key for one in (*MEASURES, *LIMITS))
    assert step_in_words("a step of a plug-in") == "a step of a plug-in"
