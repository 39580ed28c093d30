"""What the script counts: nothing of a person's keys and clicks, and what a program does."""

import pytest

from surveys.models import Submission
from tests.browser.walking import begin, choose_first, ready, send, walk
from tests.surveys.drawn import drawn_study, trial_parts

pytestmark = pytest.mark.browser
ON = "[signals]\ncount = true"
WRITTEN = trial_parts(more='free_text = "reason"')
BY_SCRIPT = """
    async () => {
        for (const group of document.querySelectorAll("fieldset[role=radiogroup]")) {
            group.querySelector("input").click();
        }
        document.querySelector("textarea").value = "written by a program";
        document.querySelector("form").requestSubmit();
    }
"""


@pytest.fixture
def study(transactional_db, tmp_path, _data_in_a_folder_of_its_own):
    return drawn_study(tmp_path, arms=("none", "gradcam"), parts=WRITTEN, extra=ON)


def counted(number: int) -> dict:
    return Submission.objects.order_by("pk")[number].signals


def test_a_person_and_a_program_leave_different_counts(tab, address):
    begin(tab, address)
    walk(tab, 2)
    choose_first(tab)
    tab.locator("textarea").press_sequentially("as I see it")
    send(tab)
    person = counted(2)
    assert {key: person[key] for key in ("synthetic", "silent", "unprompted", "keyless")} == {
        "synthetic": 0, "silent": 0, "unprompted": 0, "keyless": 0,
    }  # fmt: skip
    assert (person["characters"], person["pasted"], person["webdriver"]) == (11, 0, 1)
    assert person["changes"] >= 2
    assert len(person["gaps"]) == person["changes"]

    ready(tab)
    with tab.expect_navigation():
        tab.evaluate(BY_SCRIPT)
    program = counted(3)
    assert program["synthetic"] == person["changes"] - 1  # all choices
    assert program["silent"] == 1  # the text
    assert program["changes"] == program["synthetic"] + program["silent"]

    ready(tab)
    for _ in range(tab.locator("fieldset[role=radiogroup]").count()):
        tab.keyboard.press("1")
    area = tab.locator("textarea")
    area.focus()
    tab.keyboard.insert_text("said, not typed")
    send(tab)
    by_keys = counted(4)
    assert (by_keys["synthetic"], by_keys["silent"]) == (0, 0), "number keys are a person's"
