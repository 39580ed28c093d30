"""The plan: every mistake at once, every entry of the lists resolvable."""

import tomllib

import pytest

from analysis.errors import PlanError, TableError
from analysis.plan.plan import ANALYSES, KINDS, POPULATIONS, resolve
from analysis.plan.reading import parse_plan, read_plan
from analysis.study_data.study_data import read_study
from surveys.tidy.analysis_plan import toml_text

OUTCOME = {"key": "trust", "label": "Trust", "kind": "scale", "scale": "trust"}
PLAN = {"control": "none", "arms": ["none", "lime"], "outcomes": [OUTCOME]}


def problems(**changes):
    with pytest.raises(PlanError) as caught:
        parse_plan({**PLAN, **changes})
    return caught.value.problems


def outcome_problems(**changes):
    return problems(outcomes=[{**OUTCOME, **changes}])


@pytest.mark.parametrize("entry", [*KINDS, *ANALYSES], ids=lambda entry: entry.key)
def test_every_listed_kind_and_analysis_can_be_resolved(entry):
    assert callable(resolve(entry.path))
    assert entry.label


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_every_kind_names_its_population(kind):
    assert kind.population in POPULATIONS


def test_defaults_come_from_the_outcomes_kind():
    trial = {"key": "rt", "label": "RT", "kind": "trial_mean", "column": "response_time_ms"}
    plan = parse_plan({**PLAN, "outcomes": [OUTCOME, trial]})
    assert [outcome.population for outcome in plan.outcomes] == ["completed", "randomised"]
    assert (plan.alpha, plan.level) == (0.05, 0.95)
    assert list(plan.families) == ["primary"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"control": "placebo"}, "control 'placebo' is not among the arms"),
        ({"arms": []}, "arms must list one or more"),
        ({"arms": ["none", "none"]}, "arms must list one or more different keys"),
        ({"arms": ["none"]}, "the analysis 'one_way' compares arms, but the plan has one"),
        ({"alpha": 5}, "'alpha' is 5. It must be above 0 and below 0.5."),
        ({"alpha": "0.05"}, "'alpha' is '0.05'. It must be a number."),
        ({"outcomes": []}, "at least one table [[outcomes]]"),
        ({"outcomes": [OUTCOME, OUTCOME]}, "two outcomes have the key 'trust'"),
        ({"aplha": 0.05}, "unknown key 'aplha': did you mean 'alpha'?"),
        ({"title": 3}, "'title' is 3. It must be text in quotes."),
        ({"bayes": {"scale": 0}}, "'scale' in [bayes] is 0. It must be above 0."),
        ({"bayes": {"scala": 1}}, "unknown key 'scala' in [bayes]: did you mean 'scale'?"),
        ({"mix_simulated_and_real": 1}, "It must be true or false"),
        ({"ai_only": "none2"}, "ai_only 'none2' is not among the arms"),
        ({"human_alone": "x"}, "human_alone 'x' is not among the arms"),
        ({"sample_goal": {"power": 0.8}}, "sample_goal needs exactly one effect. Give d or f"),
        ({"sample_goal": {"d": 0.5}}, "'power' in [sample_goal] is missing"),
        (
            {"behaviour": {"frist": "x"}},
            "unknown key 'frist' in [behaviour]: did you mean 'first'?",
        ),
        ({"behaviour": []}, "'behaviour' is []. It must be a table."),
        ({"behaviour": {"chance": 1.5}}, "'chance' in [behaviour] is 1.5. It must be above 0"),
        ({"behaviour": {"confidence_range": [5, 1]}}, "must be [lowest, highest]"),
        ({"contrasts": [{"key": "k", "label": "K", "weights": {"none": 1}}]}, "must sum to 0"),
        (
            {"contrasts": [{"key": "k", "label": "K", "weights": {"none": 1, "x": -1}}]},
            "'x' is not among the arms",
        ),
        (
            {"exclusions": [{"key": "k", "label": "K", "rule": "speed"}]},
            "'rule' in [[exclusions]] 'k' is 'speed'. Known: not_completed,",
        ),
        (
            {"exclusions": [{"key": "k", "label": "K", "rule": "trials", "column": "c"}]},
            "give one of below, above",
        ),
        ({"exclusions": [{"key": "k", "label": "K", "rule": "listed"}]}, "needs 'participants'"),
        (
            {"exclusions": [{"key": "k", "label": "K", "rule": "not_completed", "item": "i"}]},
            "does not use 'item'",
        ),
    ],
)
def test_a_mistake_in_the_plan_is_named(changes, message):
    assert any(message in line for line in problems(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "scales"}, "'kind' in [[outcomes]] 'trust' is 'scales': did you mean 'scale'?"),
        ({"analysis": "anova"}, "'analysis' in [[outcomes]] 'trust' is 'anova'"),
        ({"population": "everyone"}, "'population' in [[outcomes]] 'trust' is 'everyone'"),
        ({"kind": "trial_mean"}, "kind 'trial_mean' needs 'column'"),
        ({"label": ""}, "'label' in [[outcomes]] 'trust' is empty. Write it."),
        (
            {"where": {"agreed": [1]}},
            "'agreed' in where of [[outcomes]] 'trust' is [1]. It must be text in quotes or a",
        ),
        ({"key": "../trust"}, "the key must start with a small letter"),
        ({"key": "arm"}, "the key must start with a small letter"),
        (
            {"colunm": "agreed"},
            "unknown key 'colunm' in [[outcomes]] 'trust': did you mean 'column'?",
        ),
        ({"kind": "behaviour"}, "kind 'behaviour' needs 'measure'"),
        ({"measure": "rare"}, "'measure' in [[outcomes]] 'trust' is 'rare': did you mean 'rair'?"),
        (
            {"role": "explore"},
            "'role' in [[outcomes]] 'trust' is 'explore': did you mean 'exploratory'?",
        ),
        ({"family": "exploratory"}, "the family 'exploratory' needs role"),
        ({"analysis": "repeated"}, "'repeated' compares the times of a questionnaire"),
        (
            {"min_answered": 1.5},
            "'min_answered' in [[outcomes]] 'trust' is 1.5. It must be above 0 and at most 1.",
        ),
        (
            {"smallest_effect": 0},
            "'smallest_effect' in [[outcomes]] 'trust' is 0. It must be above 0.",
        ),
        (
            {"smallest_effect": "big"},
            "'smallest_effect' in [[outcomes]] 'trust' is 'big'. It must be a number.",
        ),
        ({"fallback": "one_way", "analysis": "one_way"}, "the fallback is the analysis itself"),
        ({"analysis": "factorial"}, "analysis 'factorial' needs either factor = "),
        (
            {"analysis": "factorial", "factor": "a", "factors": ["b", "c"]},
            "analysis 'factorial' needs either factor = ",
        ),
        (
            {"analysis": "factorial", "factors": ["a", "a"]},
            "factors must name two different factors, but is ['a', 'a']",
        ),
        (
            {"analysis": "factorial", "factors": ["a", "b"], "effect": "c"},
            "effect is 'c'. Name one of a, b, interaction.",
        ),
        ({"factors": ["a", "b"]}, "the analysis 'one_way' does not use 'factors'. Remove it, or"),
        ({"factor": "a"}, "the analysis 'one_way' does not use 'factor'. Remove it"),
        ({"effect": "a"}, "the analysis 'one_way' does not use 'effect'. Remove it"),
        ({"slopes": ["image2"]}, "slopes contains image2, not among the random factors"),
    ],
)
def test_a_mistake_in_an_outcome_is_named(changes, message):
    assert any(message in line for line in outcome_problems(**changes))


