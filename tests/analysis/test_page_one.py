"""Page one: what it answers, in which words, and how certain it is allowed to be."""

import json
import re
from dataclasses import replace

import pandas as pd
import pytest
from scipy import stats

from analysis.figures.overview import lines_of
from analysis.outcomes.answer import Answer, Difference, bonferroni, certainty
from analysis.outcomes.assumptions.assumption import Assumption
from analysis.plan.plan import Plan
from analysis.report.page_one.answers import answer_sentence, certainty_line
from analysis.report.page_one.robustness import decisions_elsewhere, what_would_change
from analysis.report.page_one.sample import day_text, overview_caption, sample_sentences
from analysis.results import Sensitivity
from analysis.sections.collection import Collection
from analysis.statistics.estimate import Bound, Estimate, NotEstimable
from analysis.study_data.exclusions.apply import ExclusionStep


def estimate(value, low, high, df=30.0, p=0.001):
    return Estimate("difference", value, low, high, 0.95, 40, "t", 2.0, df, p)


def with_answer(result, unit, *differences):
    return replace(result, answer=Answer(unit, "Bonferroni", differences))


def named(results, key):
    return next(one for one in results.outcomes if one.outcome.key == key)


@pytest.mark.parametrize(
    ("p_outcome", "p_comparison", "words"),
    [
        (0.0009999, 0.0001, "very strong evidence"),
        (0.001, 0.0001, "strong evidence"),
        (0.0001, 0.001, "strong evidence"),
        (0.0099999, 0.0001, "strong evidence"),
        (0.01, 0.0001, "moderate evidence"),
        (0.0499999, 0.0499999, "moderate evidence"),
        (0.05, 0.0001, "cannot be told"),
        (0.0001, 0.05, "cannot be told"),
        (None, 0.0001, "cannot be told"),
        (0.0001, None, "cannot be told"),
    ],
)
def test_words_for_certainty_change_exactly_at_the_borders(p_outcome, p_comparison, words):
    assert certainty(p_outcome, p_comparison, 0.05) == words


def test_a_stricter_alpha_turns_evidence_into_nothing_that_can_be_told():
    assert certainty(0.004, 0.004, 0.005) == "strong evidence"
    assert certainty(0.005, 0.004, 0.005) == "cannot be told"


def test_equivalence_is_said_only_where_no_difference_is_shown():
    assert certainty(0.2, 0.3, 0.05, equivalent=True) == "too small to matter"
    assert certainty(0.001, 0.001, 0.05, equivalent=True) == "strong evidence"


def test_an_interval_for_several_comparisons_is_the_interval_at_the_stricter_level():
    # The known answer is the t interval at 1 - .05 / 6, computed from the standard error itself.
    value, error, df, m = 0.8, 0.3, 17.0, 6
    half = stats.t.ppf(0.975, df) * error
    found = bonferroni(estimate(value, value - half, value + half, df), m)
    outer = stats.t.ppf(1 - 0.05 / (2 * m), df) * error
    assert found.low == pytest.approx(value - outer, rel=1e-12)
    assert found.high == pytest.approx(value + outer, rel=1e-12)
    assert bonferroni(found, 1) is found


def test_a_ratio_is_stretched_on_the_scale_of_its_logarithm():
    ratio = Estimate("odds ratio", 2.0, 1.0, 4.0, 0.95, 40, "Wald", 2.0, None, 0.04)
    found = bonferroni(ratio, 3, logarithmic=True)
    assert found.low * found.high == pytest.approx(4.0, rel=1e-12)
    assert found.low < 1.0 < 4.0 < found.high


def test_page_one_stands_first_and_without_hashes(planted_output):
    page = (planted_output / "report.html").read_text(encoding="utf-8")
    first = page[page.index("<body") : page.index('aria-labelledby="tests"')]
    assert "Trust in the classifier" in first
    assert "SHA-256" not in first
    assert "seed" not in first.lower()
    assert first.index("SIMULATED DATA") < first.index("<h1>")
    assert "What would change these conclusions" in first


def test_the_planted_effect_is_said_with_direction_size_scale_and_control(planted_results):
    result = named(planted_results, "trust")
    difference = next(one for one in result.answer.differences if one.arm == "gradcam").estimate
    said = answer_sentence(result, planted_results)
    assert said.startswith(f"“Grad-CAM” raised it by {difference.value:.2f} points (")
    assert f"({difference.low:.2f} to {difference.high:.2f})" in said
    assert "on the scale from 1 to 7 compared with “No explanation”." in said
    assert certainty_line(result, planted_results).startswith("Very strong evidence")


