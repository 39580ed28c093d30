"""evaluate_explanations --study: exactly the maps that people see, and their analysis."""

import csv
import json
import re
from uuid import uuid4

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from explanations.attribution import Attribution
from explanations.evaluation import measuring
from explanations.evaluation.catalogue import MEASURES
from explanations.evaluation.measures.complexity import relative_entropy
from explanations.models import Explanation
from explanations.pipeline.data_folder import artefact_store
from explanations.store.artefacts import Artefact
from surveys.models import Study
from surveys.services.trials import explanations_of
from tests.surveys import factories
from tests.test_straight_line import STUDY

PLAN = """
[analysis.map_quality]
measures = ["deletion_blur", "entropy"]
outcomes = ["trust"]
"""
BLURRED = """
[[arms]]
key = "ig"
label = "Integrated Gradients"
method = "integrated_gradients"
baseline = "blurred"

[questionnaires]"""


@pytest.fixture(autouse=True)
def _measures_of_the_plan(monkeypatch):
    """Which maps are measured is tested here; every measure, in tests/explanations/evaluation."""
    planned = tuple(one for one in MEASURES if one.key in {"deletion_blur", "entropy"})
    assert len(planned) == 2
    monkeypatch.setattr(measuring, "MEASURES", planned)


def load(tmp_path, slug, *, computed=True):
    """A study of three scenes with three kinds of maps, one of them from another baseline."""
    call_command("import_images", data="scenes", split="test", limit=40, verbosity=0)
    text = STUDY.format(slug=slug, seed=3).replace("\n[questionnaires]", BLURRED)
    text = text.replace("right = 4\nwrong = 2", "right = 2\nwrong = 1")
    file = tmp_path / f"{slug}.toml"
    file.write_text(text.replace("[[analysis.outcomes]]", f"{PLAN}\n[[analysis.outcomes]]", 1))
    call_command("load_study", str(file), verbosity=0)
    if computed:
        call_command("precompute_explanations", study=slug, device="cpu", verbosity=0)
    return Study.objects.get(slug=slug)


def evaluated(study, output, **options):
    call_command(
        "evaluate_explanations", study=study.slug, output=output, subsample=2, without_limits=True,
        threads=1, **options,
    )  # fmt: skip
    with (output / "images.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def entropies(rows):
    return {
        (row["image"], row["method"]): float(row["value"])
        for row in rows
        if row["measure"] == "entropy"
    }


@pytest.mark.django_db
def test_the_maps_that_people_see_are_measured_as_they_are_stored_and_none_may_lack(
    tmp_path, capsys
):
    study = load(tmp_path, "shown")
    output = tmp_path / "out"
    rows = evaluated(study, output)
    assert re.search(r"About .+ left\.", capsys.readouterr().err)
    shown = {row.prediction.image.sha256 for row in study.stimuli.all()}
    methods = {"gradcam", "placebo", "integrated_gradients_blurred"}
    assert {row["image"] for row in rows} == shown
    assert {row["method"] for row in rows} - {"random", "edges", "centre", "chance"} == methods
    found = entropies(rows)
    stimuli = list(study.stimuli.select_related("prediction__image"))
    hashes = {row.pk: row.prediction.image.sha256 for row in stimuli}
    for condition in study.conditions.exclude(method=""):
        for stimulus, map_shown in explanations_of(condition, stimuli, simulated=False).items():
            stored = artefact_store().read(map_shown.stored).relevance
            value = found[hashes[stimulus], condition.method]
            assert value == pytest.approx(relative_entropy(stored))
    about = json.loads((output / "results.json").read_text())["about"]
    assert about["study"] == "shown"
    assert about["methods"]["integrated_gradients_blurred"]["baseline"] == "blurred"
    Explanation.objects.filter(method="placebo").delete()
    with pytest.raises(CommandError, match=r"maps of the study .shown. are missing\. Compute them"):
        evaluated(study, tmp_path / "again")


@pytest.mark.nightly
@pytest.mark.django_db
def test_a_stopped_evaluation_resumes(tmp_path):
    """The second run reads what the first one computed."""
    study, output = load(tmp_path, "shown"), tmp_path / "out"
    evaluated(study, output)
    numbers = {path: path.read_bytes() for path in (output / "work").rglob("*.jsonl")}
    evaluated(study, output)
    assert {path: path.read_bytes() for path in (output / "work").rglob("*.jsonl")} == numbers


def newer_map(explanation):
    """Another map of the same prediction, with a single pixel, as a later computation stores it."""
    relevance = np.zeros((32, 32), dtype=np.float32)
    relevance[0, 0] = 1
    key = uuid4().hex * 2
    with artefact_store().writer() as writer:
        note = {"flags": []}
        (stored,) = writer.append([Artefact.of(key, Attribution(relevance, diagnostics=note), {})])
    return Explanation.objects.create(
        prediction=explanation.prediction, method=explanation.method, key=key, sha256=stored.sha256,
        pack=stored.pack, offset=stored.offset, length=stored.length,
        parameters=explanation.parameters,
    )  # fmt: skip


@pytest.mark.nightly
@pytest.mark.django_db
def test_the_map_that_participants_saw_is_measured_even_if_there_is_a_newer_one(tmp_path):
    study = load(tmp_path, "seen")
    shown = study.stimuli.values("prediction")
    (old, *_) = Explanation.objects.filter(method="gradcam", prediction__in=shown).order_by("id")
    key = (old.prediction.image.sha256, "gradcam")
    # The control: before anybody came, the newest map is the one that people will see.
    newer = newer_map(old)
    assert entropies(evaluated(study, tmp_path / "before"))[key] == pytest.approx(0)
    newer.delete()
    call_command("open_study", "seen")
    people = [factories.allocated(Study.objects.get(slug="seen"), str(n)) for n in range(8)]
    assert any(person.trials.filter(explanation=old).exists() for person in people)
    newer_map(old)
    found = entropies(evaluated(study, tmp_path / "after"))
    stored = artefact_store().read(old.stored).relevance
    assert found[key] == pytest.approx(relative_entropy(stored))
    assert found[key] > 0.1


@pytest.mark.django_db
def test_what_does_not_fit_a_study_is_refused_with_the_cure(tmp_path):
    study = load(tmp_path, "early", computed=False)
    for options, said in (
        ({"images": 10}, "--images has no meaning"),
        ({"methods": "gradcam"}, "--methods has no meaning"),
        ({}, "no images yet: they are chosen with the maps. Compute them"),
    ):
        with pytest.raises(CommandError, match=said):
            evaluated(study, tmp_path / "out", **options)


@pytest.mark.nightly
@pytest.mark.django_db
def test_the_analysis_takes_the_measures_of_the_shown_maps(tmp_path):
    study = load(tmp_path, "joined")
    evaluated(study, tmp_path / "out")
    call_command("open_study", "joined")
    call_command("simulate_participants", "joined", n=24, seed=1)
    report = tmp_path / "report"
    call_command(
        "run_analysis", "joined", "--simulated-only", "--no-pdf", "--output", str(report),
        "--evaluation", str(tmp_path / "out"),
    )  # fmt: skip
    found = json.loads((report / "results.json").read_text())["optional_sections"]["map_quality"]
    assert {row["arm"] for row in found["methods"]} == {"gradcam", "placebo", "ig"}
    following = found["following"][0]
    # Every trial with a map is joined: 3 images in each of the three arms with maps.
    assert following["images"] == 3
