"""What Chromium says of a page: what axe finds in light and in dark, and how wide the page is.

A click returns as soon as the next document is begun, while that document has no element yet. Each
question here waits until it is loaded.
"""

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.base import AXE_FILE_PATH

if TYPE_CHECKING:
    from playwright.sync_api import Page

LANGUAGES = ("en", pytest.param("de", marks=pytest.mark.nightly))
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCHEMES = {
    "light": {"type": "tag", "values": TAGS},
    "dark": {"type": "rule", "values": ["color-contrast"]},  # all else is the same
}
AXE = AXE_FILE_PATH.read_text(encoding="utf-8")


def flaws(page: "Page") -> list[str]:
    """What axe finds on the page as it stands, in light, and of its colours in dark."""
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = []
    for scheme, chosen in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": chosen, "resultTypes": ["violations"]}
        result = page.evaluate("options => axe.run(document, options)", options)
        for rule in result["violations"]:
            found += [f"{scheme}: {rule['id']}: {node['html'][:200]}" for node in rule["nodes"]]
    return found


def width(page: "Page") -> int:
    """How wide the document is, in CSS pixels: the window's width unless something sticks out."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth")


def check(page: "Page", language: str, heading: str = "") -> None:
    """The page is in the language, has one heading, the one that is asked for, and no flaw."""
    page.wait_for_load_state()
    name = f"{page.url} {page.locator('h1').inner_text()}"
    assert page.locator("html").get_attribute("lang") == language, name
    assert page.locator("h1").count() == 1, name
    assert heading in page.locator("h1").inner_text(), name
    assert flaws(page) == [], name