def test_shares_are_said_in_percentage_points(planted_results):
    result = named(planted_results, "agreement_wrong")
    difference = next(one for one in result.answer.differences if one.arm == "placebo").estimate
    said = answer_sentence(result, planted_results)
    assert f"“Placebo map” raised it by {100 * difference.value:.0f} percentage points" in said


def test_no_effect_is_never_said_but_how_large_it_may_still_be(planted_results):
    result = named(planted_results, "sureness")
    said = answer_sentence(result, planted_results)
    ends = [
        end for one in result.answer.differences for end in (one.estimate.low, one.estimate.high)
    ]
    low, high = min(ends), max(ends)
    assert low < 0 < high
    assert said == (
        f"No difference is shown: anything from {-low:.2f} points lower to "
        f"{high:.2f} higher remains possible on the scale from 1 to 5."
    )
    for result in planted_results.outcomes:
        assert "no effect" not in answer_sentence(result, planted_results).lower()


@pytest.mark.parametrize(
    ("unit", "low", "high", "words"),
    [
        ("share", -0.022, 0.0716, "anything from 2 percentage points lower to 7 higher remains"),
        ("share", 0.004, 0.0716, "anything from 0.4 to 7 percentage points higher remains"),
        ("share", -0.0716, -0.004, "anything from 7 to 0.4 percentage points lower remains"),
        ("milliseconds", -2771.5, 4550.9, "from 2,772 milliseconds lower to 4,551 higher remains"),
        ("chance", 0.39, 0.66, "with “A” may score higher in 39% to 66% of pairs of people"),
    ],
)  # fmt: skip
def test_what_remains_possible_has_both_ends(planted_results, unit, low, high, words):
    """A bound said of both directions would call possible what the interval rules out."""
    middle = estimate((low + high) / 2, low, high)
    one = Difference("a", "A", "No explanation", middle, 0.4, "cannot be told")
    result = with_answer(named(planted_results, "sureness"), unit, one)
    assert words in answer_sentence(result, planted_results)


def test_only_a_scale_with_known_ends_has_points(planted_results):
    one = Difference(
        "a", "A", "No explanation", estimate(-31.06, -69.56, 7.44), 0.1, "cannot be told"
    )
    result = with_answer(named(planted_results, "sureness"), "points", one)
    unknown = replace(result, score_range=(None, None))
    assert "anything from 69.56 lower to 7.44 higher remains" in answer_sentence(
        unknown, planted_results
    )
    assert "69.56 points lower" in answer_sentence(result, planted_results)


def test_an_end_that_is_not_zero_is_not_printed_as_zero(planted_results):
    one = Difference(
        "a", "A", "No explanation", estimate(-0.038, -0.072, -0.0043), 0.02, "moderate evidence"
    )
    said = answer_sentence(
        with_answer(named(planted_results, "agreement_wrong"), "share", one), planted_results
    )
    assert "lowered it by 4 percentage points (0.4 to 7)" in said


def test_what_tests_of_equivalence_rule_out_is_not_said_to_be_possible(planted_results):
    result = named(planted_results, "sureness")
    result = replace(result, outcome=replace(result.outcome, smallest_effect=0.5))

    def said(small):
        differences = [
            replace(one, certainty="too small to matter") if one.arm in small else one
            for one in result.answer.differences
        ]
        answer = replace(result.answer, differences=tuple(differences))
        return answer_sentence(replace(result, answer=answer), planted_results)

    everywhere = said({one.arm for one in result.answer.differences})
    assert "tests of equivalence rule out 0.50 points or more either way" in everywhere
    assert "remains possible" not in everywhere
    one, other = result.answer.differences
    ends = other.estimate
    assert (
        f"for “{one.label}”, tests of equivalence rule out 0.50 points or more either way; for the "
        f"rest, anything from {-ends.low:.2f} points lower to {ends.high:.2f} higher remains "
        "possible"
    ) in said({one.arm})


