"""The page of submissions in Chromium, with decisions and differences, at three widths."""

import pytest

from studyplatform.models import SubmissionDecision
from surveys.models import Identity
from tests.browser import axe
from tests.browser.axe import flaws
from tests.browser.test_panel_accounts import WIDTHS
from tests.browser.test_panel_jobs import panel
from tests.surveys.recruitment.studies import ANN, BEN, come, finish, recruited

__all__ = ["panel"]  # a fixture
pytestmark = pytest.mark.browser


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    study = recruited(tmp_path)
    for ids, decision in ((ANN, "approve"), (BEN, "reject")):
        finish(study, *come(study, ids))
        person = Identity.objects.get(session_id=ids["SESSION_ID"]).participant
        SubmissionDecision.objects.create(participant=person, decision=decision, by="owner")
    return study


@pytest.mark.nightly
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_of_submissions_has_no_flaw_at_any_width(page, panel, study, tmp_path, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(panel(page, "submissions"))
    assert flaws(page) == []
    file = tmp_path / "list.csv"
    file.write_text(
        "Submission id,Participant id,Status,Completion code\n"
        f"{ANN['SESSION_ID']},{ANN['PROLIFIC_PID']},TIMED-OUT,\n"
    )
    page.get_by_label("List of submissions").set_input_files(str(file))
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text("ran out of time").wait_for()
    assert flaws(page) == []
    assert axe.width(page) <= width
