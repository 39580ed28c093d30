"""What a trial's page costs: bytes to load and questions to the database."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from surveys import services
from surveys.models import Study
from tests.surveys.drawn import ARMS, drawn_study
from tests.surveys.people import go_on, in_arm

MOST_BYTES = 100_000
QUERIES = 9


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


@pytest.mark.parametrize("arm", ["none", "lime"])
def test_a_trial_page_weighs_less_than_100_kb_without_its_images(drawn, arm):
    browser, page, _ = in_arm(drawn, arm)
    text = Client().get(go_on(browser, page, 2).path).content
    files = re.findall(r'(?:src|href)="/static/([^"]+)"', text.decode())
    assert {"site.css", "surveys/timing.js", "surveys/sending.js"} <= set(files)
    sizes = {name: Path(finders.find(name)).stat().st_size for name in files}
    total = len(text) + sum(sizes.values())
    assert 10_000 < total < MOST_BYTES, sizes


def queries(path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert Client().get(path).status_code == 200
    return len(found)


def test_a_trial_page_asks_the_database_a_fixed_number_of_questions(drawn):
    counts = set()
    for arm in ("none", "gradcam"):
        browser, page, _ = in_arm(drawn, arm)
        trial = go_on(browser, page, 2)
        counts.add(queries(trial.path))
        counts.add(queries(go_on(browser, trial, 1).path))
    for number in range(20):
        services.enrol(study=drawn, arrival_key=f"more {number}")
    counts.add(queries(trial.path))
    assert counts == {QUERIES}
    assert len(ARMS) == 7