def test_every_number_of_an_answer_is_in_the_results(planted_results, planted_output):
    document = json.loads((planted_output / "results.json").read_text(encoding="utf-8"))
    for result, written in zip(planted_results.confirmatory, document["outcomes"], strict=True):
        factor = 100 if written["answer"]["unit"] == "share" else 1
        digits = 0 if written["answer"]["unit"] == "share" else 2
        known = {
            f"{abs(factor * one['estimate'][key]):.{digits}f}"
            for one in written["answer"]["differences"]
            for key in ("value", "low", "high")
        }
        ends = {f"{end:.0f}" for end in written["score_range"] if end is not None}
        counts = {str(number) for number in range(10)}
        said = answer_sentence(result, planted_results)
        # Labels are quoted, and contain numbers of their own.
        numbers = set(re.findall(r"\d+(?:\.\d+)?", re.sub("“.*?”", "", said)))
        assert numbers <= known | ends | counts, said


def test_people_who_were_not_randomised_are_never_said_to_be_affected(planted_results, monkeypatch):
    result = named(planted_results, "trust")
    assert planted_results.plan.allocation == "randomised"
    monkeypatch.setattr(Plan, "allocation", property(lambda plan: "not_randomised"))
    said = answer_sentence(result, planted_results)
    assert "raised" not in said
    assert "higher with “Grad-CAM”" in said


def test_a_lowered_outcome_has_its_interval_turned(planted_results):
    result = named(planted_results, "trust")
    lower = Difference(
        "gradcam", "Grad-CAM", "No explanation", estimate(-0.5, -0.9, -0.1), 0.01,
        "moderate evidence",
    )  # fmt: skip
    said = answer_sentence(with_answer(result, "points", lower), planted_results)
    assert said.startswith("“Grad-CAM” lowered it by 0.50 points (0.10 to 0.90)")


def test_a_second_difference_in_one_direction_repeats_neither_verb_nor_unit(planted_results):
    """Another direction is said in full again, and a bound has no direction."""
    first, second, down = (
        Difference(name, name, "No explanation", estimate(value, value - 0.3, value + 0.3), 0.002,
                   "strong evidence")
        for name, value in (("A", 1.0), ("B", 0.8), ("C", -0.6))
    )  # fmt: skip
    result = named(planted_results, "trust")
    said = answer_sentence(with_answer(result, "points", first, second, down), planted_results)
    assert said.startswith(
        "“A” raised it by 1.00 points (0.70 to 1.30), “B” by 0.80 (0.50 to 1.10) and “C” lowered "
        "it by 0.60 points (0.30 to 0.90) on the scale"
    )


def test_evidence_is_said_once_for_arms_of_different_certainty(planted_results):
    one = Difference("a", "A", "No explanation", estimate(1.0, 0.7, 1.3), 0.002, "strong evidence")
    other = replace(one, arm="b", label="B", estimate=estimate(0.8, 0.1, 1.5), p_adjusted=0.03,
                    certainty="moderate evidence")  # fmt: skip
    result = with_answer(named(planted_results, "trust"), "points", one, other)
    assert certainty_line(result, planted_results).startswith(
        "Strong evidence for A, moderate for B"
    )


@pytest.mark.parametrize(
    ("unit", "difference", "words"),
    [
        ("chance", estimate(0.32, 0.2, 0.44), "with “B” scores higher than one with “A” in 68% (56% to 80%)"),  # noqa: E501
        ("ratio", estimate(1.2, 1.05, 1.37), "“A” raised it by 20% (5% to 37%)"),
        ("odds", estimate(2.1, 1.2, 3.4), "odds of a higher answer were 2.10 times as high (1.20 to 3.40)"),  # noqa: E501
        ("milliseconds", estimate(120.4, 20.2, 220.8), "by 120 milliseconds (20 to 221)"),
        (
            "odds",
            Bound("odds ratio", "infinite", 3.2, 0.95, 40, "profile", 2.5, 0.01),
            "the odds were ∞, above 3.20 times as high",
        ),
    ],
)  # fmt: skip
def test_each_unit_has_its_words(planted_results, unit, difference, words):
    result = with_answer(
        named(planted_results, "trust"),
        unit,
        Difference("a", "A", "B", difference, 0.001, "strong evidence"),
    )
    assert words in answer_sentence(result, planted_results)


def test_what_cannot_be_estimated_is_counted_and_not_left_out(planted_results):
    result = named(planted_results, "trust")
    missing = Difference(
        "x", "X", "No explanation", NotEstimable("difference", "no spread"), None, "cannot be told"
    )
    both = with_answer(result, "points", *result.answer.differences, missing)
    assert "1 comparison cannot be estimated." in answer_sentence(both, planted_results)


