"""Images of arms whose planned accuracy differs: unequal numbers are the design, and no fault."""

import numpy as np
import pandas as pd
import pytest

from tests.analysis.data_checks.test_checks import findings_of
from tests.analysis.data_checks.test_files_lists_and_counts import plan

pytestmark = pytest.mark.whole_report

RIGHT, WRONG = np.arange(9), np.arange(9, 13)  # the pool of 10 trials at 90 % and at 60 %


def window(kind: np.ndarray, count: int, rank: int) -> list[int]:
    """Return the person's images, by which all images of a kind are shown equally often."""
    return [int(kind[(rank * count + step) % len(kind)]) for step in range(count)]


@pytest.mark.parametrize("fault", [True, False])
def test_arms_with_planned_accuracies_are_compared_within_right_and_wrong_predictions(
    fault, tmp_path
):
    rng = np.random.default_rng(3)
    rows = []
    for number in range(120):
        arm, rank = ("low", "high")[number % 2], number // 2
        right, wrong = (6, 4) if arm == "low" else (9, 1)
        own = [*window(RIGHT, right, rank), *window(WRONG, wrong, rank)]
        if fault and arm == "low":  # the easiest images for everybody of an arm
            own = [*RIGHT[:6], *WRONG]
        rows += [
            (f"p{number:03d}", arm, f"i{one:02d}", right / 10, int(one < 9), rng.integers(1, 8))
            for one in own
        ]
    columns = ["participant", "arm", "image", "planned_accuracy", "prediction_correct", "rating"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "trials.csv", index=False)
    named = ", ".join(f'{column} = "{column}"' for column in columns)
    types = 'rating = "integer", planned_accuracy = "number", prediction_correct = "integer"'
    text = f'file = "trials.csv"\ninto = "trials"\ncolumns = {{ {named} }}\ntypes = {{ {types} }}'
    plan(tmp_path, text, "rating", "Usefulness")
    text = (tmp_path / "plan.toml").read_text(encoding="utf-8")
    arms = text.replace('"plain"', '"low"').replace('"map"', '"high"')
    (tmp_path / "plan.toml").write_text(arms, encoding="utf-8")
    found = findings_of("image_imbalance", tmp_path)
    assert [one.check for one in found] == ["image_imbalance"] * fault
