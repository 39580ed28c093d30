"""Outcomes of a questionnaire asked before and after, from the files to the page."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from analysis.apa_numbers import p_cell
from analysis.errors import PlanError, TableError
from analysis.outcomes.ancova import Ancova
from analysis.outcomes.mixed_anova import MixedAnova
from analysis.outcomes.paired import Paired
from analysis.outcomes.repeated import condition_means
from analysis.report.level_sentences import level_sentences
from analysis.report.paper.tables import paper_tables
from analysis.run import analyse
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.conftest import THREE_ARMS, quick_analysis
from tests.analysis.tidy import edit, outcomes_of, page_of, write_study

PLAN = """title = "Before and after"
control = "none"
arms = ["none", "gradcam", "placebo"]
"""
TIMES = """where = { part = "after" }
before = { part = "before" }
"""
ANALYSES = ("one_way", "ranks", "ancova", "mixed_anova", "paired", "repeated")


def outcome(analysis: str, more: str = TIMES) -> str:
    return (
        f'[[outcomes]]\nkey = "{analysis}"\nlabel = "Trust, {analysis}"\nkind = "scale"\n'
        f'scale = "trust"\nanalysis = "{analysis}"\n{more}'
    )


def asked_twice(frame: pd.DataFrame) -> pd.DataFrame:
    """Everybody's answers after, and before, when some items of some people were a point lower."""
    chosen = np.random.default_rng(2).random(len(frame)) < 0.7
    lower = frame["item"].isin(["trust1", "trust2", "trust4", "experience1"]) & chosen
    value = frame["value"].astype(int)
    before = frame.assign(value=value.where(~lower, (value - 1).clip(lower=1)).astype(str))
    parts = [before.assign(part="before"), frame.assign(part="after")]
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    plan = PLAN + "".join(map(outcome, ANALYSES))
    place = write_study(
        tmp_path_factory.mktemp("twice") / "data",
        arms=THREE_ARMS,
        per_arm=12,
        seed=8,
        trust={"gradcam": 1.2},
        plan=plan,
    )
    return edit(place, "answers.csv", asked_twice)


@pytest.fixture(scope="module")
def analysed(folder, tmp_path_factory):
    output = tmp_path_factory.mktemp("twice-output")
    with quick_analysis(sections=False, figures=True):
        return analyse(folder, output), output


def found(analysed, key):
    return next(result.found for result in analysed[0].outcomes if result.outcome.key == key)


def test_the_analyses_agree_where_they_must(analysed, folder):
    scores = score_table(read_study(folder))
    change = scores["one_way"]
    assert change.equals(scores["ranks"])
    assert (scores["ancova"] - scores["ancova.before"]).round(9).equals(change.round(9))
    paired, mixed, ancova = (found(analysed, key) for key in ("paired", "mixed_anova", "ancova"))
    assert isinstance(paired, Paired)
    assert isinstance(mixed, MixedAnova)
    assert isinstance(ancova, Ancova)
    assert paired.difference.value == pytest.approx(change.mean())
    assert [time.label for time in paired.arms] == ["before", "after"]
    # The change of an arm minus the control's is the difference in the table of one_way.
    for contrast, other in zip(mixed.contrasts, found(analysed, "one_way").contrasts, strict=True):
        assert contrast.difference.value == pytest.approx(other.difference.value)
        assert (contrast.reference, contrast.time) == ("before", "after")
    assert mixed.epsilon == pytest.approx(1)
    assert found(analysed, "repeated").test.name == "Wilcoxon signed-rank"
    assert found(analysed, "repeated").test.p == paired.wilcoxon.p


def test_the_page_names_the_times(analysed):
    page = (analysed[1] / "report.html").read_text(encoding="utf-8")
    assert "minus the score in the part “before”" in page
    assert "with the score in the part “before” as a covariate" in page
    assert "mean of “after” is higher than that of “before”" in page
    assert "trust (before)" in page  # reliability by time
    document = json.loads((analysed[1] / "results.json").read_text(encoding="utf-8"))
    times = [one["time"] for one in document["instruments"] if one["scale"] == "trust"]
    assert times == ["before", "after"]
    header = (analysed[1] / "scores.csv").read_text(encoding="utf-8").splitlines()[0]
    assert "ancova.before" in header.split(",")


def drawn(analysed, name):
    return pd.read_csv(analysed[1] / "figures" / f"{name}.csv").set_index("label")


