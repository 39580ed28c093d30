"""The search for duplicates where a study gives each of several lists of images to many people."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.sections.data_checks.duplicates import duplicates
from analysis.sections.data_checks.material import Material
from analysis.study_data.study_data import read_study

LEVEL = 1e-3 / 21
PLAN = """
title = "Lists"
arms = ["plain", "map"]
control = "plain"

[source]

[[source.tables]]
file = "trials.csv"
into = "trials"
types = { liked = "integer", certainty = "number" }

[source.tables.columns]
participant = "who"
arm = "arm"
position = "nr"
image = "image"
prediction_correct = "right"
agreed = "agreed"
liked = "liked"
certainty = "certainty"

[[outcomes]]
key = "agreed"
label = "Agreed"
kind = "trial_mean"
column = "agreed"
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """96 people: twelve lists of 24 images, each seen by eight of them in one order. Answers depend
    on the image, and `certainty` is the classifier's."""
    rng = np.random.default_rng(5)
    folder = tmp_path_factory.mktemp("lists")
    images = pd.DataFrame(
        {
            "image": [f"i{number:03}" for number in range(288)],
            "right": rng.integers(0, 2, 288),
            "certainty": rng.uniform(0, 1, 288).round(2),
            "easy": rng.uniform(0.1, 0.9, 288),
            "nice": rng.integers(2, 7, 288),
        }
    )
    rows = []
    for person in range(96):
        seen = images.iloc[24 * (person // 8) : 24 * (person // 8 + 1)]
        rows.append(
            seen.assign(
                who=f"p{person:02}",
                arm=["plain", "map"][person % 2],
                nr=range(1, 25),
                agreed=(rng.uniform(size=24) < seen["easy"]).astype(int),
                liked=np.clip(seen["nice"] + rng.integers(-1, 2, 24), 1, 7),
            )
        )
    table = pd.concat(rows)[["who", "arm", "nr", "image", "right", "agreed", "liked", "certainty"]]
    table.to_csv(folder / "trials.csv", index=False)
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    return read_study(folder)


@pytest.mark.nightly
def test_people_with_one_list_are_no_duplicates(study):
    assert list(duplicates(Material(study, LEVEL))) == []


def test_a_person_who_is_in_the_data_twice_is_found_among_those_with_one_list(study):
    trials = study.trials.copy()
    source = trials[trials["participant"] == "p10"].set_index("position")
    copy = trials["participant"] == "p13"
    for name in ("agreed", "liked"):
        answers = source[name].reindex(trials.loc[copy, "position"])
        trials.loc[copy, name] = answers.to_numpy()
    (finding,) = duplicates(Material(replace(study, trials=trials), LEVEL))
    assert "“p10 and p13”" in finding.sentence
