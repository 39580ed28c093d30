"""Pictures of the pages before and after a participation, such as refusals and errors.

Part of ``python -m benchmarks.screenshots``.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from playwright.sync_api import Page

if TYPE_CHECKING:
    from surveys.models import Participant, Study
    from surveys.recruitment.visitor import Visitor

ARRIVALS = 5
"""Number of new participants that the server allows in a minute (see ``_busy``)."""
STUDY = """
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
[[arms]]
key = "none"
label = "No probability"
[[arms]]
key = "sure"
label = "Probability"
probability = true
[[parts]]
kind = "trials"
right = 1
wrong = 1
attention = {checks}
[[parts]]
kind = "questionnaire"
questionnaire = "load-v2"
[allocation]
places = {places}
[pages]
resume_hours = 48
[recruitment]
kind = "prolific"
exclude = {exclude}
failed_checks = 1
[recruitment.codes]
complete = "C1A2B3C4"
withdrawn = "C9G0H1I2"
screened_out = "C3J4K5L6"
full = "C7M8N9O0"
{failed}
[analysis]
control = "none"
[[analysis.outcomes]]
key = "load"
label = "Load"
kind = "scale"
scale = "load"
"""
FAILED = "C5P6Q7R8"
STUDIES: Mapping[str, str] = {
    slug: STUDY.format(
        slug=slug,
        places=places,
        exclude=exclude,
        checks=checks,
        failed=f'failed_attention = "{FAILED}"' if checks else "",
    )
    for slug, places, exclude, checks in (
        ("entry", 60, "[]", 0),
        ("entry-second", 60, '["entry"]', 0),
        ("entry-small", 2, "[]", 0),
        ("entry-busy", 60, "[]", 0),
        ("entry-attention", 60, "[]", 1),
    )
}
ERRORS = ("400", "403", "403_csrf", "404", "500")


class Camera(Protocol):
    """Interface of the object that takes the pictures."""

    page: Page

    def take(self, name: str) -> None: ...

    def walk(self, name: str, pages: int | None = None, *, answer: int = 1) -> None: ...


def shoot(camera: Camera, address: str) -> None:
    """Take every page around a participation. The studies must be loaded and open."""
    _before(camera, address)
    _no_place(camera, address)
    _ends(camera, address)
    _errors(camera, address)


def _before(camera: Camera, address: str) -> None:
    page, ann = camera.page, new_ids()
    page.goto(link(address, "entry", new_ids()))
    camera.take("entry-00-consent")
    page.goto(f"{address}/s/entry-second/")
    camera.take("entry-01-unknown")
    _enrol("entry", ann)
    page.goto(link(address, "entry", ann | {"SESSION_ID": "another"}))
    camera.take("entry-02-begun")
    page.get_by_label("Personal code").fill("ABCD-EFGH-JKLM")
    page.locator("form .actions button").first.click()
    page.wait_for_selector("[aria-invalid]")
    camera.take("entry-03-begun-no-such-code")
    page.goto(link(address, "entry-second", ann))
    camera.take("entry-04-turned-away")


def _no_place(camera: Camera, address: str) -> None:
    from django.db import transaction
    from django.utils import timezone

    from surveys.models import Study
    from surveys.services import allocating

    page = camera.page
    for _ in range(ARRIVALS):
        _enrol("entry-busy", new_ids())
    page.goto(link(address, "entry-busy", new_ids()))
    page.locator("form .actions button").first.click()
    page.wait_for_selector("text=Please wait")
    camera.take("entry-05-busy")
    small = _study("entry-small")
    late = small.participants.order_by("pk").first() or _enrol("entry-small", new_ids())
    small.slots.filter(arm=None).update(held_since=timezone.now() - timedelta(hours=2))
    while _places_left(small):
        with transaction.atomic():
            allocating.allocate(_enrol("entry-small", new_ids()))
    page.goto(f"{address}/p/{late.code}/")
    camera.take("entry-06-place-lost")
    page.goto(link(address, "entry-small", new_ids()))
    page.locator("form .actions button").first.click()
    page.wait_for_selector("text=All places are taken")
    camera.take("entry-07-full")
    states = Study.objects.filter(slug="entry-second")
    states.update(state=Study.State.CLOSED)  # and back: the service closes for good
    page.goto(link(address, "entry-second", new_ids()))
    camera.take("entry-08-closed")
    states.update(state=Study.State.OPEN)


def _ends(camera: Camera, address: str) -> None:
    from django.utils import timezone

    from surveys import services
    from surveys.models import PageView, Participant

    page = camera.page
    page.goto(f"{address}/p/{_enrol('entry', new_ids()).code}/")
    camera.walk("entry-09-complete")
    page.goto(f"{address}/p/{_enrol('entry-attention', new_ids()).code}/")
    camera.walk("entry-attention", answer=2)  # the middle, which no attention check asks for
    page.wait_for_selector(f"text={FAILED}")
    stopped = _enrol("entry", new_ids())
    services.stop(participant=stopped)
    page.goto(f"{address}/p/{stopped.code}/")
    camera.take("entry-10-stopped")
    page.goto(f"{address}/p/{stopped.code}/withdraw/")
    with page.expect_navigation():
        page.locator("button[value=delete]").click()
    camera.take("entry-11-deleted")
    lapsed = _enrol("entry", new_ids())
    page.goto(f"{address}/p/{lapsed.code}/")
    away = timezone.now() - timedelta(hours=50)
    PageView.objects.filter(participant=lapsed).update(first_shown_at=away, last_shown_at=away)
    Participant.objects.filter(pk=lapsed.pk).update(consented_at=away)
    page.goto(f"{address}/p/{lapsed.code}/")
    camera.take("entry-12-lapsed")


def _errors(camera: Camera, address: str) -> None:
    from django.template.loader import render_to_string

    page = camera.page
    page.goto(f"{address}/p/{_enrol('entry', new_ids()).code}/")
    page.wait_for_selector("form[data-ready]")
    for group in page.locator("fieldset[role=radiogroup]").all():
        group.locator("label").first.click()
    page.evaluate("document.querySelector('[name=step]').value = 'trial:9'")
    page.locator("form .actions button").first.click()
    page.wait_for_selector("text=not your current page")
    camera.take("entry-13-out-of-turn")
    for number, name in enumerate(ERRORS, start=14):
        page.goto(address)  # where a developer's server would show the trace instead
        page.set_content(render_to_string(f"{name}.html"))
        camera.take(f"entry-{number}-error-{name}")


def _study(slug: str) -> "Study":
    from surveys.models import Study

    return Study.objects.get(slug=slug)


def _places_left(study: "Study") -> bool:
    from surveys.study_file.stored import definition

    return study.slots.exclude(arm=None).count() < definition(study).allocation.places


def new_ids() -> dict[str, str]:
    """Create the ids of a new participant at the recruitment service."""
    ids = {name: secrets.token_hex(12) for name in ("PROLIFIC_PID", "SESSION_ID")}
    return ids | {"STUDY_ID": "6b0000000000000000000001"}


def link(address: str, slug: str, ids: Mapping[str, str]) -> str:
    """Return the address with which the recruitment service sends the participant."""
    return f"{address}/s/{slug}/?" + "&".join(f"{name}={value}" for name, value in ids.items())


def _enrol(slug: str, ids: Mapping[str, str]) -> "Participant":
    from surveys import services

    key = secrets.token_urlsafe()
    return services.enrol(study=_study(slug), arrival_key=key, visitor=visitor(ids))


def visitor(ids: Mapping[str, str]) -> "Visitor":
    """Return the participant of the recruitment service with these ids."""
    from surveys.recruitment.visitor import Visitor

    return Visitor("prolific", ids["PROLIFIC_PID"], ids["SESSION_ID"])
