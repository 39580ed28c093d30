"""The two pictures of the README: a trial of the demo, and page one of a published study's report.

    STUDY_DATA_DIR=FOLDER .venv/bin/python -m benchmarks.readme_pictures

FOLDER is the data folder of a finished `manage.py demo`. Both pictures are what a window of 1280 by
720 pixels shows. Each contains a hash of what it was taken from, by which a test finds a stale one.
"""

import hashlib
import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks import page_sources
from benchmarks.screenshots import answer_first

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
REPORT = ROOT / "docs" / "examples" / "visual-correspondence" / "report.html"
STUDY, ARM = "residual", "gradcam"
WINDOW = {"width": 1280, "height": 720}


def report_hash() -> str:
    """Return the hash of the report whose first page is shown."""
    return hashlib.sha256(REPORT.read_bytes()).hexdigest()


def main() -> None:
    """Take both pictures and write them to docs/images."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "studyplatform.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    os.environ.setdefault("STUDY_DEBUG", "1")
    import django

    django.setup()
    from benchmarks.screenshots import person, server
    from surveys.models import Study

    path = f"/p/{person(Study.objects.get(slug=STUDY), ARM).code}/"
    with server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page(viewport=WINDOW, reduced_motion="reduce")
        page.goto(REPORT.as_uri())
        _save(page.screenshot(), "report.webp", report_hash())
        page.goto(address + path)
        while not (page.locator("[name=step]").get_attribute("value") or "").startswith("trial:"):
            answer_first(page)
        page.wait_for_selector("form[data-ready]")
        page.wait_for_load_state("networkidle")
        _save(page.screenshot(), "trial.webp", page_sources.pages_hash())
        browser.close()


def _save(screenshot: bytes, name: str, source: str) -> None:
    with Image.open(io.BytesIO(screenshot)) as picture:
        page_sources.save(picture.convert("RGB"), IMAGES / name, source)
    print(f"Wrote docs/images/{name}.")


if __name__ == "__main__":
    main()
