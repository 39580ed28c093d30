"""Every page of the panel asks the database as often on a large server as on a small one.

How much processor time the pages take is measured by ``python -m benchmarks.panel``.
"""

from collections.abc import Iterator

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


def pages(study: Study) -> Iterator[tuple[str, str]]:
    """The name and the address of every page of the panel that an owner may open."""
    for name, route, row in every_row():
        if name.startswith("panel:") and row.method == "get" and "owner" in row.seen_by:
            yield name, address(route, {"slug": study.slug, **row.objects(study)})


def queries(browser: Client, study: Study) -> dict[str, int]:
    """How many queries each page needs, the second time that it is opened."""
    found = {}
    for name, path in pages(study):
        browser.get(path)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            browser.get(path)
        found[f"{name} {path}"] = len(asked)
    return found


@pytest.mark.parametrize(
    ("studies", "people"), [(12, 120), pytest.param(100, 20_000, marks=pytest.mark.nightly)]
)
def test_every_page_needs_as_many_queries_with_many_studies_and_people(world, studies, people):
    study, _ = world
    browser = Client()
    browser.force_login(User.objects.get(username="owner"))
    browser.get(reverse("panel:home"))
    few = queries(browser, study)
    grow(study, User.objects.get(username="owner"), studies=studies, people=people)
    assert browser.get(reverse("panel:home")).content.count(b'"/panel/studies/study-') >= 10
    many = queries(browser, study)
    assert {page: (few[page], many[page]) for page in few if many[page] > few[page]} == {}
    assert len(few) > 30
    assert min(few.values()) > 0
