"""Sixty of six hundred images for each person, in a within-subjects design of five methods."""

import json
import time
from collections import Counter, defaultdict

import pytest
from django.core.management import call_command

from surveys.models import Trial
from surveys.study_checks import loading
from surveys.study_file.stored import definition
from tests.surveys import shipped
from tests.surveys.factories import allocated

NUMBERS = {
    "right = 2\nwrong = 1\nright_pool = 20": "right = 8\nwrong = 4\nright_pool = 400",
    "wrong_pool = 10": "wrong_pool = 200",
}


@pytest.fixture
def study(db, tmp_path, monkeypatch):
    """The shipped study of five methods, with the numbers of its comments and rows for images."""
    text = (shipped.ROOT / "studies" / "examples" / "five-methods.toml").read_text("utf-8")
    for old, new in NUMBERS.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = tmp_path / "five-methods.toml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(shipped, "IMAGES", 690)  # every third is predicted wrongly
    assert loading.parse(text).predictions_shown == (410, 200)
    return shipped.open_study(path)


@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore:Precision loss:RuntimeWarning")
def test_every_image_is_shown_equally_often_with_every_method_and_the_study_is_analysed(
    study, tmp_path
):
    call_command("simulate_participants", study.slug, n=10, seed=3)
    output = tmp_path / "report"
    call_command(
        "run_analysis", study.slug, "--simulated-only", "--no-pdf", "--output", str(output)
    )
    shown = json.loads((output / "results.json").read_text())["stimuli_shown"]
    assert {(one["fewest"], one["most"]) for one in shown["exposures"]} <= {(0, 1)}
    assert "Exposure of the images" in (output / "report.html").read_text()

    before = time.process_time()
    people = [allocated(study, f"person {number}", simulated=True) for number in range(50)]
    each = (time.process_time() - before) / len(people)
    assert each < 1, f"{each:.2f} s of processor time for each person"
    trials = Trial.objects.filter(stimulus__part="trials").values_list(
        "participant", "condition__key", "stimulus"
    )
    counts: dict[str, Counter] = defaultdict(Counter)
    seen: Counter = Counter()
    for person, condition, stimulus in trials:
        counts[condition][stimulus] += 1
        seen[person, stimulus] += 1
    assert max(seen.values()) == 1
    images = study.stimuli.filter(part="trials").values_list("pk", "prediction__is_correct")
    for one in counts.values():
        for is_right in (True, False):
            numbers = [one[pk] for pk, right in images if right == is_right]
            assert max(numbers) - min(numbers) <= 1
    assert definition(study).blocks == 5
