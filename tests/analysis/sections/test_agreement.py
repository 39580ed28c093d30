"""Shares of predictions accepted, by arm: means over the arm's own people."""

import pandas as pd
import pytest

from analysis.sections.agreement import agreement_by_arm
from analysis.study_data.study_data import read_study


def test_the_shares_of_an_arm_are_means_over_its_own_people(folder):
    found = {row.arm: row for row in agreement_by_arm(read_study(folder))}
    trials = pd.read_csv(folder / "trials.csv")
    people = pd.read_csv(folder / "participants.csv").set_index("participant")["arm"]
    assert set(found) == set(people)
    for name, right in (("agreement_right", 1), ("agreement_wrong", 0)):
        chosen = trials[trials["prediction_correct"] == right]
        shares = chosen.groupby("participant")["agreed"].mean()
        for arm, mean in shares.groupby(people.reindex(shares.index)).mean().items():
            assert getattr(found[arm], name).value == pytest.approx(mean)
    assert len({round(row.agreement_right.value, 6) for row in found.values()}) > 1
