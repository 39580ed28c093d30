"""Studies whose people come from a recruitment service, and the addresses by which they come."""

from pathlib import Path

from surveys import services
from surveys.models import Study
from surveys.pages.kinds.attention import ITEM, expected
from surveys.services.stimuli import choose_stimuli
from surveys.simulation.browser import Browser, Page
from surveys.study_file.stored import definition
from tests.surveys.designs import design_text
from tests.surveys.factories import images, predict, write_weights
from tests.surveys.people import first_answers
from tests.surveys.snapshots import made_once

ARMS = """
[[arms]]
key = "none"
label = "No probability"
[[arms]]
key = "sure"
label = "Probability"
probability = true
"""
PARTS = """
[[parts]]
kind = "attention"
key = "look"
[[parts]]
kind = "trials"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
[[parts]]
kind = "attention"
key = "look-again"
"""
PROLIFIC = """
[recruitment]
kind = "prolific"
[recruitment.codes]
complete = "CDONE111"
screened_out = "CSCREEN1"
failed_attention = "CATTENT1"
withdrawn = "CLEFT111"
full = "CFULL111"
declined = "CNOTHNKS"
"""
SONA = """
[recruitment]
kind = "sona"
[recruitment.urls]
complete = "https://lab.sona-systems.com/webstudy_credit.aspx?experiment_id=7&survey_code={external_id}"
"""
SERVICE = """
[recruitment]
kind = "service"
name = "Panelists"
id_parameter = "pid"
[recruitment.urls]
complete = "https://service.example.org/end?status=1&id={external_id}"
withdrawn = "https://service.example.org/end?status=3&id={external_id}"
full = "https://service.example.org/end?status=4&id={external_id}"
"""
ANN = {
    "PROLIFIC_PID": "5a0000000000000000000001",
    "STUDY_ID": "6b0000000000000000000001",
    "SESSION_ID": "7c0000000000000000000001",
}
BEN = {
    "PROLIFIC_PID": "5a0000000000000000000002",
    "STUDY_ID": "6b0000000000000000000001",
    "SESSION_ID": "7c0000000000000000000002",
}


def recruited_text(
    weights: Path, recruitment: str = PROLIFIC, *, slug: str = "paid", places: int = 60
) -> str:
    """A study file of two trials and two attention checks."""
    text = design_text(weights, slug=slug, arms=ARMS, design=recruitment, parts=PARTS)
    return text.replace("places = 60", f"places = {places}")


@made_once
def recruited(
    folder: Path, recruitment: str = PROLIFIC, *, slug: str = "paid", places: int = 60
) -> Study:
    """The study, open."""
    images()
    weights = write_weights(folder / "dots.safetensors")
    study = services.load_study(recruited_text(weights, recruitment, slug=slug, places=places))
    predict(study)
    choose_stimuli(study)
    services.open_study(study=study)
    return study


def link(study: Study, ids: dict[str, str]) -> str:
    """The address by which the recruitment service sends a person."""
    return f"/s/{study.slug}/?" + "&".join(f"{name}={value}" for name, value in ids.items())


def come(study: Study, ids: dict[str, str], browser: Browser | None = None) -> tuple[Browser, Page]:
    """Follow the link and agree."""
    browser = browser or Browser()
    return browser, browser.send(browser.open(link(study, ids)), {})


def finish(study: Study, browser: Browser, page: Page, fail: int = 0) -> Page:
    """Answer all pages that are left, ``fail`` of the attention checks wrongly."""
    steps = {step.key: step for step in definition(study).steps}
    while "step" in page.hidden:
        answers = first_answers(page)
        step = steps[page.hidden["step"]]
        if step.kind == "attention":
            wanted = expected(study, step)
            answers[ITEM] = wanted if fail < 1 else "3"
            fail -= 1
        page = browser.send(page, answers)
    return page
