"""Twelve tables that break analyses: each gives a right answer or one clear refusal.

Warnings are errors here, so that none can stand beside a number that means nothing.
"""

import json
import re

import pandas as pd
import pytest
from scipy import stats

from analysis.errors import TableError
from analysis.plan.plan import ANALYSES
from analysis.results import to_json
from analysis.run import analyse
from analysis.statistics.estimate import Estimate, HypothesisTest, NotEstimable
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS
from tests.analysis.tidy import edit, outcomes_of, results_of, write_study

pytestmark = pytest.mark.filterwarnings("error")

EXTRA = """
[[outcomes]]
key = "agreed_trials"
label = "Agreement, trial by trial"
kind = "trial_mean"
column = "agreed"
analysis = "binary_trials"

[[outcomes]]
key = "trust_ranks"
label = "First item of trust"
kind = "item"
item = "trust1"
analysis = "ranks"

[[outcomes]]
key = "sureness_by_class"
label = "Sureness by class"
kind = "trial_mean"
column = "sureness"
analysis = "repeated"
within = "true_class"

[[outcomes]]
key = "trust_by_block"
label = "Trust by experience"
kind = "scale"
scale = "trust"
analysis = "factorial"
factor = "half"
"""


def study(tmp_path, per_arm=6, arms=THREE_ARMS):
    """All kinds of outcome and every analysis, with a second factor between participants."""
    folder = write_study(tmp_path / "data", arms=arms, per_arm=per_arm)
    (folder / "manifest.json").unlink()
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text() + EXTRA)

    def halve(frame):
        place = frame.groupby("arm").cumcount()
        return frame.assign(half=["ab"[n % 2] for n in place])

    def describe(frame):
        row = {"file": "participants.csv", "column": "half", "type": "category"}
        frame.loc[len(frame)] = dict.fromkeys(frame.columns, "") | row
        return frame

    edit(folder, "participants.csv", halve)
    (folder / "manifest.json").unlink(missing_ok=True)
    edit(folder, "codebook.csv", describe)
    (folder / "manifest.json").unlink(missing_ok=True)
    return folder


def damage(folder, name, change):
    edit(folder, name, change)
    (folder / "manifest.json").unlink(missing_ok=True)
    return folder


def defined(text):
    """The text, in which no number is undefined."""
    text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r"\b(nan|inf|infinity)\b", text, re.IGNORECASE)
    return text


WHOLE = pytest.param("report", marks=[pytest.mark.nightly, pytest.mark.whole_report])


@pytest.fixture(params=["findings", WHOLE])
def outcomes(request):
    """Analyses a folder and gives the findings by outcome; the long form draws the whole report."""

    def analysed(folder):
        if request.param == "findings":
            results = results_of(folder)
            json.loads(defined(to_json(results)))
        else:
            out = folder.parent / "out"
            results = analyse(folder, out)
            json.loads(defined((out / "results.json").read_text(encoding="utf-8")))
            defined((out / "report.html").read_text(encoding="utf-8"))
        return {one.outcome.key: one.found for one in results.outcomes}

    return analysed


def only_refusals(value):
    """Whether a results object holds no number that claims something."""
    if isinstance(value, HypothesisTest):
        return False
    if isinstance(value, Estimate):
        return value.p is None
    if isinstance(value, tuple):
        return all(map(only_refusals, value))
    if hasattr(value, "__dataclass_fields__"):
        return all(only_refusals(getattr(value, name)) for name in value.__dataclass_fields__)
    return True


def refused(found, words):
    assert isinstance(found.test, NotEstimable), found.test
    assert words in found.test.reason


def test_the_study_itself_is_analysed_by_every_analysis(tmp_path, outcomes):
    """The control: without damage every outcome has its test, and `only_refusals` sees it."""
    found = outcomes(study(tmp_path))
    assert len(found) == 8
    assert not only_refusals(found["trust"])
    for key, one in found.items():
        assert isinstance(one.test, HypothesisTest), (key, one.test)
    assert {"one_way", "ranks", "repeated", "factorial", "binary_trials"} <= {
        analysis.key for analysis in ANALYSES
    }


def test_1_a_constant_outcome(tmp_path, outcomes):
    folder = study(tmp_path)
    damage(folder, "answers.csv", lambda f: f.assign(value="4"))
    damage(folder, "trials.csv", lambda f: f.assign(sureness="3", agreed="1"))
    found = outcomes(folder)
    refused(found["trust"], "scores equal 4")
    refused(found["trust_ranks"], "scores equal 4")
    refused(found["trust_by_block"], "do not vary within the cells")
    refused(found["sureness"], "scores equal 3")
    refused(found["sureness_by_class"], "no participant's scores differ")
    refused(found["agreed_trials"], "perfect separation")
    assert only_refusals(found["trust"])


def test_2_an_arm_that_is_empty(tmp_path, outcomes):
    folder = study(tmp_path)
    for name in ("participants.csv", "trials.csv", "answers.csv"):
        damage(folder, name, lambda frame: frame[frame["arm"] != "placebo"])
    found = outcomes(folder)
    for key in ("trust", "trust_ranks", "sureness"):
        refused(found[key], "“placebo” has 0")
    refused(found["agreed_trials"], "“placebo” has no trials of this outcome")
    assert isinstance(found["sureness_by_class"].test, HypothesisTest)  # needs no arms


def test_3_one_participant_per_arm(tmp_path, outcomes):
    found = outcomes(study(tmp_path, per_arm=1))
    for key in ("trust", "trust_ranks", "sureness"):
        refused(found[key], "at least 2 scores per arm")
    refused(found["agreed_trials"], "at least 2 participants per arm")
    assert only_refusals(found["trust"])