def test_differences_means_and_adjusted_means_are_drawn_with_their_intervals(analysed):
    """These analyses once had no figure at all."""
    for key in ("paired", "repeated"):
        (row,) = drawn(analysed, f"contrasts-{key}").to_dict("records")
        expected = found(analysed, "paired").difference
        values = (expected.value, expected.low, expected.high)
        assert (row["value"], row["low"], row["high"]) == pytest.approx(values)
        assert row["filled"] == 1
    means = drawn(analysed, "scores-mixed_anova")
    cells = found(analysed, "mixed_anova").cells
    assert list(means["time"]) == [cell.time for cell in cells]
    assert list(means["low"]) == pytest.approx([cell.mean.low for cell in cells])
    assert list(drawn(analysed, "scores-ancova")["value"]) == pytest.approx(
        [arm.mean.value for arm in found(analysed, "ancova").adjusted]
    )
    for key in ("mixed_anova", "ancova"):
        contrasts = found(analysed, key).contrasts
        assert list(drawn(analysed, f"contrasts-{key}")["high"]) == pytest.approx(
            [contrast.difference.high for contrast in contrasts]
        )
    page = (analysed[1] / "report.html").read_text(encoding="utf-8")
    assert "difference within participants: after − before 0.3" in page
    assert "mean by arm and time: No explanation, before" in page
    assert "mean by arm at the covariates&#39; means: No explanation" in page


def test_the_arms_are_compared_at_each_time_and_the_outcomes_test_is_not_told_twice(
    analysed, folder
):
    results, output = analysed
    result = next(one for one in results.outcomes if one.outcome.key == "mixed_anova")
    by_level, mixed = result.by_level, result.found
    assert by_level.interaction == mixed.test == result.test
    assert by_level.slopes == ()
    means = {(one.level, one.scores.arm): one.scores.mean.value for one in by_level.scores}
    assert means == pytest.approx({(one.time, one.arm): one.mean.value for one in mixed.cells})
    wide = condition_means(read_study(folder), result.outcome).dropna()
    arm = {
        one: rows["arm"].iloc[0]
        for one, rows in score_table(read_study(folder)).groupby("participant")
    }
    arm_of = wide.index.map(arm)
    p = {}
    for one in by_level.contrasts:
        test = stats.ttest_ind(
            wide.loc[arm_of == one.arm, one.level],
            wide.loc[arm_of == "none", one.level],
            equal_var=False,
        )
        assert one.difference.p == pytest.approx(test.pvalue)
        p[one.level, one.arm] = test.pvalue
    adjusted = multipletests(list(p.values()), method="holm")[1]
    assert [one.p_adjusted for one in by_level.contrasts] == pytest.approx(adjusted)
    assert len(p) == 4
    sentences = level_sentences(result, results)
    assert len(sentences) == 1
    assert "interaction" not in sentences[0]
    page = (output / "report.html").read_text(encoding="utf-8")
    assert "M (SD) and 95% CI by arm and time of measurement" in page
    assert [one.by_level for one in results.outcomes if one is not result] == [None] * 5
    means, differences = paper_tables(results)[-2:]
    assert means.columns == ("Time of measurement", "No explanation", "Grad-CAM", "Placebo map")
    assert [row[0] for row in means.rows] == ["before", "after"]
    assert [row[-1] for row in differences.rows] == [p_cell(p) for p in adjusted]


def test_times_are_compared_by_the_part_as_well(folder, tmp_path):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN + outcome("paired", 'within = "part"\n'), encoding="utf-8")
    (one,) = outcomes_of(folder, plan=plan)
    plan.write_text(PLAN + outcome("paired"), encoding="utf-8")
    (other,) = outcomes_of(folder, plan=plan)
    assert one.found.difference == other.found.difference


