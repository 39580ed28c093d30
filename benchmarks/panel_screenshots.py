"""Pictures of the panel for its documentation, of a server that runs.

    python -m benchmarks.panel_screenshots OUTPUT --user NAME --draft SLUG --running SLUG \
        [--address http://localhost:8000]
    python -m benchmarks.panel_screenshots OUTPUT --user NAME --classifier SLUG

The user is signed in by the installation's own database and sees both studies: a draft, and a study
or a pilot that people have gone through. Writes OUTPUT/panel-PAGE.webp. With --classifier, it
writes classifier-form.webp and classifier-card.webp for a study with a registered classifier.
"""

import argparse
import os
from pathlib import Path
from typing import Any

import django
from PIL import Image
from playwright.sync_api import sync_playwright

# Playwright's own loop runs in this thread, which Django takes for an asynchronous context.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studyplatform.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from studyplatform.models import StudyText  # noqa: E402
from surveys.models import Study  # noqa: E402
from surveys.study_file.stored import definition  # noqa: E402

WIDTH, HEIGHT, HIGH = 1280, 860, 1240
PHONE = (390, 844)
SIZES = {
    **dict.fromkeys(("editor", "behaviour-form", "new-study", "explanations"), (WIDTH, HIGH)),
    "preview-phone": (640, HEIGHT),
}
"""Windows of pages that need another one, by the picture's name."""
LARGEST = 120_000
"""Bytes of a picture."""
PATIENCE = 120_000
"""Milliseconds that a page may take on a machine with other work."""
CHROMIUM, ARGUMENTS = "/usr/bin/chromium", ["--no-sandbox", "--disable-dev-shm-usage"]


def places(draft: str, running: str) -> dict[str, str]:
    """Return the path of each page by the picture's name."""
    text = StudyText.objects.get(study__slug=draft).pk
    return {
        "home": reverse("panel:home"),
        "steps": reverse("panel:study", args=[draft]),
        "editor": reverse("panel:edit-section", args=[text, "arms"]),
        "plan-form": reverse("panel:edit-section", args=[text, "plan"]),
        "behaviour-form": reverse("panel:edit-section", args=[text, "behaviour"]),
        "new-study": reverse("panel:new-study"),
        "images": reverse("panel:images", args=[draft]),
        "explanations": reverse("panel:explanations", args=[draft]),
        "preview-phone": f"{_first_trial(draft)}?size=phone",
        "launch": reverse("panel:launch", args=[draft]),
        "monitor": reverse("panel:monitor", args=[running]),
        "data": reverse("panel:data", args=[running]),
    }


def _first_trial(study: str) -> str:
    """Return the path of the preview of the first trial, in the last arm, which has a map."""
    of_study = Study.objects.get(slug=study)
    steps = definition(of_study).steps
    number = next(place for place, step in enumerate(steps, 1) if step.trial_position == 1)
    arm = of_study.arms.last()
    values = {"slug": study, "arm": arm.key if arm else "", "language": "en", "number": number}
    return reverse("preview:page", kwargs=values)


def signed_in(address: str, user: str) -> Any:
    """Return the cookie with which a browser is signed in as the user."""
    client = Client()
    client.force_login(User.objects.get(username=user))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}


def take_classifier(output: Path, address: str, user: str, study: str) -> None:
    """Take the form that registers a classifier, and the card of the study's classifier."""
    pages = {
        "classifier-form": (reverse("panel:register-classifier", args=[study]), ".panel-form"),
        "classifier-card": (
            reverse("panel:explanations", args=[study]),
            "section[aria-labelledby=classifier]",
        ),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
            reduced_motion="reduce",
        )
        page.context.add_cookies([signed_in(address, user)])
        page.set_default_timeout(PATIENCE)
        for name, (path, part) in pages.items():
            page.goto(address + path, wait_until="networkidle")
            page.eval_on_selector_all("details", "all => all.forEach(one => { one.open = true })")
            page.locator(part).first.screenshot(path=output / f"{name}.png")
            write(output / f"{name}.png", output / f"{name}.webp")
        browser.close()


def take(output: Path, address: str, user: str, paths: dict[str, str]) -> None:
    """Take the pictures, all light except one in the dark and one on a phone."""
    cookie = signed_in(address, user)
    looks = [
        (name, path, SIZES.get(name, (WIDTH, HEIGHT)), "light") for name, path in paths.items()
    ]
    looks.append(("steps-phone", paths["steps"], PHONE, "dark"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, path, (width, height), scheme in looks:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme=scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",
            )
            context.add_cookies([cookie])
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(address + path, wait_until="networkidle")
            page.wait_for_timeout(1500)  # the preview beside a form comes after the page
            page.screenshot(path=output / f"{name}.png")
            context.close()
            write(output / f"{name}.png", output / f"panel-{name}.webp")
        browser.close()


def write(source: Path, target: Path) -> None:
    """Write the picture as small as the documentation wants it, and remove the source."""
    with Image.open(source) as picture:
        for quality in (85, 70, 55, 40):
            picture.convert("RGB").save(target, quality=quality, method=6)
            if target.stat().st_size <= LARGEST:
                break
    source.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--user", required=True)
    parser.add_argument("--draft")
    parser.add_argument("--running")
    parser.add_argument("--classifier", help="a study, of which only the classifier is taken")
    parser.add_argument("--address", default="http://localhost:8000")
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    if asked.classifier:
        take_classifier(asked.output, asked.address, asked.user, asked.classifier)
        return
    if not (asked.draft and asked.running):
        parser.error("Give --draft and --running, or --classifier.")
    take(asked.output, asked.address, asked.user, places(asked.draft, asked.running))


if __name__ == "__main__":
    main()
