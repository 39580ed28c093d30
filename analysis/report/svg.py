"""Inline SVG figures, whose colours follow the page and whose ids are unique on it.

Styles become attributes, because WeasyPrint would apply a figure's style sheet to the whole page.
"""

import re
from html import unescape
from pathlib import Path

from markupsafe import Markup, escape
from matplotlib import get_data_path
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from analysis.figures.style import COLOURS, CONTROL, GRID, INK, MUTED

NAMES = ("--blue", "--vermilion", "--green", "--orange", "--sky", "--purple")
PAPER_LETTERS = "Figure Letters, DejaVu Sans, sans-serif"
ANCHORED = re.compile(
    r'<text style="(?P<style>[^"]*font-size: (?P<size>[\d.]+)px[^"]*); text-anchor: '
    r'(?P<anchor>middle|end)(?P<rest>[^"]*)" x="(?P<x>[-\d.]+)"(?P<more>[^>]*)>(?P<text>[^<]*)<'
)
PAGE_COLOURS = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--line",
    "#ffffff": "--paper",
    CONTROL: "--grey",
    **dict(zip(COLOURS, NAMES, strict=True)),
}


def paper_letters() -> str:
    """Return CSS that loads the font in which matplotlib measured the figure's texts."""
    file = Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return f'\n@font-face {{ font-family: "Figure Letters"; src: url("{file.as_uri()}"); }}\n'


def inline_svg(text: str, name: str, alternative: str, follow: bool = True) -> Markup:
    """Return the <svg> element, scaled by the page, with `alternative` as its title.

    If `follow`, colours and fonts are taken from the page; otherwise the file's are kept (on
    paper).
    """
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(
        r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL
    )  # would apply to the whole page
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", body)
    if not follow:
        body = ANCHORED.sub(_from_its_start, body)
    letters = "inherit" if follow else PAPER_LETTERS
    body = re.sub(r"font-family: [^;\"]+", f"font-family: {letters}", body)
    for colour, variable in PAGE_COLOURS.items() if follow else ():
        body = body.replace(colour, f"var({variable}, {colour})")
    body = re.sub(r'\bstyle="([^"]*)"(?=[^<>]*>)', _attributes, body)
    opening = (
        f'<svg role="img" aria-labelledby="{name}-title" class="figure" stroke-linejoin="round"'
    )
    size = re.compile(r'<svg((?: xmlns[:\w]*="[^"]*")*) width="\S+" height="\S+"')
    body = size.sub(rf"{opening}\1", body, count=1)
    head, bracket, rest = body.partition(">")
    title = f'<title id="{name}-title">{escape(alternative)}</title>'
    return Markup(head + bracket + title + rest)  # noqa: S704 - output of matplotlib


def _from_its_start(match: "re.Match[str]") -> str:
    """Return the text positioned by its left end.

    PDF readers would cut off the first letter.
    """
    letters = FontProperties(family="DejaVu Sans", size=float(match["size"]))
    text = unescape(match["text"])
    width, _, _ = text_to_path.get_text_width_height_descent(text, letters, ismath=False)
    x = float(match["x"]) - width * (0.5 if match["anchor"] == "middle" else 1.0)
    return (
        f'<text style="{match["style"]}{match["rest"]}" x="{x:.3f}"{match["more"]}>{match["text"]}<'
    )


def _attributes(style: "re.Match[str]") -> str:
    """Convert a style such as 'fill: none; stroke: #000' to 'fill="none" stroke="#000"'."""
    pairs = (part.partition(":") for part in style[1].split(";") if part.strip())
    return " ".join(f'{name.strip()}="{value.strip()}"' for name, _, value in pairs)
