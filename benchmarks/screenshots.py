"""Pictures of every page of a study: each arm, task and example, in each window and direction.

    python -m benchmarks.screenshots OUTPUT [--looks desktop,phone] [--sheets DIR [--only-sheets]]

The script prepares the demo study, a small study per task and some shipped examples in OUTPUT/data,
serves them, walks through them in Chromium, and writes OUTPUT/<look>/<page>.png, for all LOOKS
unless some are named. ``--sheets`` also writes the contact sheets of these looks, and with
``--only-sheets`` no other picture is taken. Each sheet contains a hash of the templates and style
sheets that it was taken with, by which a test finds a stale one.
"""

import argparse
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image, ImageChops
from playwright.sync_api import Page, sync_playwright

from benchmarks import entry_pages, page_sources

if TYPE_CHECKING:
    from surveys.models import Participant, Study

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Look:
    """A window in CSS pixels, and how the page is drawn in it."""

    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    direction: Literal["ltr", "rtl"] = "ltr"


LOOKS = {
    "desktop": Look(1280, 720),
    "laptop": Look(1366, 650),
    "phone": Look(390, 844),
    "narrow": Look(320, 640),
    "dark": Look(1280, 720, scheme="dark"),
    "mirrored": Look(1280, 720, direction="rtl"),
    "zoomed": Look(640, 360),  # 1280 x 720 at 200 %
}


@dataclass(frozen=True)
class Sheet:
    """Pages in a look, or in every look ("*"), each `width` pixels wide, `columns` in a row."""

    look: str
    patterns: tuple[str, ...]
    width: int
    columns: int

    def files(self, output: Path, looks: Iterable[str]) -> list[Path]:
        """Return the pictures of the pages that were taken in OUTPUT."""
        return [
            file
            for pattern in self.patterns
            for look in looks
            if self.look in ("*", look)
            for file in sorted((output / look).glob(f"{pattern}.png"))
        ]


ARMS = {"none": ("No explanation", ""), "gradcam": ("Grad-CAM", "gradcam")}
MAPS = {"gradcam": ("Grad-CAM", "gradcam"), "saliency": ("Saliency map", "saliency")}
TASKS = {
    "decide": ARMS,
    "classify": ARMS,
    "judge_advisor": ARMS,
    "forward_simulation": ARMS,
    "agreement": ARMS,
    "distinction": MAPS,  # this task needs a map in every arm
    "preference": MAPS,
    "uncover": ARMS,
}
"""Label and method of each arm by task. The first arm is the control."""
EXAMPLES = {
    "online-study": "gradcam",
    "trust-repair": "map-low",
    "map-and-confidence": "both",
}
"""Shipped examples with further kinds of pages, and the arm in which each is walked."""
KINDS = ("quiz-1", "feedback", "attention", "pause", "load")
TASK_STUDY = """
slug = "{slug}"
title = "Judging the answers of a picture classifier"
seed = 20261123
[consent]
version = "1"
text = "What happens here."
[debrief]
text = "What it was about."
[images]
set = "scenes"
split = "test"
[classifier]
weights = "weights/scenes.safetensors"
{arms}
[[parts]]
kind = "instructions"
[[parts]]
kind = "quiz"
[[parts]]
kind = "practice"
right = 1
wrong = 0
task = "{task}"
[[parts]]
kind = "trials"
right = 2
wrong = 1
task = "{task}"
attention = 1
break_every = 2
[[parts]]
kind = "questionnaire"
questionnaire = "load-v2"
[analysis]
control = "{control}"
[[analysis.outcomes]]
key = "load"
label = "Load"
kind = "scale"
scale = "load"
"""


def prepare(output: Path) -> None:
    """Load the studies and compute their explanations. A second run computes only what is
    missing."""
    from django.core.management import call_command

    from surveys.models import Study

    call_command("migrate", verbosity=0)
    if not Study.objects.filter(slug="demo").exists():
        call_command("import_images", data="scenes", split="test", limit=200)
    files = [ROOT / "studies" / "demo.toml"]
    files += [ROOT / "studies" / "examples" / f"{name}.toml" for name in EXAMPLES]
    written = {slug_of(task): study_of(task) for task in TASKS}
    for slug, text in (written | entry_pages.STUDIES).items():
        files.append(output / f"{slug}.toml")
        files[-1].write_text(text)
    for file in files:
        call_command("load_study", str(file))
        # An open study is frozen, so its explanations are complete.
        if Study.objects.get(slug=file.stem).state != "open":
            call_command("precompute_explanations", study=file.stem)
            call_command("open_study", file.stem)


