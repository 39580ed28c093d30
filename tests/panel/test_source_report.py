"""The page of the source report within the panel: the shipped one, or the one made here."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from studyplatform.panel import source_report_views
from studyplatform.panel.report_page import policy_of
from tests.panel.test_home import HOME

PAGE = reverse("panel:source-report")
OWN = "<html><head><style>p { color: red; }</style></head><body><p>Made here.</p></body></html>"


@pytest.fixture
def anybody(db, signed_in):
    User.objects.create_user("newcomer")
    return signed_in("newcomer")


def test_the_home_page_leads_to_the_shipped_page(anybody):
    assert PAGE in anybody.get(HOME).content.decode()
    shown = anybody.get(PAGE)
    text = shown.content.decode()
    assert "The source report, reproduced and judged" in text
    assert "As shipped with the program" in text
    assert f'href="{HOME}"' in text
    assert text.count('id="claim-') > 50


def test_the_page_has_the_policy_of_its_own_styles_and_no_script(anybody):
    shown = anybody.get(PAGE)
    policy = shown["Content-Security-Policy"]
    assert policy == policy_of(source_report_views.shipped_page().read_text())
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    # Without attributes of styles, the page looks as it does in a file.
    assert 'style="' not in shown.content.decode()


def test_a_page_of_this_installation_comes_first(anybody, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "Made here." not in anybody.get(PAGE).content.decode()
    (tmp_path / "source-report").mkdir()
    (tmp_path / "source-report" / "report.html").write_text(OWN)
    text = anybody.get(PAGE).content.decode()
    assert "Made here." in text
    assert "Made by this installation" in text


def test_without_any_page_there_is_no_link(anybody, settings, tmp_path):
    settings.DATA_DIR = settings.BASE_DIR = Path(tmp_path)
    assert anybody.get(PAGE).status_code == 404
    assert PAGE not in anybody.get(HOME).content.decode()


def test_nobody_reads_it_without_an_account(db, client):
    assert client.get(PAGE).status_code == 302