def test_an_error_of_a_plan_keeps_the_path_of_each_problem():
    with pytest.raises(PlanError) as caught:
        parse_plan({**PLAN, "alpha": 2.0, "outcomes": [OUTCOME, {**OUTCOME, "key": "b", "x": 1}]})
    assert [one.path for one in caught.value.placed] == [("outcomes", 1, "x"), ("alpha",)]


def test_a_tab_can_separate_columns():
    table = {"file": "a.tsv", "into": "trials", "columns": {"participant": "id"}}
    plan = parse_plan({**PLAN, "source": {"separator": "\t", "tables": [table]}})
    assert plan.source.separator == "\t"


def test_all_mistakes_come_at_once():
    found = problems(control="x", alpha=2.0, outcomes=[{**OUTCOME, "kind": "?"}, {"key": "b"}])
    assert len(found) >= 5


def test_a_template_stands_by_for_every_analysis():
    from analysis.report.render import HERE

    for analysis in ANALYSES:
        assert (HERE / f"{analysis.key}.html").is_file()
        assert callable(resolve(analysis.words))
        assert callable(resolve(analysis.figures))


def test_exploratory_outcomes_are_a_family_of_their_own():
    more = [{**OUTCOME, "key": key, "role": "exploratory"} for key in ("b", "c")]
    plan = parse_plan({**PLAN, "outcomes": [OUTCOME, *more]})
    assert {name: len(family) for name, family in plan.families.items()} == {
        "primary": 1,
        "exploratory": 2,
    }


