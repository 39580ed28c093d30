"""From an invitation to a report, as a researcher with nothing but a browser.

A server and a worker of their own run as ``make serve`` starts them, on an empty database.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from explanations.imagesets.decoding import encode_png
from explanations.imagesets.scene_set import SceneSet
from tests.browser.walking import choose_first, send
from tests.conftest import ROOT
from tests.jobs.test_serve import answers, until
from tests.panel.test_sign_in import code_at

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
PASSWORD = "an unusual long phrase"
IMAGES = 30
PEOPLE = 6
SECONDS = 900
"""How long a job may take on a busy machine."""
COLLEAGUES = {
    "viewer": (),
    "editor": ("Make changes",),
    "analyst": ("See data",),
    "owner": ("Make changes", "See data", "Owner"),
}
"""The switches that each colleague is given."""
SEEN = {
    "viewer": {"Preview"},
    "editor": {"Preview", "Study file"},
    "analyst": {"Preview", "Participants"},
    "owner": {"Preview", "Study file", "Participants"},
}
"""Which of these tabs each of them sees."""


@pytest.fixture
def site(tmp_path) -> Iterator[str]:
    """The address of an installation with an administrator and nothing else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = os.environ | {
        "STUDY_DATA_DIR": str(tmp_path / "var"),
        "DATABASE_URL": "",
        "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    manage = [sys.executable, "manage.py"]
    new = ["createsuperuser", "--noinput", "--username=chief", "--email=chief@example.org"]
    for command in (["migrate", "-v0"], new):
        subprocess.run([*manage, *command], cwd=ROOT, env=environment, check=True)
    served = subprocess.Popen(
        [*manage, "serve", place], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: answers(int(place.rpartition(":")[2])))
        yield f"http://{place}"
    finally:
        served.send_signal(signal.SIGTERM)
        served.wait(timeout=60)


@pytest.fixture
def person(chromium: "Browser") -> Iterator[Callable[[], "Page"]]:
    """Opens a browser of somebody who is nobody yet."""
    contexts = []

    def begin() -> "Page":
        context = chromium.new_context(viewport={"width": 1280, "height": 720})
        context.set_default_timeout(60_000)
        contexts.append(context)
        return context.new_page()

    yield begin
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """A zip file of drawn scenes in folders with the names of their classes."""
    path = tmp_path_factory.mktemp("pictures") / "own.zip"
    scenes = SceneSet(seed=4)
    with zipfile.ZipFile(path, "w") as packed:
        for number, entry in enumerate(scenes.entries("test")[:IMAGES]):
            scene = scenes.load("test", entry)
            packed.writestr(f"{scene.class_name}/{number}.png", encode_png(scene.pixels))
    return path


def press(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def follow(page: "Page", name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def tab(page: "Page", name: str) -> None:
    page.locator("nav.tabs").get_by_role("link", name=name, exact=True).first.click()


def done(page: "Page") -> None:
    """Wait on a job's page, which renews itself, until the job is over."""
    over = page.locator("main").get_by_text(re.compile("^(done|failed|cancelled)$")).first
    over.wait_for(timeout=1000 * SECONDS)
    assert over.inner_text() == "done", page.locator("main").inner_text()


def sign_in(page: "Page", site: str, name: str) -> None:
    page.goto(f"{site}/panel/")
    page.get_by_label("E-mail address or user name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def link_shown(page: "Page") -> str:
    """The link of an invitation, which is shown once."""
    return page.locator("input[readonly]").first.input_value()


def accept(page: "Page", link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, again").fill(PASSWORD)
    press(page, "Create the account")


def confirm(page: "Page", secret: str) -> None:
    """Say once more who one is, where that is asked."""
    if (
        page.locator("h1").inner_text() == "Is it you?"
        or page.get_by_label(re.compile("^Code from your app")).count()
    ):
        page.get_by_label(re.compile("^Code from your app")).fill(code_at(time.time(), secret))
        page.locator("main button").first.click()


def answer_all(page: "Page", most: int = 60) -> int:
    """Answer page after page to the end, and count them."""
    for number in range(most):
        if not page.locator("form [name=step]").count():
            return number
        choose_first(page)
        send(page)
    raise AssertionError("The study does not end.")


def test_from_an_invitation_to_a_report(site, person, pictures):
    # An account, and a second factor
    chief = person()
    sign_in(chief, site, "chief")
    follow(chief, "People")
    chief.get_by_label("E-mail address").fill("anna@example.org")
    press(chief, "Invite")
    anna = person()
    accept(anna, link_shown(chief), "Anna")
    follow(anna, "Your account: anna@example.org")
    follow(anna, "Set up an app")
    anna.get_by_text("I cannot scan it").click()
    secret = anna.locator(".key").inner_text()
    anna.get_by_label("Authenticator code").fill(code_at(time.time(), secret))
    press(anna, "Set up")
    assert anna.locator("h1").inner_text() == "Recovery codes"

    # A study from a design that ships
    follow(anna, "Studies")
    follow(anna, "Begin with a design")
    anna.get_by_label("Title").fill("My own pictures")
    anna.get_by_label("Short name").fill("own")
    anna.get_by_label("Judging the answers of a picture classifier").check()
    press(anna, "Begin")
    press(anna, "Save and create the study")
    assert anna.locator("h1").inner_text() == "My own pictures"
    study = f"{site}/panel/studies/own/"

    # Own images, predictions, texts, and maps by the worker
    tab(anna, "Images")
    follow(anna, "Upload images")
    anna.get_by_label("Images or zip files").set_input_files(pictures)
    press(anna, "Upload")
    assert anna.get_by_text(f"{IMAGES} images were stored.").count()
    press(anna, "Use these images in the study")
    press(anna, "Next: compute predictions and maps")
    done(anna)
    tab(anna, "Launch")
    follow(anna, "Edit the texts")
    for box in anna.locator("textarea").all():
        box.fill(re.sub(r"\[[^\]]*\]", "Example Lab", box.input_value()))
    press(anna, "Save and use in the study")
    tab(anna, "Explanations")
    assert anna.get_by_role("heading", name="Everything is computed").count()

    # A look at the pages, the sample, and the preregistration
    tab(anna, "Preview")
    assert anna.locator("h1").count() == 1
    anna.goto(f"{study}jobs/start/power/")
    for box in anna.get_by_label(re.compile("^Smallest effect on")).all()[1:]:
        box.fill("")
    anna.get_by_label("Smallest effect on “Trust in the classifier”").fill("0.8")
    anna.get_by_label("Largest arm to try").fill("40")
    anna.get_by_label("Simulated studies per point").fill("20")
    press(anna, "Simulate")
    done(anna)
    tab(anna, "Power and plan")
    follow(anna, "Read the preregistration")
    assert "Trust in the classifier" in anna.locator("body").inner_text()

    # Colleagues of every kind
    for name, switches in COLLEAGUES.items():
        anna.goto(f"{study}members/")
        anna.get_by_label("E-mail address").fill(f"{name}@example.org")
        for switch in switches:
            anna.get_by_label(switch, exact=True).check()
        press(anna, "Invite")
        confirm(anna, secret)
        colleague = person()
        accept(colleague, link_shown(anna), name)
        tabs = colleague.locator("nav.tabs a").all_inner_texts()
        assert {one for one in ("Preview", "Study file", "Participants") if one in tabs} == SEEN[
            name
        ]
        seen = colleague.goto(f"{study}participants/").status
        assert seen == (200 if "Participants" in SEEN[name] else 404)

    # The launch, and people in two browsers who take turns
    anna.goto(f"{study}launch/")
    follow(anna, "Launch the study")
    press(anna, "Launch the study")
    assert anna.get_by_text("Running").count()
    codes = []
    for _ in range(PEOPLE // 2):
        two = [person(), person()]
        for page in two:
            page.goto(f"{site}/s/own/")
            codes.append(re.search(r"\w{4}-\w{4}-\w{4}", page.content())[0])
            send(page)
            choose_first(page)
            send(page)
        for page in reversed(two):
            assert answer_all(page) > 10
            assert page.locator("h1").inner_text() == "Thank you"

    # A pause, an exclusion, and an erasure on request
    anna.goto(f"{study}launch/")
    press(anna, "Pause")
    assert person().goto(f"{site}/s/own/").status in (200, 403)
    late = person()
    late.goto(f"{site}/s/own/")
    assert not late.locator("form [name=arrival_key]").count()
    press(anna, "Resume")
    late.goto(f"{site}/s/own/")
    assert late.locator("form [name=arrival_key]").count()
    tab(anna, "Participants")
    assert anna.locator("table tbody tr").count() == PEOPLE
    anna.locator("table tbody a").first.click()
    anna.locator("summary", has_text="Exclude by hand").click()
    anna.get_by_label("Reason").fill("Wrote that a neighbour had answered.")
    press(anna, "Exclude")
    assert "Wrote that a neighbour had answered." in anna.locator("main").inner_text()
    tab(anna, "Participants")
    anna.get_by_label("Code").fill(codes[0])
    press(anna, "Show")
    anna.locator("table tbody a").first.click()
    anna.locator("summary", has_text="Erase everything on request").click()
    anna.get_by_label(re.compile("^This person asked for it")).check()
    press(anna, "Erase")
    confirm(anna, secret)
    assert "The receipt names nobody" in anna.locator("main").inner_text()
    tab(anna, "Participants")
    assert anna.locator("table tbody tr").count() == PEOPLE - 1

    # The end, the arms, the data and the report
    anna.goto(f"{study}launch/")
    follow(anna, "End collection")
    press(anna, "End collection")
    follow(anna, "Unblind the study")
    anna.get_by_label("Reason").fill("The sample is complete.")
    anna.get_by_label(re.compile("^I want to see the arms")).check()
    press(anna, "Unblind")
    tab(anna, "Data and reports")
    press(anna, "Export the data")
    done(anna)
    tab(anna, "Data and reports")
    press(anna, "Analyse and write the report")
    done(anna)
    job = anna.url
    with anna.expect_download() as download:
        follow(anna, "results.json")
        # On a busy machine, the last time that she said who she is is too long ago.
        confirm(anna, secret)
    assert download.value.path().stat().st_size > 10_000
    anna.goto(job)
    follow(anna, "Read the report")
    report = anna.locator("body").inner_text()
    assert "My own pictures" in report
    assert "Wrote that a neighbour had answered." in report

    # A folder that anybody may have, without the reason that was written about a person
    anna.goto(f"{study}data/")
    follow(anna, "Prepare a release")
    anna.get_by_label("People who share each combination of describing answers").fill("2")
    anna.get_by_label("Authors of the data").fill("A. Meyer")
    press(anna, "Make the release")
    done(anna)
    assert "numbers of the report are equal" in anna.locator("main").inner_text()

    # The audit contains all of it
    anna.goto(f"{study}audit/")
    kept = anna.locator("main").inner_text()
    assert kept.count("anna@example.org") > 10
