"""Two arms of one study show the same method with other numbers of samples."""

import csv
import json

import pytest

from analysis.sections.stimuli_shown import stimuli_shown
from analysis.study_data.study_data import read_study
from explanations.models import Explanation
from studyplatform.preregistration import Circumstances, registration_of
from surveys import quizzes, services
from surveys.services import StudyError
from surveys.study_file.stored import definition
from tests.surveys.drawn import drawn_study, explain_by
from tests.surveys.factories import allocated, export_closed

FEW, STOPPING = "lime_samples_200", "lime_heat_samples_2000_within_0-2"
ARMS = """
[[arms]]
key = "few"
label = "Few samples"
method = "lime"
samples = 200

[[arms]]
key = "stopping"
label = "Until it is stable"
method = "lime"
drawing = "heat"
samples = 2000
tolerance = 0.2

[[arms]]
key = "usual"
label = "As usual"
method = "lime"
samples = 1000
"""


@pytest.fixture
def draft(db, tmp_path):
    return drawn_study(tmp_path, arms=("none",), extra=ARMS, opened=False)


def test_each_arm_has_a_method_of_its_own_and_the_default_is_the_method_itself(draft):
    expected = {"none": "", "few": FEW, "stopping": STOPPING, "usual": "lime"}
    assert dict(draft.conditions.values_list("key", "method")) == expected
    assert [shown.method for shown in definition(draft).conditions] == list(expected.values())
    assert quizzes.questions(FEW) == quizzes.questions("lime")
    assert quizzes.questions(STOPPING) == quizzes.questions("lime_heat")
    assert quizzes.questions(STOPPING) != quizzes.questions("lime")


def test_maps_of_other_samples_do_not_open_the_study(draft):
    assert Explanation.objects.filter(method="lime").exists()
    explain_by(draft, FEW)
    with pytest.raises(StudyError, match=f"'stopping' has 0 of 3 {STOPPING} maps"):
        services.open_study(study=draft)
    explain_by(draft, STOPPING)
    services.open_study(study=draft)


def test_codebook_report_preregistration_and_manifest_name_the_samples(draft, tmp_path):
    explain_by(draft, FEW)
    explain_by(draft, STOPPING)
    rows = list(Explanation.objects.filter(method=STOPPING).order_by("pk"))
    for number, row in enumerate(rows):
        row.parameters = {"samples": 2000, "tolerance": 0.2}
        row.diagnostics |= {"samples_used": 250 * 2 ** (number % 2)}
        row.save()
    services.open_study(study=draft)
    for number in range(8):
        allocated(draft, f"visit {number}", simulated=True)
    export_closed(study=draft, output=tmp_path / "data", simulated="only")
    labels = {
        FEW: "LIME, 200 samples",
        STOPPING: "LIME, heat map, 2,000 samples at most, tolerance 0.2",
        "lime": "LIME",
    }
    with (tmp_path / "data" / "codebook.csv").open(encoding="utf-8-sig", newline="") as file:
        (described,) = [
            row["values"]
            for row in csv.DictReader(file)
            if (row["file"], row["column"]) == ("trials.csv", "method")
        ]
    assert set(described.split("; ")) == {f"{key}={label}" for key, label in labels.items()}
    shown = stimuli_shown(read_study(tmp_path / "data"))
    assert {arm.arm: arm.maps for arm in shown.arms} == {
        "none": (), "few": (labels[FEW],), "stopping": (labels[STOPPING],), "usual": ("LIME",),
    }  # fmt: skip
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["maps"]) == set(labels)
    found = manifest["maps"][STOPPING]
    assert found["label"] == labels[STOPPING]
    assert found["parameters"] == {"samples": 2000, "tolerance": 0.2}
    assert found["maps"] == draft.stimuli.count()
    assert 250 <= found["samples_used"]["smallest"] <= found["samples_used"]["largest"] <= 500
    assert "samples_used" not in manifest["maps"][FEW]
    document = registration_of(
        definition(draft), draft.source_sha256, Circumstances("2026-01-01T00:00:00+00:00", 0)
    )
    text = "".join(document.texts.values())
    assert all(label in text for label in labels.values())