@pytest.mark.parametrize("text", ["alpha = ", "\x00", "[[outcomes]"])
def test_a_file_that_is_no_toml_is_one_clear_line(tmp_path, text):
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(PlanError, match=r"plan\.toml, line 1: it is not a TOML file"):
        read_plan(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('scale = "trust"', 'scale = "faith"', "the scale 'faith' is not in codebook.csv"),
        ('column = "agreed"', 'column = "agred"', "'agred' is not a column of trials.csv"),
        ('column = "agreed"', 'column = "image"', "'image' is text, not a number"),
        ("prediction_correct = 0", 'prediction_correct = "no"', "but that column is integer"),
        ("prediction_correct = 0", "predicted = 0", "'predicted' is not a column"),
        ('kind = "scale"\nscale = "trust"', 'kind = "item"\nitem = "trust9"', "'trust9' is not in"),
        (
            'scale = "trust"',
            'scale = "trust"\nanalysis = "factorial"\nfactor = "age"',
            "the factor 'age' is neither a column",
        ),
        (
            'kind = "scale"\nscale = "trust"',
            'kind = "behaviour"\nmeasure = "auroc"',
            "'auroc' exists per arm",
        ),
        (
            'kind = "scale"\nscale = "trust"',
            'kind = "behaviour"\nmeasure = "rair"',
            "'rair' needs first, which [behaviour] does not name",
        ),
    ],
)
def test_what_the_tables_do_not_hold_is_named(folder, old, new, message):
    path = folder / "plan.toml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(TableError, match="cannot be analysed") as caught:
        read_study(folder)
    assert any(message in line for line in caught.value.problems)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('[behaviour]\nfirst = "f1"\n', "first = 'f1' is not a column of trials.csv"),
        ('[behaviour]\nconfidence = "image"\n', "confidence = 'image' is text"),
        (
            '[[exclusions]]\nkey = "k"\nlabel = "K"\nrule = "trials"\ncolumn = "rt"\nbelow = 1\n',
            "'rt' is not a column of trials.csv",
        ),
        (
            '[[exclusions]]\nkey = "k"\nlabel = "K"\nrule = "trials"\n'
            'column = "image"\nbelow = 1\n',
            "has no order for below",
        ),
        (
            '[[exclusions]]\nkey = "k"\nlabel = "K"\nrule = "answer"\nitem = "x"\nequals = 1\n',
            "'x' is not an item of codebook.csv",
        ),
    ],
)
def test_what_exclusions_and_behaviour_ask_in_vain_is_named(folder, table, message):
    path = folder / "plan.toml"
    path.write_text(f"{path.read_text()}\n{table}")
    with pytest.raises(TableError) as caught:
        read_study(folder)
    assert any(message in line for line in caught.value.problems)


