"""Acts and settings of the audit in words that a researcher knows."""

import re

from django.urls import reverse

from studyplatform.audit import words
from studyplatform.templatetags.panel import setting_words
from surveys import services
from surveys.allocation import entries
from tests.conftest import ROOT

CALL = re.compile(r'(?:record|announce|_announce)\((?:\w|\.)+, "([a-z ]+)"')


def acts_of_the_code() -> set[str]:
    files = [*(ROOT / "studyplatform").rglob("*.py"), *(ROOT / "surveys").rglob("*.py")]
    named = {act for path in files for act in CALL.findall(path.read_text(encoding="utf-8"))}
    return named | entries.NOTED


def test_every_act_has_words_for_readers():
    assert len(acts_of_the_code()) > 15
    assert acts_of_the_code() - words.ACTS.keys() == set()


def test_settings_are_told_in_words_and_hashes_are_shortened():
    told = words.settings_in_words(
        {"state": "open", "before_end": True, "study_file_sha256": "ab" * 32, "formats": ["csv"]}
    )
    assert told == [
        ("State", "Running", ""),
        ("Before the end of collection", "yes", ""),
        ("Study file, SHA-256", "abababababab…", "ab" * 32),
        ("Formats", "csv", ""),
    ]


def test_a_job_is_told_as_on_its_own_page():
    asked = {"simulated": "only", "formats": ["csv", "spss"]}
    assert setting_words({"kind": "export", "arguments": asked}) == [
        ("Job", "Data export", ""),
        ("Asked for", "Data of simulated participants only; csv, spss", ""),
    ]
    # A kind of a later version keeps its name, and nothing asked for is not told.
    assert setting_words({"kind": "maps", "arguments": {}}) == [("Job", "Predictions and maps", "")]
    assert setting_words({"kind": "dream", "arguments": {}})[0] == ("Job", "dream", "")


def test_the_page_shows_words_and_the_file_keeps_the_names(study, signed_in):
    services.close_study(study=study)
    owner = signed_in("owner")
    page = owner.get(reverse("panel:audit", args=[study.slug])).content.decode()
    assert ">Collection ended</th>" in page
    assert "Running" in page
    file = owner.get(reverse("panel:audit-csv", args=[study.slug])).content.decode()
    assert '""state"": ""open""' in file
