"""Every page of the panel asks the database as often on a large server as on a small one.

How much processor time the pages take is measured by ``python -m benchmarks.panel``.
"""

from collections.abc import Collection, Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from surveys.models import Study
from tests.panel.many_studies import grow
from tests.panel.test_every_url import address, every_row, world

__all__ = ["world"]  # a fixture


LISTING = (
    *("home", "study", "participants", "participant", "monitor", "data", "launch", "jobs", "job"),
    *("audit", "members", "places", "submissions", "bonuses", "feedback", "images", "review"),
)
"""Pages that list studies, people or what they did; the forms of a study list none of them."""


def pages(study: Study, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """The name and the address of every page of the panel that an owner may open."""
    for name, route, row in every_row():
        if names and name.removeprefix("panel:") not in names:
            continue
        if name.startswith("panel:") and row.method == "get" and "owner" in row.seen_by:
            yield name, address(route, {"slug": study.slug, **row.objects(study)})


def queries(browser: Client, study: Study, names: Collection[str]) -> dict[str, int]:
    """How many queries each page needs, the second time that it is opened."""
    found = {}
    for name, path in pages(study, names):
        browser.get(path)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get(path)
        found[f"{name} {path}"] = len(asked)
    return found


@pytest.mark.parametrize(
    ("studies", "people", "names"),
    [(12, 60, LISTING), pytest.param(100, 20_000, (), marks=pytest.mark.nightly)],
    ids=["few", "many"],
)
def test_every_page_needs_as_many_queries_with_many_studies_and_people(
    world, studies, people, names
):
    study, _ = world
    browser = Client()
    browser.force_login(User.objects.get(username="owner"))
    browser.get(reverse("panel:home"))
    few = queries(browser, study, names)
    grow(study, User.objects.get(username="owner"), studies=studies, people=people)
    assert browser.get(reverse("panel:home")).content.count(b'"/panel/studies/study-') >= 10
    many = queries(browser, study, names)
    assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}
    assert len(few) > (10 if names else 30)
    assert min(few.values()) > 0
