"""The gallery of published studies in the panel."""

import tomllib

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tests.panel.test_home import HOME

LIST = reverse("panel:published")
ALIENZOO = reverse("panel:published-study", args=["alienzoo"])


@pytest.fixture
def anybody(db, signed_in):
    User.objects.create_user("newcomer")
    return signed_in("newcomer")


def test_the_home_page_leads_to_every_study_with_its_source_and_its_verdicts(anybody):
    assert LIST in anybody.get(HOME).content.decode()
    page = " ".join(anybody.get(LIST).content.decode().split())
    for name in ("alienzoo", "nesl", "visual-correspondence"):
        assert reverse("panel:published-study", args=[name]) in page
    assert "Kuhl, U., Artelt, A., &amp; Hammer, B. (2022)" in page
    assert 'href="https://arxiv.org/abs/2205.05515"' in page
    # As docs/published.md says it.
    for said in ("97 equal", "9 coding slips", "3 differ", "4 not determinable", "30 equal"):
        assert f">{said}</span>" in page


def test_a_study_shows_each_number_and_can_be_narrowed_to_a_verdict(anybody):
    page = anybody.get(ALIENZOO).content.decode()
    assert page.count('<th scope="row"') == 113
    differing = anybody.get(ALIENZOO, {"verdict": "differs"}).content.decode()
    assert differing.count('<th scope="row"') == 3
    assert "a U with ties ends in .0 or .5, so a digit is mistyped" in differing


def test_a_plan_is_downloaded_and_other_files_are_not(anybody):
    got = anybody.get(reverse("panel:published-plan", args=["nesl", "text.toml"]))
    assert tomllib.loads(got.content.decode())["outcomes"]
    assert "attachment" in got["Content-Disposition"]
    for plan in ("study.toml", "audio", ".."):
        assert anybody.get(reverse("panel:published-plan", args=["nesl", plan])).status_code == 404
    for name in ("nobody", "tables"):
        assert anybody.get(reverse("panel:published-study", args=[name])).status_code == 404


def test_a_shipped_report_opens_and_a_missing_one_is_not_found(anybody):
    shown = anybody.get(reverse("panel:published-report", args=["alienzoo"]))
    assert LIST in shown.content.decode()
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert anybody.get(reverse("panel:published-report", args=["nesl"])).status_code == 404


def test_without_a_gallery_there_is_no_link(anybody, settings, tmp_path):
    settings.STUDIES_DIR = tmp_path
    assert LIST not in anybody.get(HOME).content.decode()
    assert "No published study is installed" in anybody.get(LIST).content.decode()