@pytest.mark.nightly
def test_4_perfect_separation(tmp_path, outcomes):
    folder = study(tmp_path)

    def separate(frame):
        return frame.assign(agreed=(frame["arm"] == "gradcam").astype(int).astype(str))

    damage(folder, "trials.csv", separate)
    found = outcomes(folder)
    refused(found["agreed_trials"], "perfect separation")
    for contrast in found["agreed_trials"].contrasts:
        assert isinstance(contrast.odds_ratio, NotEstimable)
        difference = contrast.risk_difference  # nobody varies within arms, so it has no test
        assert difference.value == (contrast.arm == "gradcam")
        assert difference.low < difference.value - 0.4
        assert difference.p is None
    refused(found["agreement_wrong"], "the scores must vary within every arm")


def test_5_everything_missing(tmp_path, outcomes):
    folder = study(tmp_path)
    damage(folder, "answers.csv", lambda frame: frame.assign(value=""))
    damage(folder, "trials.csv", lambda frame: frame.assign(agreed="", sureness=""))
    for found in outcomes(folder).values():
        assert isinstance(found.test, NotEstimable)
        assert only_refusals(found)


def test_6_duplicate_rows(tmp_path):
    folder = damage(study(tmp_path), "trials.csv", lambda f: pd.concat([f, f.iloc[[4]]]))
    with pytest.raises(
        TableError, match=r"columns participant \+ position, lines 6,.*Keep one row"
    ):
        read_study(folder)


def test_7_unbalanced_to_the_extreme(tmp_path, outcomes):
    """Two people against sixteen: the answer is Welch's, with its few degrees of freedom."""
    folder = study(tmp_path, per_arm=16)
    for name in ("participants.csv", "trials.csv", "answers.csv"):

        def thin(frame):
            people = pd.Series(frame.loc[frame["arm"] == "gradcam", "participant"].unique())
            return frame[~frame["participant"].isin(people.iloc[2:])]

        damage(folder, name, thin)
    found = outcomes(folder)["trust"]
    assert [arm.n for arm in found.arms] == [16, 2, 16]
    scores = score_table(read_study(folder))
    groups = [own["trust"].to_numpy() for _, own in scores.groupby("arm", sort=False)]
    assert found.test.p == pytest.approx(stats.f_oneway(*groups, equal_var=False).pvalue)
    contrast = next(one for one in found.contrasts if one.arm == "gradcam")
    assert contrast.difference.df < 2
    assert contrast.difference.high - contrast.difference.low > 5


def test_8_text_in_a_number_column(tmp_path):
    folder = study(tmp_path)
    damage(folder, "trials.csv", lambda f: f.assign(sureness=["quite", *f["sureness"][1:]]))
    with pytest.raises(
        TableError, match=r"column sureness, line 2: 'quite' must be a whole number"
    ):
        read_study(folder)


@pytest.mark.nightly
def test_9_ten_levels_with_one_row_each(tmp_path, outcomes):
    folder = study(tmp_path, per_arm=4)
    levels = [f"level{n}" for n in range(10)] + ["level9"] * 2
    damage(folder, "participants.csv", lambda frame: frame.assign(half=levels))
    found = outcomes(folder)["trust_by_block"]
    refused(found, "every cell needs participants")
    assert all(isinstance(one, NotEstimable) for one in found.aligned_ranks.values())


@pytest.mark.nightly  # by day, one participant per arm of three
def test_9_ten_arms_with_one_participant_each(tmp_path, outcomes):
    arms = {f"arm{n}": f"Arm {n}" for n in range(10)}
    ten = outcomes(study(tmp_path / "ten", per_arm=1, arms=arms))
    refused(ten["trust"], "at least 2 scores per arm")


@pytest.mark.parametrize("value", ["inf", "-inf", "Infinity", "1e999", "nan"])
def test_10_infinite_values(tmp_path, value):
    folder = study(tmp_path)

    def put(frame):
        return frame.assign(response_time_ms=[value, *frame["response_time_ms"][1:]])

    damage(folder, "trials.csv", put)
    with pytest.raises(TableError, match=r"column response_time_ms, line 2: .* must be a number"):
        read_study(folder)


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("codes", "fine"),
    [
        ("1=Disagree; 4=Neither; 7=Agree", True),
        pytest.param("1=No; not at all; 4=Neither; 7=Yes", True, marks=pytest.mark.nightly),
        ("1=Agree; 3=Neither; 2=Disagree", False),
        ("a=Agree; b=Disagree", False),
    ],
)
def test_11_unordered_likert_codes(tmp_path, codes, fine):
    folder = study(tmp_path)

    def recode(frame):
        return frame.assign(values=frame["values"].where(frame["item"] != "trust2", codes))

    damage(folder, "codebook.csv", recode)
    if fine:
        trust = outcomes_of(folder)[0]
        assert isinstance(trust.found.test, HypothesisTest)
    else:
        with pytest.raises(TableError, match="the codes of 'trust2' must be numbers in ascending"):
            read_study(folder)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_12_another_encoding(tmp_path, encoding):
    folder = study(tmp_path)
    path = folder / "answers.csv"
    path.write_text(path.read_text().replace("trust-v1", "trüst-v1"), encoding=encoding)
    with pytest.raises(
        TableError, match=r"answers\.csv cannot be read as a CSV table in UTF-8.*export_study"
    ):
        read_study(folder)
