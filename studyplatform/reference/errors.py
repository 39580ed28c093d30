"""The reference of messages: every error that users may meet, found in the code itself."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from explanations.documents.markdown import table
from studyplatform.reference.markdown import page

ROOT = Path(__file__).resolve().parents[2]
AREAS: Mapping[str, str] = {
    "surveys/study_file": "Study files",
    "surveys/questionnaires": "Questionnaires",
    "surveys": "Studies, pages and exports",
    "analysis/plan": "Analysis plans",
    "analysis/toml": "All files in TOML",
    "analysis": "Analyses and reports",
    "explanations/imagesets": "Images",
    "explanations/classifier": "Classifiers and training",
    "explanations": "Explanations",
    "studyplatform/panel": "Panel",
    "studyplatform": "Commands and server",
}
"""Headings by folder; a file belongs to the longest folder that contains it."""
OF_DEVELOPERS = {"ValueError", "TypeError", "KeyError", "RuntimeError", "AssertionError"}
"""Errors of Python, which tell developers of a wrong call."""
COLLECTING = {"add", "fault", "add_on_line"}
"""Methods of `analysis.toml.problems.Problems` that report a problem of a file."""
FEWEST_WORDS = 4
Constants = Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """A message with placeholders such as ‹name›, and the file that contains it."""

    text: str
    file: str


def write() -> str:
    """Return the page of all messages, by area and in alphabetical order."""
    by_area: dict[str, set[str]] = {}
    for message in messages(ROOT):
        by_area.setdefault(area_of(message.file), set()).add(message.text)
    blocks = []
    for heading in dict.fromkeys(AREAS.values()):
        if heading in by_area:
            rows = ((text,) for text in sorted(by_area[heading], key=_without_marks))
            blocks += [f"## {heading}", table(("message",), rows)]
    return page(
        "Messages",
        "Every message of an error, as the code contains it: search this page for a few words of "
        "yours. A part in ‹angle brackets› is a name, a number or another message of your case. "
        "Each message says what is wrong and, where it is not obvious, how to mend it. Messages "
        "on pages of participants are translated and not in this list.",
        *blocks,
    )


def area_of(file: str) -> str:
    """Return the heading under which the messages of a file are listed."""
    folder = max((one for one in AREAS if file.startswith(f"{one}/")), key=len)
    return AREAS[folder]


def messages(root: Path) -> Iterator[Message]:
    """Yield each message that the packages raise as an error or report as a problem of a file."""
    for package in ("surveys", "analysis", "explanations", "studyplatform"):
        for path in sorted((root / package).rglob("*.py")):
            file = path.relative_to(root).as_posix()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            constants = dict(_constants(tree))
            for node in ast.walk(tree):
                for text in _texts(node, constants):
                    if len(text.split()) >= FEWEST_WORDS:
                        yield Message(text, file)


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the texts that a module gives a name, such as a cure that several messages share."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            for target in node.targets:
                if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                    yield target.id, node.value.value


def _texts(node: ast.AST, constants: Constants) -> Iterator[str]:
    """Yield the texts of a raised error or of a collected problem."""
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        if ast.unparse(node.exc.func) not in OF_DEVELOPERS:
            for argument in node.exc.args:
                yield from _sentences(argument, constants)
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in COLLECTING
    ):
        for argument in node.args:
            yield from _sentences(argument, constants)


def _sentences(node: ast.expr, constants: Constants) -> Iterator[str]:
    """Yield the text of a string, of both sides of a condition, and of the entries of a list."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield " ".join(node.value.split())
    elif isinstance(node, ast.JoinedStr):
        yield " ".join("".join(_part(part, constants) for part in node.values).split())
    elif isinstance(node, ast.Name) and node.id in constants:
        yield " ".join(constants[node.id].split())
    elif isinstance(node, ast.IfExp):
        yield from _sentences(node.body, constants)
        yield from _sentences(node.orelse, constants)
    elif isinstance(node, ast.List | ast.Tuple):
        for entry in node.elts:
            yield from _sentences(entry, constants)
    elif isinstance(node, ast.BinOp):
        # Text with a % or + and its values: the text alone.
        yield from _sentences(node.left, constants)
    elif isinstance(node, ast.Call) and node.args:
        # gettext("…"), _("…") and "…".format(…)
        yield from _sentences(node.args[0], constants)


def _part(node: ast.expr, constants: Constants) -> str:
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(inner, ast.Constant):
        return str(inner.value)
    if isinstance(inner, ast.Name) and inner.id in constants:
        return constants[inner.id]
    return f"‹{_name(inner)}›"


def _name(node: ast.expr) -> str:
    """Return a word for an expression: the last name in it that says what it is."""
    if isinstance(node, ast.Name):
        return node.id.replace("_", " ")
    if isinstance(node, ast.Attribute):
        return node.attr.replace("_", " ")
    return "…"


def _without_marks(text: str) -> str:
    return re.sub(r"[^\w ]", "", text).lower()
