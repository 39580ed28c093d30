"""The study's table in docs/reproduction.md: written by its command, and never stale."""

import json
import re

import pytest

from analysis.run import analyse
from benchmarks.study_table import BEGIN, END, PAGE, RESULTS, block, read, written
from tests.analysis.conftest import quick_analysis
from tests.analysis.tidy import write_study

ARMS = {"none": "No explanation", "gradcam": "Grad-CAM", "lime": "LIME"}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_study(folder / "data", arms=ARMS, per_arm=30, seed=4, trust={"gradcam": 2.0})
    with quick_analysis():
        analyse(folder / "data", folder / "report")
    return read(folder / "report" / "results.json")


def test_the_page_has_the_numbers_of_the_shipped_report():
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, read(RESULTS)) == page, "Run: python -m benchmarks.study_table"


def test_a_changed_number_would_be_noticed():
    page, changed = PAGE.read_text(encoding="utf-8"), json.loads(RESULTS.read_text())
    changed["outcomes"][0]["p_adjusted"] = 0.1234
    assert written(page, changed) != page


def test_every_outcome_has_its_test_and_the_arms_that_differ(results):
    text = block(results)
    rows = [line for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(results["outcomes"])
    (trust,) = [row for row in rows if row.startswith("| Trust")]
    assert re.search(
        r"F\(2, [\d.]+\) = [\d.]+, p < \.001 \| < \.001 \| Grad-CAM \d\.\d\d \|", trust
    )
    assert text.startswith(BEGIN)
    assert text.endswith(END)
    assert "90 simulated participants in 3 arms saw 12 images" in text


def test_outcomes_that_are_not_shown_claim_no_arm(results):
    changed = json.loads(json.dumps(results))
    for outcome in changed["outcomes"]:
        outcome["p_adjusted"] = 0.2
    rows = [line for line in block(changed).splitlines() if line.startswith("| ")][1:]
    assert all(row.endswith("| .200 | – |") for row in rows)


def test_the_block_is_replaced_and_nothing_else(results):
    page = f"Before.\n{BEGIN}\nold\n{END}\nAfter.\n"
    again = written(page, results)
    assert again.startswith(f"Before.\n{BEGIN}\n")
    assert again.endswith(f"\n{END}\nAfter.\n")
    assert "old" not in again
    assert written(again, results) == again
    for broken in ("", f"{END}\n{BEGIN}", f"{BEGIN}\n{BEGIN}\n{END}"):
        with pytest.raises(ValueError, match="needs the lines"):
            written(broken, results)
