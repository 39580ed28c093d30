"""Every answer of a server has the security headers, and cookies that no other host can set."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client, override_settings

from explanations.pipeline.weights_registry import RegistryError, weights_file
from studyplatform.security import HEADERS
from tests.conftest import ROOT
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin

SERVER = """
import django
django.setup()
from django.conf import settings
from django.test import Client
client = Client(HTTP_HOST="study.example.org")
redirected = client.get("/panel/")
print(redirected.status_code, redirected["Location"], *sorted(redirected.headers))
print(settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
"""


def test_the_redirect_to_https_has_the_headers_and_cookies_are_bound_to_the_host(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SERVER], cwd=ROOT, text=True, capture_output=True, check=True,
        env={
            "PATH": os.environ["PATH"], "STUDY_SECRET_KEY": "k" * 50, "STUDY_DEBUG": "0",
            "STUDY_ALLOWED_HOSTS": "study.example.org", "STUDY_DATA_DIR": str(tmp_path / "var"),
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
        },
    )  # fmt: skip
    redirected, cookies = done.stdout.splitlines()
    status, location, *names = redirected.split()
    assert (status, location) == ("301", "https://study.example.org/panel/")
    assert set(HEADERS) <= set(names)
    assert cookies == "__Host-sessionid __Host-csrftoken"


def test_every_answer_has_the_headers(client, admin_client):
    for browser, path in (
        *((client, path) for path in ("/", "/health/", "/missing/", "/s/none/", "/?q=%00")),
        *((admin_client, path) for path in ("/panel/", "/admin/")),
        (client, "/static/surveys/site.css"),
        (client, "/api/v1/studies/"),
    ):
        answer = browser.get(path)
        assert not {name for name in HEADERS if name not in answer.headers}, path


def test_on_localhost_cookies_keep_their_plain_names():
    """A name with __Host- needs https, which nobody has while developing."""
    assert (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME) == ("sessionid", "csrftoken")


def test_a_participant_s_cookie_is_bound_to_https_and_one_from_before_still_counts(db, tmp_path):
    study = drawn_study(tmp_path)
    _, _, person = begin(study)
    plain = Client()
    answer = plain.post(f"/s/{study.slug}/go-on/", {"personal_code": person.personal_code})
    assert set(answer.cookies) == {"participation"}
    with override_settings(SESSION_COOKIE_SECURE=True):
        secure = Client()
        answer = secure.post(f"/s/{study.slug}/go-on/", {"personal_code": person.personal_code})
        assert set(answer.cookies) == {"__Secure-participation"}
        assert answer.cookies["__Secure-participation"]["secure"]
        for browser in (plain, secure):
            assert browser.get(f"/s/{study.slug}/")["Location"] == f"/p/{person.code}/"


@pytest.mark.parametrize("path", ["/?q=%00", "/s/any/?language=%00", "/admin/?q=a%00b"])
def test_a_nul_character_in_an_address_is_refused_on_every_database(db, client, path):
    assert client.get(path).status_code == 400
    assert client.get(path.replace("%00", "0")).status_code != 400  # control


@pytest.mark.parametrize(
    "named",
    ["/etc/shadow", "/etc/shadow.safetensors", "/nowhere/a.safetensors", "../../../etc/x",
     "../../../../../../etc/passwd.safetensors", "weights/../../../x.safetensors"],
)  # fmt: skip
def test_a_study_file_names_no_file_outside_whether_or_not_it_exists(settings, named):
    settings.WEIGHTS_FOLDERS = []
    with pytest.raises(RegistryError, match="outside of the project's and the data folder"):
        weights_file(named)


def test_a_study_file_names_weights_of_the_project_and_of_the_data_folder(settings):
    """Control."""
    settings.WEIGHTS_FOLDERS = []
    assert weights_file("weights/any.safetensors") == ROOT / "weights" / "any.safetensors"
    assert weights_file("mine").is_relative_to(settings.DATA_DIR)
    assert weights_file(str(settings.DATA_DIR / "x.safetensors"))
