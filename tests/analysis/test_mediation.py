"""Mediation against pingouin and statsmodels, and on data whose paths were planted."""

import json

import numpy as np
import pandas as pd
import pingouin
import pytest
import statsmodels.formula.api as smf

from analysis.errors import NotEstimableError, PlanError
from analysis.plan.reading import parse_plan
from analysis.run import analyse
from analysis.sections.mediation import paths
from analysis.statistics.estimate import NotEstimable
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import optional_of, page_of, write_study

PLAN = '\n[mediation]\noutcome = "sureness"\nmediators = ["understanding", "trust"]\nruns = 1000\n'


def table(n=400, seed=0, shared=0.0):
    """x → m1 (0.8) → m2 (0.5) → y (0.6), x → m2 (0.3), x → y (0.2), m1 → y (−0.4)."""
    rng = np.random.default_rng(seed)
    x = np.repeat([0.0, 1.0], n // 2)
    noise = rng.normal(size=(4, n))
    m1 = 0.8 * x + noise[0]
    m2 = 0.3 * x + 0.5 * m1 + noise[1] + shared * noise[3]
    y = 0.2 * x - 0.4 * m1 + 0.6 * m2 + noise[2] + shared * noise[3]
    return pd.DataFrame({"x": x, "m1": m1, "m2": m2, "y": y})


def of(frame, mediators=("m1", "m2"), weights=None):
    once = np.ones((1, len(frame)))
    return paths(
        frame[["x"]].to_numpy(),
        frame[list(mediators)].to_numpy(),
        frame["y"].to_numpy(),
        once if weights is None else weights,
    )


def test_one_mediator_is_what_pingouin_finds():
    frame = table()
    found = of(frame, ("m1",))
    theirs = pingouin.mediation_analysis(frame, x="x", m="m1", y="y", n_boot=50, seed=0).set_index(
        "path"
    )["coef"]
    assert found.indirect[(0,)][0, 0] == pytest.approx(theirs["Indirect"], abs=1e-10)
    assert found.direct[0, 0] == pytest.approx(theirs["Direct"], abs=1e-10)
    assert found.total[0, 0] == pytest.approx(theirs["Total"], abs=1e-10)


def test_serial_paths_are_products_of_least_squares_and_add_up():
    frame = table(seed=1)
    found = of(frame)
    first = smf.ols("m1 ~ x", frame).fit().params
    second = smf.ols("m2 ~ x + m1", frame).fit().params
    last = smf.ols("y ~ x + m1 + m2", frame).fit().params
    expected = {
        (0,): first["x"] * last["m1"],
        (1,): second["x"] * last["m2"],
        (0, 1): first["x"] * second["m1"] * last["m2"],
    }
    for through, value in expected.items():
        assert found.indirect[through][0, 0] == pytest.approx(value, abs=1e-10)
    total = found.direct[0, 0] + sum(expected.values())
    assert found.total[0, 0] == pytest.approx(total, abs=1e-10)


def test_a_row_that_counts_twice_is_a_row_that_stands_twice():
    frame = table(n=60)
    rng = np.random.default_rng(3)
    weights = rng.multinomial(60, np.full(60, 1 / 60)).astype(float)
    repeated = frame.loc[frame.index.repeat(weights.astype(int))].reset_index(drop=True)
    counted, stood = of(frame, weights=weights[None]), of(repeated)
    for through in counted.indirect:
        assert counted.indirect[through] == pytest.approx(stood.indirect[through])
    assert counted.critical == pytest.approx(stood.critical)


def test_the_critical_correlation_is_the_partial_correlation():
    frame = table(seed=2)
    first = pingouin.partial_corr(frame, "m1", "y", covar=["x"])["r"].iloc[0]
    second = pingouin.partial_corr(frame, "m2", "y", covar=["x", "m1"])["r"].iloc[0]
    assert of(frame).critical[0] == pytest.approx([first, second], abs=1e-9)


def test_a_common_cause_alone_is_explained_away_by_its_own_correlation():
    """No path from m2 to y, but noise that both share: ρ is what that noise makes it, 0.5."""
    rng = np.random.default_rng(5)
    n = 20_000
    shared, x = rng.normal(size=n), np.repeat([0.0, 1.0], n // 2)
    m = 0.5 * x + rng.normal(size=n) + shared
    y = rng.normal(size=n) + shared
    found = of(pd.DataFrame({"x": x, "m": m, "y": y}), ("m",))
    assert found.critical[0, 0] == pytest.approx(0.5, abs=0.02)


def test_a_constant_mediator_has_no_path():
    with pytest.raises(NotEstimableError, match="constant"):
        of(table().assign(m1=1.0))


def test_planted_effects_are_in_the_report_and_called_associations(tmp_path):
    folder = write_study(
        tmp_path / "data",
        arms=THREE_ARMS,
        per_arm=60,
        seed=2,
        trust={"gradcam": 1.5},
        understanding={"gradcam": 1.5},
    )
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + PLAN)
    results = analyse(folder, tmp_path / "out")
    found = results.optional_sections["mediation"]
    assert (found.participants, found.left_out, found.runs) == (180, 0, 1000)
    arm = next(one for one in found.arms if one.arm == "gradcam")
    assert [one.through for one in arm.by_path] == [
        ("Felt understanding of the classifier",),
        ("Trust in the classifier",),
        ("Felt understanding of the classifier", "Trust in the classifier"),
    ]
    assert arm.total.value == pytest.approx(arm.direct.value + arm.indirect.value)
    assert arm.indirect.low <= arm.indirect.value <= arm.indirect.high
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "not evidence of a cause" in report
    assert "Critical ρ" in report
    assert optional_of(folder)["mediation"] == found
    json.loads((tmp_path / "out" / "results.json").read_text())


def test_a_handful_of_people_is_refused_in_words(tmp_path):
    folder = write_study(tmp_path / "data", arms=THREE_ARMS, per_arm=4)
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + PLAN)
    results, report = page_of(folder)
    assert isinstance(results.optional_sections["mediation"], NotEstimable)
    assert "Mediation is not estimable: at least 10 participants per arm" in report


def test_a_plan_names_outcomes_once_and_runs_enough():
    document = {
        "arms": ["a", "b"],
        "control": "a",
        "outcomes": [{"key": "trust", "label": "Trust", "kind": "scale", "scale": "trust"}],
        "mediation": {"outcome": "trust", "mediators": ["trust", "other"], "runs": 3},
    }
    with pytest.raises(PlanError) as refused:
        parse_plan(document)
    text = str(refused.value)
    assert "mediation: other cannot be used, because the outcomes are trust." in text
    assert "names an outcome twice" in text
    assert "'runs' in [mediation] is 3. It must be from 200 to 100000." in text