def study_of(task: str) -> str:
    """Return the file of the study with this task."""
    arms = "\n".join(
        f'[[arms]]\nkey = "{key}"\nlabel = "{label}"\nmethod = "{method}"'
        for key, (label, method) in TASKS[task].items()
    )
    control = next(iter(TASKS[task]))
    text = TASK_STUDY.format(slug=slug_of(task), task=task, arms=arms, control=control)
    compare = f'task = "{task}"\ncompare = ["gradcam", "saliency"]'
    return text.replace(f'task = "{task}"', compare) if task == "preference" else text


def slug_of(task: str) -> str:
    return f"task-{task.replace('_', '-')}"


@contextmanager
def server() -> Iterator[str]:
    """Serve the prepared data and yield the site's URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        # The port is free only at this moment, which is sufficient on a machine of one's own.
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
        cwd=ROOT,
        env=os.environ | {"STUDY_ARRIVALS_PER_MINUTE": str(entry_pages.ARRIVALS)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(address, timeout=5)
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait()


class Camera:
    """Camera that takes a page in full length in every look, or in the looks of a sheet."""

    def __init__(
        self, page: Page, output: Path, looks: Mapping[str, Look], *, only_sheets: bool
    ) -> None:
        self.page, self.output, self.looks = page, output, looks
        self.only_sheets = only_sheets

    def take(self, name: str) -> None:
        """Take the page."""
        if self.page.locator("form[data-timed]").count():
            self.page.wait_for_selector("form[data-ready]")
        for key, look in self.looks.items():
            if self.only_sheets and not is_on_a_sheet(key, name):
                continue
            self.page.set_viewport_size({"width": look.width, "height": look.height})
            self.page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
            self.page.evaluate(f"document.documentElement.dir = '{look.direction}'")
            self.page.screenshot(path=self.output / key / f"{name}.png", full_page=True)
        self.page.evaluate("document.documentElement.dir = 'ltr'")

    def walk(
        self,
        name: str,
        pages: int | None = None,
        first: int = 0,
        *,
        answer: int = 1,
        attentive: bool = False,
    ) -> None:
        """Take the remaining pages, at most ``pages``, numbered from ``first``.

        ``answer`` is the number of the chosen answer, counted from 0, where a question has enough
        answers; an ``attentive`` person chooses the answer that a question names instead.
        """
        number = first
        while self.page.locator("form[data-timed]").count() and number != pages:
            self.page.wait_for_selector("form[data-ready]")
            step = self.page.locator("[name=step]").get_attribute("value") or ""
            self.take(f"{name}-{number:02d}-{step.replace(':', '-')}")
            for group in self.page.locator("fieldset[role=radiogroup]").all():
                answers = group.locator("label")
                named = re.search("“(.+)”", group.locator("legend").inner_text())
                if attentive and named is not None and answers.get_by_text(named[1]).count():
                    answers.get_by_text(named[1], exact=True).click()
                else:
                    answers.nth(min(answer, answers.count() - 1)).click()
            for slider in self.page.locator("form input[type=range]").all():
                slider.press("ArrowRight")
            with self.page.expect_navigation():
                self.page.locator("form .actions button").first.click()
            number += 1
        if pages is None:
            self.take(f"{name}-{number:02d}-end")


def person(study: "Study", arm: str, language: str = "en") -> "Participant":
    """Enrol people until one of them is in the arm, and return that participant."""
    from django.db import transaction

    from surveys import services
    from surveys.services import allocating
    from surveys.study_file.stored import definition

    is_recruited = definition(study).recruitment.kind == "prolific"
    people = (
        services.enrol(
            study=study,
            arrival_key=secrets.token_urlsafe(),
            language=language,
            visitor=entry_pages.visitor(entry_pages.new_ids()) if is_recruited else None,
            # Rehearsals have no way back to a recruitment service.
            simulated=not is_recruited,
        )
        for _ in range(100)
    )
    for participant in people:
        with transaction.atomic():
            allocating.allocate(participant)
        if participant.arm.key == arm:
            return participant
    raise RuntimeError(f"Of 100 people nobody came into the arm {arm!r} of {study.slug!r}.")


def shoot(address: str, output: Path, looks: Mapping[str, Look], *, only_sheets: bool) -> None:
    from surveys.models import Study

    demo = Study.objects.get(slug="demo")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        context = browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        camera = Camera(context.new_page(), output, looks, only_sheets=only_sheets)

        def visit(study: "Study", arm: str, language: str = "en") -> str:
            path = f"{address}/p/{person(study, arm, language).code}/"
            camera.page.goto(path)
            return path

        camera.page.goto(f"{address}/s/demo/")
        camera.take("page-00-consent")
        visit(demo, "gradcam")
        camera.walk("page", first=1)
        camera.page.goto(f"{address}/s/demo/?language=de")
        camera.take("german-00-consent")
        visit(demo, "gradcam", "de")
        camera.walk("german", first=1)
        for arm in demo.arms.values_list("key", flat=True):
            visit(demo, arm)
            answer_first(camera.page)
            camera.walk(f"arm-{arm}", pages=2)
        for task, arms in TASKS.items():
            for arm in arms:
                visit(Study.objects.get(slug=slug_of(task)), arm)
                camera.walk(f"task-{task}-{arm}", pages=None if task == "decide" else 6)
        for name, arm in EXAMPLES.items():
            study = Study.objects.get(slug=name)
            # A study with a recruitment service admits nobody without the ids in the address.
            camera.page.goto(entry_pages.link(address, name, entry_pages.new_ids()))
            camera.take(f"example-{name}-00-consent")
            visit(study, arm)
            # The first answer says that people tell colours apart, so that no screener ends it.
            camera.walk(f"example-{name}", first=1, answer=0, attentive=True)
        session(camera, address)
        visit(Study.objects.get(slug="online-study"), "gradcam")
        camera.walk("early-online-study", answer=0)
        around(camera, address, visit(demo, "lime"))
        entry_pages.shoot(camera, address)
        browser.close()


def session(camera: Camera, address: str) -> None:
    """Take the pages of a later session, for the person who has just completed the study."""
    from django.utils import timezone

    from surveys.models import FollowUp

    waiting = FollowUp.objects.filter(completed_at=None).latest("opens_at")
    camera.page.goto(f"{address}/p/{waiting.participant.code}/next/")
    camera.take("session-0-waiting")
    FollowUp.objects.filter(pk=waiting.pk).update(opens_at=timezone.now())
    camera.page.reload()
    camera.take("session-1-invitation")
    with camera.page.expect_navigation():
        camera.page.locator("form .actions button").click()
    camera.walk("session-2")


def answer_first(page: Page) -> None:
    page.wait_for_selector("form[data-ready]")
    for group in page.locator("fieldset[role=radiogroup]").all():
        group.locator("label").first.click()
    with page.expect_navigation():
        page.locator("form .actions button").first.click()


def around(camera: Camera, address: str, path: str) -> None:
    """Take the pages outside the usual sequence, such as errors and withdrawal."""
    page = camera.page
    page.wait_for_selector("form[data-ready]")
    page.locator("form .actions button").first.click()
    page.wait_for_selector(".errors")
    camera.take("beside-errors")
    # The page must keep the answers and offer to send them again.
    page.context.set_offline(True)
    for group in page.locator("fieldset[role=radiogroup]").all():
        group.locator("label").first.click()
    page.locator("form .actions button").first.click()
    page.wait_for_selector("[data-again]:visible")
    camera.take("beside-offline")
    page.once("dialog", lambda dialog: dialog.accept())
    with page.expect_navigation():
        page.context.set_offline(False)
    for name, place in {
        "withdraw": f"{path}withdraw/",
        "withdraw-later": f"{address}/s/demo/withdraw/",
        "deleted": f"{address}/s/demo/deleted/",
    }.items():
        page.goto(place)
        camera.take(f"beside-{name}")
    page.goto(f"{path}withdraw/")
    page.locator("button[value=stop]").click()
    page.wait_for_url(path)
    camera.take("beside-stopped")


PATIENCE_MS = 180_000  # for a page, on a machine that is busy with other work
FOUND = "example-online-study-*-perception-1*"
SHEETS: Mapping[str, Sheet] = {
    "pages": Sheet("desktop", ("page-0[0-3]*", "page-1[5-8]*"), 330, 4),
    "arms": Sheet("desktop", ("arm-*-trial-1",), 400, 4),
    "tasks": Sheet("desktop", ("task-*-gradcam-*-trial-1*",), 400, 3),
    "kinds": Sheet("desktop", tuple(f"task-decide-gradcam-*-{kind}*" for kind in KINDS), 330, 5),
    "examples": Sheet(
        "desktop",
        (
            "example-online-study-00-*",
            "example-*-text-*",
            "example-*-score-*",
            "example-*-trial-1",
            "example-*-perception-1*",
            "example-*-end",
            "early-*-end",
        ),
        400,
        4,
    ),
    "sessions": Sheet(
        "desktop", ("example-online-study-*-end", "session-[0-1]-*", "session-2-*-end"), 330, 4
    ),
    "looks": Sheet("*", ("arm-gradcam-*-trial-1",), 400, 3),
    "german": Sheet("desktop", ("german-0[0-4]*",), 400, 3),
    "beside": Sheet("desktop", ("beside-*",), 330, 3),
    "phone": Sheet("phone", ("page-0[0-3]*", "arm-none-01*", "page-1[5-8]*", FOUND), 210, 10),
    "dark": Sheet("dark", ("page-0[0-3]*", "page-1[5-8]*", FOUND, "beside-errors"), 330, 4),
    "entry": Sheet(
        "desktop", ("entry-0[0-8]*", "entry-09*end", "entry-attention*end", "entry-1*"), 250, 5
    ),
}
"""Contact sheets by name."""


def is_on_a_sheet(look: str, name: str) -> bool:
    """Return whether a sheet shows the page in this look."""
    return any(
        sheet.look in ("*", look) and any(fnmatch(name, one) for one in sheet.patterns)
        for sheet in SHEETS.values()
    )


MARGIN = 24  # pixels of background that stay on each side of a page's content


def without_margins(picture: Image.Image) -> Image.Image:
    """Cut equal margins off both sides of a page, as far as they are empty."""
    background = Image.new("RGB", picture.size, picture.getpixel((0, picture.height - 1)))
    content = ImageChops.difference(picture, background).getbbox()
    if content is None:
        return picture
    margin = max(0, min(content[0], picture.width - content[2]) - MARGIN)
    return picture.crop((margin, 0, picture.width - margin, picture.height))


def laid_out(files: list[Path], width: int, columns: int) -> Image.Image:
    """Lay the pictures out in rows, scaled to the width and cropped to twice the width."""
    gap, tallest = 12, 2 * width
    tiles = []
    for file in files:
        picture = without_margins(Image.open(file).convert("RGB"))
        picture = picture.resize((width, round(picture.height * width / picture.width)))
        tiles.append(picture.crop((0, 0, width, min(picture.height, tallest))))
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    height = sum(max(tile.height for tile in row) + gap for row in rows) + gap
    canvas = Image.new("RGB", (columns * (width + gap) + gap, height), (120, 120, 120))
    top = gap
    for row in rows:
        for place, tile in enumerate(row):
            canvas.paste(tile, (gap + place * (width + gap), top))
        top += max(tile.height for tile in row) + gap
    return canvas


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--sheets", type=Path)
    parser.add_argument("--only-sheets", action="store_true")
    parser.add_argument("--looks", default=",".join(LOOKS))
    options = parser.parse_args()
    looks = {name: LOOKS[name] for name in options.looks.split(",")}
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    os.environ["STUDY_DATA_DIR"] = str(output / "data")
    os.environ["DJANGO_SETTINGS_MODULE"] = "studyplatform.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in this thread
    import django

    django.setup()
    prepare(output)
    with server() as address:
        shoot(address, output, looks, only_sheets=options.only_sheets)
    if options.sheets:
        options.sheets.mkdir(parents=True, exist_ok=True)
        for name, sheet in SHEETS.items():
            if sheet.look == "*" and set(looks) != set(LOOKS):
                continue
            if files := sheet.files(output, looks):
                picture = laid_out(files, sheet.width, sheet.columns)
                page_sources.save(picture, options.sheets / f"pages-{name}.webp")


if __name__ == "__main__":
    main()
