"""The faults that can be planted in a module: each changes one expression or one statement."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Lt: ast.GtE, ast.GtE: ast.Lt,
    ast.Gt: ast.LtE, ast.LtE: ast.Gt,
}  # fmt: skip
NEIGHBOURS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
}  # fmt: skip
OTHER_SIGN: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
}  # fmt: skip
OTHER_MASK: dict[type[ast.operator], type[ast.operator]] = {
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
OPERATORS = (
    "comparison", "boundary", "arithmetic", "constant", "boolean", "removed call",
    "return value", "swapped arguments",
)  # fmt: skip
Part = ast.expr | ast.stmt


@dataclass(frozen=True)
class Mutation:
    """A change of the bytes from `start` to `end` of a module, in the line named.

    `lines` are the first and the last line of the statement, or of the expression if the statement
    contains others, such as an if.
    """

    operator: str
    line: int
    lines: tuple[int, int]
    start: int
    end: int
    old: str
    new: str

    def applied(self, source: str) -> str:
        """Return the module's text with the change."""
        text = source.encode()
        return (text[: self.start] + self.new.encode() + text[self.end :]).decode()


def mutations(source: str) -> list[Mutation]:
    """Return every mutation of the module, in the order of its text.

    Annotations, decorators, messages of errors and formatted strings are left alone: a change there
    has no effect on what is computed.
    """
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node, around in _executed(ast.parse(source)):
        for operator, new in _changes(node):
            place = _place(node, starts)
            old = source.encode()[slice(*place)].decode()
            lines = (around.lineno, around.end_lineno or around.lineno)
            found.append(Mutation(operator, node.lineno, lines, *place, old, new))
    return sorted(found, key=lambda one: (one.start, one.end, one.operator, one.new))


def _place(node: Part, starts: list[int]) -> tuple[int, int]:
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
    return starts[node.lineno - 1] + node.col_offset, starts[end_line - 1] + end_column


def _executed(node: ast.AST, around: Part | None = None) -> Iterator[tuple[Part, Part]]:
    """Yield what computes something, with the statement or expression whose lines it shares."""
    if isinstance(node, ast.JoinedStr | ast.Raise):
        return
    if isinstance(node, ast.stmt):
        around = None if hasattr(node, "body") else node
    if isinstance(node, ast.expr | ast.stmt):
        yield node, around or node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "bases", "op", "ops", "ctx"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _executed(child, around)


def _changes(node: Part) -> Iterator[tuple[str, str]]:
    """Yield the operators that apply to this node, with the text that replaces it."""
    match node:
        case ast.Compare():
            for place, op in enumerate(node.ops):
                for operator, others in (("comparison", NEGATED), ("boundary", NEIGHBOURS)):
                    if type(op) in others:
                        ops = [*node.ops[:place], others[type(op)](), *node.ops[place + 1 :]]
                        changed = ast.Compare(node.left, ops, node.comparators)
                        yield operator, f"({ast.unparse(changed)})"
        case ast.BinOp() if not any(map(_is_no_number, (node.left, node.right))):
            for operator, others in (("arithmetic", OTHER_SIGN), ("boolean", OTHER_MASK)):
                if type(node.op) in others:
                    changed = ast.BinOp(node.left, others[type(node.op)](), node.right)
                    yield operator, f"({ast.unparse(changed)})"
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield "boolean", f"({ast.unparse(node.operand)})"
        case ast.UnaryOp(op=ast.USub()) if not isinstance(node.operand, ast.Constant):
            yield "arithmetic", f"({ast.unparse(node.operand)})"
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield "boolean", f"({ast.unparse(ast.BoolOp(other, node.values))})"
        case ast.Constant(value=bool()):
            yield "constant", str(not node.value)
        case ast.Constant(value=int() | float()):
            yield "constant", str(node.value + 1)
        case ast.Call(args=[first, second, *rest]) if not _is_starred(first, second):
            if not (isinstance(node.func, ast.Name) and node.func.id == "isinstance"):
                changed = ast.Call(node.func, [second, first, *rest], node.keywords)
                yield "swapped arguments", ast.unparse(changed)
        case ast.Expr(value=ast.Call()):
            yield "removed call", "pass"
        case ast.Return(value=ast.expr() as value):
            if not (isinstance(value, ast.Constant) and value.value is None):
                yield "return value", "return None"


def _is_no_number(node: ast.expr) -> bool:
    """Return whether the operand is a text to join, or None in a union of types."""
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, str))
    )


def _is_starred(*nodes: ast.expr) -> bool:
    return any(isinstance(node, ast.Starred) for node in nodes)
