"""Pictures of the participants' pages in the documentation: complete, and of the present pages."""

from fnmatch import fnmatch

import pytest
from PIL import Image

from benchmarks import page_sources
from surveys import tasks
from tests.conftest import ROOT

screenshots = pytest.importorskip("benchmarks.screenshots")  # needs playwright
readme_pictures = pytest.importorskip("benchmarks.readme_pictures")

IMAGES = ROOT / "docs" / "images"
CURE = (
    "take it again with python -m benchmarks.screenshots OUTPUT --sheets docs/images --only-sheets"
)


def test_the_page_about_pages_shows_every_sheet_and_every_task():
    text = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
    sheets = {f"pages-{name}.webp" for name in screenshots.SHEETS}
    assert {path.name for path in IMAGES.glob("pages-*.webp")} == sheets
    assert [name for name in sorted(sheets) if f"](images/{name})" not in text] == []
    assert [name for name in sorted(sheets) if not page_sources.read_hash(IMAGES / name)] == []
    assert set(screenshots.TASKS) == {task.key for task in tasks.TASKS}


def test_a_page_is_taken_in_the_looks_of_its_sheets_alone():
    taken = screenshots.is_on_a_sheet
    assert taken("desktop", "arm-lime-01-trial-1")
    assert not taken("phone", "arm-lime-01-trial-1")
    assert all(taken(look, "arm-gradcam-01-trial-1") for look in screenshots.LOOKS)
    assert not fnmatch("example-map-and-confidence-15-trial-10", "example-*-trial-1")


def test_a_sheet_tells_what_it_was_drawn_from(tmp_path, monkeypatch):
    page_sources.save(Image.new("RGB", (8, 8)), tmp_path / "sheet.webp")
    assert page_sources.read_hash(tmp_path / "sheet.webp") == page_sources.pages_hash()
    # The control: with other files the hash differs.
    monkeypatch.setattr(page_sources, "SOURCES", page_sources.SOURCES[:-1])
    assert page_sources.read_hash(tmp_path / "sheet.webp") != page_sources.pages_hash()


def test_the_readme_shows_the_present_report_of_the_published_study():
    cure = "take it again with python -m benchmarks.readme_pictures"
    assert page_sources.read_hash(IMAGES / "report.webp") == readme_pictures.report_hash(), cure


@pytest.mark.nightly
def test_the_readme_shows_a_trial_of_the_present_templates():
    cure = "take it again with python -m benchmarks.readme_pictures"
    assert page_sources.read_hash(IMAGES / "trial.webp") == page_sources.pages_hash(), cure


@pytest.mark.nightly
@pytest.mark.parametrize("name", screenshots.SHEETS)
def test_a_sheet_is_of_the_present_templates_and_style_sheet(name):
    """Nightly, because any change of a template or of the style sheet makes the sheets stale."""
    present = page_sources.pages_hash()
    assert page_sources.read_hash(IMAGES / f"pages-{name}.webp") == present, f"stale: {CURE}"
