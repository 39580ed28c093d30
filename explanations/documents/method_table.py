"""Tables of the methods in docs/explanations.md, written from the catalogue.

``python -m explanations.documents.method_table`` renews them; a test compares.
"""

from pathlib import Path

from explanations.catalogue import BUILT_IN, Method
from explanations.computing.needs import Need
from explanations.computing.whole import INSTEAD, LACKS
from explanations.documents.markdown import table
from explanations.methods.protocol import parameters_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanations.md"
BEGIN, END = "<!-- {}: written by explanations.documents.method_table -->", "<!-- end of {} -->"


def methods_table() -> str:
    """Return a row for each method: key, label, needs, parameters and reference."""
    rows = [_row(method) for method in BUILT_IN]
    return table(("key", "name", "needs of a network", "parameters", "equal to"), rows)


def refusals_table() -> str:
    """Return a row for each need: the methods that have it, and the message of a refusal."""
    rows = []
    named_needs = (Need.RULES, Need.PROPAGATION, Need.CHAIN)
    for need in (Need.OUTPUTS, Need.GRADIENT, Need.GRID, *named_needs):
        keys = [f"`{method.key}`" for method in BUILT_IN if need in method.explainer().needs]
        names = ", ".join(keys) or "maps layer by layer (`--layers`)"
        named = " *the operation's name.*" if need in named_needs else ""
        message = f"{LACKS[need]}{named} {INSTEAD[need]}" if need in LACKS else "never refused"
        rows.append((need.value, names, message))
    return table(("need", "methods", "message where a network lacks it"), rows)


def renewed(page: str) -> str:
    """Return the page with both tables as the catalogue has them now."""
    for name, text in (("methods", methods_table()), ("refusals", refusals_table())):
        begin, end = BEGIN.format(name), END.format(name)
        before, rest = page.split(begin)
        page = f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"
    return page


def _row(method: Method) -> tuple[str, ...]:
    explainer = method.explainer()
    needs = [need.value for need in explainer.needs]
    # Who needs a layer or rules needs a gradient as well.
    last = needs[-1]
    parameters = ", ".join(f"{name} {value}" for name, value in parameters_of(explainer).items())
    library = method.reference.library if method.reference else "–"
    return f"`{method.key}`", method.label, last, parameters, library


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