def test_a_test_that_does_not_exist_answers_with_its_reason(planted_results):
    result = named(planted_results, "trust")
    found = replace(result.found, welch=NotEstimable("Welch", "all scores equal 4"))
    said = answer_sentence(replace(result, found=found), planted_results)
    assert said == "This cannot be told from the data: all scores equal 4."


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.6, 1.4, "large enough to matter (over 0.50 points)"),
        (0.4, 1.4, "unclear whether large enough to matter (0.50 points)"),
        (0.1, 0.4, "too small to matter (below 0.50 points)"),
    ],
)
def test_the_plans_smallest_effect_is_judged_by_the_interval(planted_results, low, high, words):
    result = named(planted_results, "trust")
    result = replace(result, outcome=replace(result.outcome, smallest_effect=0.5))
    one = Difference(
        "a", "A", "No explanation", estimate((low + high) / 2, low, high), 0.001, "strong evidence"
    )
    said = certainty_line(with_answer(result, "points", one), planted_results)
    assert said == f"Strong evidence; {words}"


def test_the_same_decisions_elsewhere_are_said_and_another_one_is_named(planted_results):
    assert not any(
        "Exclusions" in one and "set leads" in one for one in what_would_change(planted_results)
    )
    result = named(planted_results, "trust")
    other = replace(
        result,
        sensitivity=_sensitivity(result, p=0.6),
    )
    outcomes = tuple(other if one is result else one for one in planted_results.outcomes)
    changed = with_exclusions(replace(planted_results, outcomes=outcomes))
    assert decisions_elsewhere(changed)["trust"] is False
    said = " ".join(what_would_change(changed))
    assert "the decision changes for “Trust in the classifier”" in said
    same = replace(result, sensitivity=_sensitivity(result, p=1e-9))
    outcomes = tuple(same if one is result else one for one in planted_results.outcomes)
    same_decisions = with_exclusions(replace(planted_results, outcomes=outcomes))
    (said,) = (one for one in what_would_change(same_decisions) if one.startswith("Exclusions"))
    assert said == (
        "Exclusions: 5 participants were excluded by the plan's rules, 3 of them from every set. "
        "The set “intention to treat” leads to the same decisions."
    )


def test_sets_of_the_same_participants_are_no_comparison(planted_results):
    result = named(planted_results, "trust")
    same_people = replace(
        result, sensitivity=Sensitivity("randomised", result.found.arms, result.test)
    )
    outcomes = tuple(same_people if one is result else one for one in planted_results.outcomes)
    alike = with_exclusions(replace(planted_results, outcomes=outcomes), from_some=0)
    assert what_would_change(alike)[0] == (
        "Exclusions: 3 participants, from every set, so there is no other set to compare."
    )


def with_exclusions(results, from_every=3, from_some=2):
    """Return the results with a rule of each scope that excluded so many participants."""
    steps = tuple(
        ExclusionStep(scope, scope, "listed", scope, {"none": number}, {"none": 9}, number, 0)
        for scope, number in (("all", from_every), ("per_protocol", from_some))
        if number
    )
    return replace(results, study_flow=replace(results.study_flow, steps=steps))


def _sensitivity(result, p):
    first, *others = result.found.arms
    arms = (replace(first, n=first.n - 1), *others)
    return Sensitivity("randomised", arms, replace(result.test, p=p))


def test_images_that_differ_between_arms_are_said_to_matter(planted_results):
    """Tests of participants treat images as fixed; models with random images do not."""
    shown = replace(planted_results.stimuli_shown, same_images=False)
    said = " ".join(what_would_change(replace(planted_results, stimuli_shown=shown)))
    assert "Images: the arms saw different images" in said
    assert not any(one.startswith("Images") for one in what_would_change(planted_results))


def test_an_exploratory_model_of_the_answers_that_decides_otherwise_is_named(planted_results):
    result = named(planted_results, "agreement_wrong")
    other = replace(
        result,
        outcome=replace(result.outcome, key="crossed", label="Crossed", role="exploratory"),
        p_adjusted=0.203,
    )
    with_other = replace(planted_results, outcomes=(*planted_results.outcomes, other))
    (said,) = (one for one in what_would_change(with_other) if one.startswith("Another model"))
    assert said == (
        "Another model: “Crossed” (exploratory) shows no difference in "
        f"“{result.outcome.label}” (adjusted p = .203)."
    )
    elsewhere = replace(other, outcome=replace(other.outcome, where={"prediction_correct": 1}))
    about_others = replace(planted_results, outcomes=(*planted_results.outcomes, elsewhere))
    assert not any(one.startswith("Another model") for one in what_would_change(about_others))


