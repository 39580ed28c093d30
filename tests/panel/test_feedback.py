"""What participants say is wrong: listed by image, with pictures, and downloaded as a list."""

import csv
import io
import json

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studyplatform.models import AuditEntry
from surveys.export.feedback import FEWEST_WHILE_BLINDED, image_feedback
from surveys.export.writing import export_study
from surveys.models import Answer
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from tests.daily import daily
from tests.panel.conftest import SWITCHES, add_member, signed_in_and_confirmed
from tests.surveys.drawn import ARMS_THAT_DIAGNOSE as ARMS
from tests.surveys.drawn import diagnosed_study, drawn_study, trial_parts
from tests.surveys.factories import allocated, end_and_unblind, walk


@pytest.fixture
def asking(tmp_path, db):
    """A study that asks what is wrong, with members of each kind."""
    study = drawn_study(tmp_path, parts=trial_parts(more="diagnosis = true"), arms=ARMS)
    return with_members(study)


@pytest.fixture
def diagnosed(tmp_path, db):
    """The same with what 12 simulated people said."""
    return with_members(diagnosed_study(tmp_path))


def with_members(study):
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


def page_of(browser, study, **filters):
    return browser.get(reverse("panel:feedback", args=[study.slug]), filters)


def test_counts_pictures_and_maps_are_listed_by_image(diagnosed, signed_in):
    browser = signed_in("analyst")
    page = page_of(browser, diagnosed, simulated="yes")
    rows = page.context["rows"]
    assert [row.image for row in rows] == image_feedback(diagnosed, Q(simulated=True))
    for row in rows:
        assert [entry.method for entry in row.maps] == ["gradcam", "lime"]
        assert sum(entry.people for entry in row.maps) == row.image.with_map
        for name in ("image", "gradcam", "lime"):
            address = reverse(
                "panel:feedback-picture", args=[diagnosed.slug, row.image.stimulus, name]
            )
            assert f'src="{address}"' in page.content.decode()
            assert browser.get(address).content.startswith(b"\x89PNG")
        missing = reverse(
            "panel:feedback-picture", args=[diagnosed.slug, row.image.stimulus, "deepshap"]
        )
        assert browser.get(missing).status_code == 404


def test_a_study_that_does_not_ask_says_so(study, signed_in):
    page = page_of(signed_in("analyst"), study).content.decode()
    assert "If you tick “Also ask whether anything is wrong”" in page
    path = reverse("panel:feedback-csv", args=[study.slug])
    assert signed_in("analyst").get(path).status_code == 404


def test_a_picture_of_another_study_is_not_given(asking, tmp_path, signed_in):
    other_study = drawn_study(tmp_path, slug="other")
    add_member(other_study, "outsider", **SWITCHES["owner"])
    stimulus = asking.stimuli.first()
    path = reverse("panel:feedback-picture", args=[other_study.slug, stimulus.pk, "image"])
    assert signed_in("outsider").get(path).status_code == 404


def test_until_the_study_is_unblinded_no_number_is_by_arm(asking, signed_in):
    browser = signed_in("owner")
    for number in range(FEWEST_WHILE_BLINDED - 1):
        walk(allocated(asking, f"real {number}"))
    assert page_of(browser, asking).context["rows"] == []
    walk(allocated(asking, "one more"))
    rows = page_of(browser, asking).context["rows"]
    assert len(rows) == 3
    assert {entry.people for row in rows for entry in row.maps} == {None}
    end_and_unblind(asking)
    rows = page_of(browser, asking).context["rows"]
    assert {type(entry.people) for row in rows for entry in row.maps} == {int}


def test_comments_are_shown_as_text_and_never_run(asking, signed_in):
    for number in range(FEWEST_WHILE_BLINDED):
        walk(allocated(asking, f"real {number}"))
    said = Answer.objects.filter(item="diagnosis_comment").first()
    said.value = "<script>alert(1)</script>"
    said.save()
    page = page_of(signed_in("analyst"), asking).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.nightly
def test_the_queries_depend_neither_on_people_nor_on_images(asking, signed_in):
    browser, counts = signed_in("analyst"), []
    for people in (4, 9):
        simulate(study=asking, number=people, seed=people, profile=load("mixed"))
        page_of(browser, asking, simulated="yes")
        with CaptureQueriesContext(connection) as queries:
            assert page_of(browser, asking, simulated="yes").context["rows"]
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 25


@pytest.mark.parametrize("form", daily(["csv", "json"], 1))
def test_the_list_is_that_of_the_export_and_the_download_is_audited(diagnosed, tmp_path, form):
    export_study(study=diagnosed, output=tmp_path / "out", simulated="only")
    exported = (tmp_path / "out" / f"diagnoses.{form}").read_text(encoding="utf-8")
    path = reverse(f"panel:feedback-{form}", args=[diagnosed.slug])
    response = signed_in_and_confirmed("analyst").get(path, {"simulated": "yes"})
    assert response.content.decode() == exported
    assert f"diagnoses-{diagnosed.slug}.{form}" in response["Content-Disposition"]
    entry = AuditEntry.objects.filter(act="diagnoses downloaded").get()
    assert entry.after == {"simulated": True, "format": form}
    rows = (
        json.loads(exported)["records"]
        if form == "json"
        else list(csv.DictReader(io.StringIO(exported)))
    )
    assert [row["path"] for row in rows] == [
        image.path for image in image_feedback(diagnosed, Q(simulated=True))
    ]


def test_the_list_asks_who_it_is_if_the_last_answer_is_old(asking, signed_in):
    path = reverse("panel:feedback-csv", args=[asking.slug])
    response = signed_in("analyst").get(path)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_reauthenticate"))
