"""A design with what an online study needs, written from docs/studies.md alone, to its report.

Consent with a PDF and check boxes, screener, branching, a text and a time limit in each trial, a
bonus, gender in people's own words, an end after failed checks, two sessions, Prolific.
"""

import json

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from studyplatform.panel import preview
from surveys.models import FollowUp
from surveys.services.documents import store_document
from surveys.study_checks import loading
from surveys.study_file.stored import definition
from tests.surveys import shipped

PDF = b"%PDF-1.4\n%%EOF\n"
TEXT = """
slug = "online"
title = "Pictures and a classifier"
seed = 20261129

[consent]
version = "1"
summary = "You look at pictures for ten minutes, and answer five questions a week later."
text = "Who we are, what you do, your data, your rights, the session after a week."
pdf = "information.pdf#{sha256}"
[[consent.checks]]
key = "adult"
text = "I am at least 18 years old."

[debrief]
text = "What the study was about."

[images]
set = "scenes"

[classifier]
weights = "weights/scenes.safetensors"

[[arms]]
key = "none"
label = "No explanation"
[[arms]]
key = "gradcam"
label = "Grad-CAM"
method = "gradcam"

[[parts]]
kind = "questionnaire"
questionnaire = "demographics-v2"
[[parts]]
kind = "questionnaire"
questionnaire = "ai-experience-v2"
[parts.show_items]
following = [{{ item = "classifier_experience", one_of = ["used", "studied", "worked"] }}]
[[parts]]
kind = "text"
key = "novices"
heading = "A word first"
text = "A classifier is a program that says what a picture shows."
show_if = [{{ item = "use", at_most = 2 }}]
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
right = 2
wrong = 2
attention = 2
free_text = "reason"
limit_seconds = 60
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
key = "trust-now"
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
key = "trust-later"
session = "week"

[[endings]]
key = "colours"
heading = "This study needs people who tell colours apart"
text = "Thank you for your interest."
when = [{{ item = "colour_vision", one_of = ["red_green", "other"] }}]
code = "SCREENED"
paid = true
[[endings]]
key = "inattentive"
heading = "This is the end of the study"
text = "Two questions asked for a particular answer, and you chose others."
failed_attention = 2
code = "CHECKS"
replace = true

[[sessions]]
key = "week"
heading = "A week later"
text = "Thank you for coming back."
after_days = 7
window_days = 3
code = "WEEK"
study_id = "6b0000000000000000000002"

[recruitment]
kind = "prolific"
pay = 2.00
currency = "GBP"
[recruitment.codes]
complete = "COMPLETE"

[bonus]
rule = "accuracy"
per_right = 0.10
maximum = 0.40

[analysis]
control = "none"
[[analysis.outcomes]]
key = "trust"
label = "Trust on the first day"
kind = "scale"
scale = "trust"
where = {{ part = "trust-now" }}
[[analysis.outcomes]]
key = "trust_later"
label = "Trust after a week"
kind = "scale"
scale = "trust"
where = {{ part = "trust-later" }}
family = "secondary"
"""


def text() -> str:
    return TEXT.format(sha256=store_document(PDF))


@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
def test_the_design_loads_with_all_that_it_declares():
    study = loading.parse(text())
    assert [one.key for one in study.endings] == ["colours", "inattentive"]
    assert [one.key for one in study.sessions] == ["week"]
    assert study.branches
    assert study.bonus is not None
    assert study.consent.document is not None


@pytest.mark.nightly
@pytest.mark.usefixtures("_data_in_a_folder_of_its_own")
@pytest.mark.django_db
def test_the_design_is_previewed_simulated_and_analysed(tmp_path):
    path = tmp_path / "online.toml"
    path.write_text(text(), encoding="utf-8")
    study = shipped.open_study(path)
    panel = Client()
    panel.force_login(User.objects.create_superuser("researcher"))
    for arm in study.arms.values_list("key", flat=True):
        for page in preview.pages(study):
            place = {"slug": study.slug, "arm": arm, "language": "en", "number": page.number}
            assert panel.get(reverse("preview:page", kwargs=place)).status_code == 200
    call_command("simulate_participants", study.slug, n=60, seed=3, profile="null")
    ends = set(study.participants.values_list("state", "ending"))
    assert {("completed", ""), ("ended", "colours")} <= ends
    assert FollowUp.objects.filter(completed_at__isnull=False).exists()
    output = tmp_path / "report"
    call_command(
        "run_analysis", study.slug, "--simulated-only", "--no-pdf", "--output", str(output)
    )
    results = json.loads((output / "results.json").read_text())
    assert [one["outcome"]["key"] for one in results["outcomes"]] == ["trust", "trust_later"]
    lost = [one["lost"] for one in results["study_flow"]["attrition"]]
    assert "did not complete the session 'week'" in lost
    early = {one["key"]: one for one in results["study_flow"]["early_ends"]}
    assert early["colours"]["before_allocation"] > 0
    assert "screened out" in (output / "report.html").read_text()
    assert definition(study).sessions