def test_covariates_of_an_outcome_are_items_scales_and_columns(folder, tmp_path):
    plan = tmp_path / "plan.toml"
    covariates = '["experience@before", "trust1@before", "sequence"]'
    more = f'where = {{ part = "after" }}\ncovariates = {covariates}\n'
    plan.write_text(PLAN + outcome("ancova", more), encoding="utf-8")
    (result,) = outcomes_of(folder, plan=plan)
    assert [one.key for one in result.found.covariates] == [
        "experience@before",
        "trust1@before",
        "sequence",
    ]
    assert result.found.test.df == (2, 36 - 3 - 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (outcome("ancova", 'where = { part = "after" }\n'), "'ancova' needs before or covariates"),
        (outcome("one_way", 'before = { part = "before" }\n'), "before needs where"),
        (outcome("paired", TIMES + 'within = "part"\n'), "Give either within"),
        (outcome("paired", ""), "Give either within"),
        (outcome("one_way", TIMES + 'covariates = ["sequence"]\n'), "does not use 'covariates'"),
        (outcome("one_way", TIMES.replace('"before" }', '"after" }')), "name the same answers"),
        (
            outcome("one_way", TIMES.replace("before = { part", "before = { page")),
            "The answers have no page",
        ),
        (outcome("repeated", 'within = "condition"\n'), "no questionnaire was asked in each block"),
        (outcome("repeated", 'within = "arm"\n'), "are compared by part or block"),
        (
            '[[outcomes]]\nkey = "a"\nlabel = "A"\nkind = "trial_mean"\ncolumn = "agreed"\n'
            + 'before = { part = "before" }\n',
            "only a scale or an item has an earlier measurement",
        ),
        (
            outcome("ancova") + '[multiverse]\noutcomes = ["ancova"]\n',
            "whose covariates this section does not use",
        ),
        (
            outcome("one_way") + outcome("paired")
            + '[mediation]\noutcome = "one_way"\nmediators = ["paired"]\n',
            "whose times this section does not use",
        ),
    ],
)  # fmt: skip
def test_what_a_plan_says_of_times_is_obeyed_or_refused(folder, tmp_path, text, said):
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN + text, encoding="utf-8")
    with pytest.raises((PlanError, TableError)) as refused:
        read_study(folder, plan)
    assert said in str(refused.value)


def test_a_covariate_that_is_empty_for_everybody_is_named_in_the_report(tmp_path):
    """The mean of no values was once a warning of NumPy in place of a sentence."""
    more = 'where = { part = "after" }\ncovariates = ["experience1@before"]\n'
    place = write_study(
        tmp_path / "data", arms=THREE_ARMS, per_arm=6, seed=8, plan=PLAN + outcome("ancova", more)
    )

    def emptied(frame: pd.DataFrame) -> pd.DataFrame:
        twice = asked_twice(frame)
        gone = (twice["item"] == "experience1") & (twice["part"] == "before")
        return twice.assign(value=twice["value"].where(~gone, ""))

    results, page = page_of(edit(place, "answers.csv", emptied))
    said = "nobody has a value of the covariate 'experience1@before'"
    assert results.outcomes[0].found.test.reason.startswith(said)
    assert said.replace("'", "&#39;") in page


def test_two_files_of_one_group_are_compared_within_people(tmp_path):
    """R: t.test(c(5, 4, 5, 3, 5), c(3, 3, 4, 3, 4), paired = TRUE): t(4) = 3.162278, p = .03411."""
    before, after = [3, 3, 4, 3, 4], [5, 4, 5, 3, 5]
    for name, values in (("pre.csv", before), ("post.csv", after)):
        rows = "".join(f"p{number},{value}\n" for number, value in enumerate(values))
        (tmp_path / name).write_text("pid,liking\n" + rows, encoding="utf-8")
    tables = "".join(
        f'[[source.tables]]\nfile = "{part}.csv"\ninto = "answers"\n'
        'columns = { participant = "pid", value = "liking" }\n'
        f'constants = {{ questionnaire = "own", item = "liking", part = "{part}" }}\n'
        for part in ("pre", "post")
    )
    plan = (
        'title = "One group"\narms = ["all"]\n[source]\n' + tables + '[[source.items]]\n'
        'item = "liking"\nquestionnaire = "own"\nminimum = 1\nmaximum = 5\n'
        '[[outcomes]]\nkey = "liking"\nlabel = "Liking"\nkind = "item"\nitem = "liking"\n'
        'analysis = "paired"\nwithin = "part"\n'
    )  # fmt: skip
    (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
    (result,) = outcomes_of(tmp_path)
    assert [time.label for time in result.found.arms] == ["pre", "post"]
    assert result.found.test.statistic == pytest.approx(3.162278, abs=5e-7)
    assert result.found.test.p == pytest.approx(0.03411, abs=5e-6)
    (tmp_path / "plan.toml").write_text(
        plan.replace('analysis = "paired"\nwithin = "part"', 'analysis = "one_way"'),
        encoding="utf-8",
    )
    with pytest.raises(PlanError, match="compares arms, but the plan has one"):
        read_study(tmp_path)
