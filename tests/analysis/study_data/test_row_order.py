"""The order of the rows in the files changes no digit of the results."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from analysis.results import compute, to_json
from analysis.sections.data_checks.section import data_checks
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, outcomes_of, write_study

BETWEEN = """control = "none"
arms = ["none", "gradcam", "placebo"]
covariates = ["experience"]

[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"

[[outcomes]]
key = "time"
label = "Response time"
kind = "trial_mean"
column = "response_time_ms"
transform = "log"
analysis = "linear_trials"

[[outcomes]]
key = "agreement"
label = "Agreement"
kind = "trial_mean"
column = "agreed"
analysis = "logistic_trials"
random = ["participant"]
"""
WITHIN = """control = "none"
arms = ["none", "gradcam", "placebo"]

[[outcomes]]
key = "time"
label = "Response time"
kind = "trial_mean"
column = "response_time_ms"
analysis = "paired"
within = "prediction_correct"

[[outcomes]]
key = "arms_by_time"
label = "Response time by correctness"
kind = "trial_mean"
column = "response_time_ms"
analysis = "mixed_anova"
within = "prediction_correct"
family = "secondary"
"""
ORDINAL = """control = "none"
arms = ["none", "gradcam", "placebo"]

[[outcomes]]
key = "sureness"
label = "Sureness"
kind = "trial_mean"
column = "sureness"
analysis = "ordinal_trials"
random = ["participant"]
"""
SOURCE = """title = "Another study"
control = "none"
arms = ["none", "gradcam", "placebo"]

[source]
randomised = true

[[source.tables]]
file = "trials.csv"
into = "trials"
columns = { participant = "participant", arm = "arm", image = "image", rating = "rating" }
types = { rating = "number" }

[[outcomes]]
key = "rating"
label = "Rating"
kind = "trial_mean"
column = "rating"

[[outcomes]]
key = "model"
label = "Rating by trial"
kind = "trial_mean"
column = "rating"
analysis = "linear_trials"
family = "secondary"
"""


def jittered(folder):
    """Decimals, whose sums depend on the order of the numbers."""
    rng = np.random.default_rng(8)

    def decimals(frame):
        times = frame["response_time_ms"].astype(float) * rng.uniform(0.9, 1.1, len(frame))
        return frame.assign(response_time_ms=times.map(repr))

    return edit(folder, "trials.csv", decimals)


def results(folder):
    """results.json without the files' hashes, and the scores."""
    data = read_study(folder)
    scores = score_table(data)
    document = json.loads(to_json(compute(data, scores)))
    del document["provenance"]
    return json.dumps(document, sort_keys=True), scores.to_csv(index=False)


def shuffled(folder, target, seed):
    shutil.copytree(folder, target)
    for name in ("participants.csv", "trials.csv", "answers.csv"):
        if (target / name).exists():
            table = pd.read_csv(target / name, dtype="str", keep_default_na=False)
            table.sample(frac=1, random_state=seed).to_csv(target / name, index=False)
    (target / "manifest.json").unlink(missing_ok=True)
    return target


def export(tmp_path, plan):
    folder = tmp_path / "data"
    write_study(folder, arms=THREE_ARMS, per_arm=5, seed=3, plan=plan)
    jittered(folder)
    (folder / "manifest.json").unlink()
    return folder


def foreign(tmp_path, plan):
    rng = np.random.default_rng(3)
    folder = tmp_path / "data"
    folder.mkdir()
    people = [f"p{n}" for n in range(24)]
    table = pd.DataFrame(
        {
            "participant": np.repeat(people, 6),
            "arm": np.repeat([list(THREE_ARMS)[n % 3] for n in range(24)], 6),
            "image": np.tile([f"i{n}" for n in range(6)], 24),
            "rating": rng.normal(3, 1, 144) + np.repeat(rng.normal(0, 1, 24), 6),
        }
    )
    table.to_csv(folder / "trials.csv", index=False)
    (folder / "plan.toml").write_text(plan, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("made", "plan"),
    [
        pytest.param(export, BETWEEN, id="between"),
        pytest.param(export, WITHIN, id="within", marks=pytest.mark.nightly),
        pytest.param(export, ORDINAL, id="ordinal", marks=pytest.mark.nightly),
        pytest.param(foreign, SOURCE, id="another study without positions"),
    ],
)
@pytest.mark.every_section
def test_shuffled_files_give_the_same_results_to_the_last_digit(tmp_path, made, plan):
    folder = made(tmp_path, plan)
    expected = results(folder)
    assert results(shuffled(folder, tmp_path / "shuffled", 1)) == expected


@pytest.mark.nightly
def test_sums_over_shuffled_rows_do_differ_without_a_fixed_order(tmp_path, monkeypatch):
    """The negative control: the same tables in the order of their files."""
    monkeypatch.setattr(
        "analysis.study_data.study_data.fixed_order",
        lambda frames, plan: {
            name: np.arange(len(frames[name]))
            for name in ("participants.csv", "trials.csv", "answers.csv")
        },
    )
    folder = export(tmp_path, WITHIN)
    changed = [results(shuffled(folder, tmp_path / f"s{seed}", seed)) for seed in (1, 2, 3)]
    assert any(other != results(folder) for other in changed)


def test_checks_of_neighbouring_rows_read_the_rows_as_they_are_in_the_file(tmp_path):
    folder = export(tmp_path, BETWEEN)
    target = shuffled(folder, tmp_path / "shuffled", 1)
    there = read_study(target)
    raw = pd.read_csv(target / "trials.csv", dtype={"image": "str"})
    pd.testing.assert_series_equal(
        there.in_file_order.trials["image"].astype(str), raw["image"].astype(str)
    )
    assert list(there.trials["image"]) != list(raw["image"])
    assert data_checks(there).findings == data_checks(read_study(folder)).findings


PARTS = """control = "none"
arms = ["none", "gradcam", "placebo"]

[[outcomes]]
key = "trust"
label = "Trust"
kind = "scale"
scale = "trust"
analysis = "paired"
within = "part"
"""


def test_the_earlier_of_two_parts_is_recognised_by_the_clock(tmp_path):
    """Shuffled answers once began with the later part, which turned the sign of the change."""
    folder = tmp_path / "data"
    write_study(folder, arms=THREE_ARMS, per_arm=8, seed=3, plan=PARTS)

    def twice(frame):
        own = frame[frame["questionnaire"] == "trust-v1"]
        others = frame[frame["questionnaire"] != "trust-v1"].assign(part="x", page="x")
        start = "2026-01-01T10:{}:00+00:00"
        before = own.assign(part="zero", page="zero", answered_at=start.format("01"))
        after = own.assign(part="after", page="after", answered_at=start.format("09"))
        return pd.concat([others.assign(answered_at=start.format("05")), before, after])

    edit(folder, "answers.csv", twice)
    (folder / "manifest.json").unlink()
    for target in (folder, shuffled(folder, tmp_path / "shuffled", 4)):
        (result,) = outcomes_of(target)
        assert [arm.arm for arm in result.found.arms] == ["zero", "after"]