def test_an_interval_without_zero_is_named_where_the_outcomes_test_shows_nothing(planted_results):
    result = named(planted_results, "sureness")
    arm = Difference(
        "a", "A", "No explanation", estimate(0.04, 0.01, 0.07), 0.014, "cannot be told"
    )
    changed = with_answer(result, "points", arm)
    outcomes = tuple(changed if one is result else one for one in planted_results.outcomes)
    said = " ".join(what_would_change(replace(planted_results, outcomes=outcomes)))
    assert "Single arms: the interval of “A” in “" in said


def test_a_close_decision_is_called_close(planted_results):
    result = named(planted_results, "trust")
    for p, close in ((0.024, False), (0.025, True), (0.0999, True), (0.1, False)):
        outcomes = tuple(
            replace(one, p_adjusted=p if one is result else 0.9) for one in planted_results.outcomes
        )
        said = " ".join(what_would_change(replace(planted_results, outcomes=outcomes)))
        assert ("Close decisions" in said) is close, p


@pytest.mark.parametrize(
    ("p", "said"),
    [
        (
            0.04,
            "Close decisions, which a few more people could turn: “{label}” (adjusted p = .040). "
            "Leaving one participant out and ranks instead of means each turn it, too.",
        ),
        (
            0.001,
            "Leaving one participant out and ranks instead of means each turn the test of "
            "“{label}”.",
        ),
    ],
)
def test_what_turns_one_outcome_is_told_in_one_sentence(planted_results, p, said):
    result = named(planted_results, "trust")
    ranks = replace(result.found.kruskal_wallis, p=0.5)
    outcomes = tuple(
        replace(
            one,
            p_adjusted=p,
            found=replace(one.found, kruskal_wallis=ranks),
            assumptions=(Assumption("influence", "doubtful", {}),),
        )
        if one is result
        else replace(one, p_adjusted=0.9, assumptions=())
        for one in planted_results.outcomes
    )
    sentences = what_would_change(replace(planted_results, outcomes=outcomes))
    assert said.format(label=result.outcome.label) in sentences


def test_sample_and_days_are_said(planted_results):
    dated = replace(
        planted_results, collection=Collection("2026-02-28", "2026-03-02", (9.0, 12.0, 15.0))
    )
    said = " ".join(sample_sentences(dated))
    assert "were randomised to 3 arms" in said
    assert "Collected from 28 February 2026 to 2 March 2026. Median duration 12 minutes." in said
    assert day_text("2026-12-01") == "1 December 2026"
    at_once = replace(dated, collection=Collection("2026-02-28", "2026-03-02", (0.0, 0.01, 0.02)))
    assert "Median duration" not in " ".join(sample_sentences(at_once))


def test_one_figure_shows_all_outcomes_by_arm(planted_results, planted_output):
    table = pd.read_csv(planted_output / "figures" / "overview.csv")
    assert set(table["outcome"]) == {one.outcome.key for one in planted_results.confirmatory}
    assert set(table["label"]) == {"Grad-CAM", "Placebo map"}
    (line,) = lines_of(planted_results)
    assert len(line.panels) == 4
    assert "Dunnett" in overview_caption(planted_results)


@pytest.mark.parametrize(
    ("arms", "said"),
    [
        (4, ""),
        (5, " A difference is also shown for “Arm 1”."),
        (6, " Differences are also shown for “Arm 2” and “Arm 1”."),
    ],
)
def test_what_a_sentence_has_no_room_for_is_named_after_it(planted_results, arms, said):
    differences = [
        Difference(f"arm{n}", f"Arm {n}", "None", estimate(n, n - 0.5, n + 0.5), 0.001,
                   "strong evidence")
        for n in range(1, arms + 1)
    ]  # fmt: skip
    result = with_answer(named(planted_results, "trust"), "points", *differences)
    sentence = answer_sentence(result, planted_results)
    assert said in sentence
    assert ("also shown" in sentence) == (arms > 4)