def test_every_table_of_a_plan_survives_the_export_of_its_study():
    """The platform writes a study's [analysis] as plan.toml in a form of its own."""
    document = {
        **PLAN,
        "title": "T",
        "behaviour": {
            "accepted": "agreed",
            "confidence_range": [1, 5],
            "probability_range": [0, 1],
        },
        "sample_goal": {"d": 0.5, "power": 0.8},
        "outcomes": [{**OUTCOME, "asked_in": ["none", "lime"], "smallest_effect": 0.5}],
        "contrasts": [{"key": "k", "label": "K", "weights": {"none": -1, "lime": 1}}],
        "exclusions": [
            {
                "key": "same",
                "label": "Same",
                "rule": "same_answers",
                "items": ["a", "b"],
                "alike": [[1, 2], [4, "does_not_apply"]],
            }
        ],
    }
    assert parse_plan(tomllib.loads(toml_text(document))) == parse_plan(document)


TRIALS = {"kind": "trial_mean", "scale": None, "column": "sureness"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"kind": "item", "scale": None, "item": "trust1", "min_answered": 0.8},
            "outcome 'trust': min_answered is 0.8, but an outcome of the kind 'item' does not use "
            "it. Remove it, or use kind = 'scale'.",
        ),
        (
            {**TRIALS, "min_answered": 0.8},
            "min_answered is 0.8, but an outcome of the kind 'trial_mean' does not use it.",
        ),
        (
            {"kind": "behaviour", "scale": None, "measure": "woa", "transform": "log"},
            "transform is 'log', but an outcome of the kind 'behaviour' does not use it. Remove "
            "it, or use kind = 'trial_mean'.",
        ),
        (
            {"item": "trust1"},
            "item is 'trust1', but an outcome of the kind 'scale' does not use it",
        ),
        (
            {**TRIALS, "slopes": ["image"]},
            "slopes is image, but the analysis 'one_way' has no random factors. Remove it, or use "
            "one of logistic_trials, linear_trials, ordinal_trials, likelihood_ratio.",
        ),
        ({**TRIALS, "random": ["participant"]}, "random is participant, but the analysis"),
    ],
)
def test_a_key_that_the_score_or_the_analysis_ignores_is_refused(changes, message):
    outcome = {key: value for key, value in {**OUTCOME, **changes}.items() if value is not None}
    (said,) = problems(outcomes=[outcome])
    assert message in said


def test_a_fallback_may_use_the_random_factors_that_the_analysis_does_not():
    outcome = {**OUTCOME, **TRIALS, "random": ["participant"], "fallback": ["likelihood_ratio"]}
    del outcome["scale"]
    assert parse_plan({**PLAN, "outcomes": [outcome]}).outcomes[0].random == ("participant",)


def test_a_multiverse_of_analyses_that_it_cannot_vary_is_refused():
    """An ANCOVA and a factorial were left out of the curve without a word."""
    ancova = {**OUTCOME, "analysis": "ancova", "covariates": ["age"]}
    factors = {"analysis": "factorial", "factor": "age_band"}
    (said,) = problems(outcomes=[ancova], multiverse={})
    assert "analysed by ancova, of which no model of a specification curve is a version" in said
    (said,) = problems(outcomes=[ancova], multiverse={"outcomes": ["trust"]})
    assert "whose covariates this section does not use" in said
    (said,) = problems(outcomes=[{**OUTCOME, **factors}], multiverse={"outcomes": ["trust"]})
    assert "analysed by 'factorial', whose factors this section does not use" in said
