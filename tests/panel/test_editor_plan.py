"""The editor's forms of the plan, of the design, and of further runs of pictures."""

import re
import tomllib
from types import SimpleNamespace

import pandas as pd
import pytest
from django.utils.translation import override

from analysis.plan.catalogues.analyses import ANALYSES
from analysis.plan.catalogues.behaviour_measures import MEASURES, derivable
from analysis.plan.catalogues.exclusion_rules import RULES
from analysis.plan.catalogues.signal_rules import PROGRAM_RULES
from analysis.plan.tables import Behaviour
from analysis.sections.behaviour.trials import behaviour_trials
from studyplatform.panel import study_texts
from studyplatform.panel.editor.catalogue import BY_KEY
from studyplatform.panel.editor.sections import behaviour, exclusions, outcome_tests
from studyplatform.panel.editor.views import SectionForm, locks
from studyplatform.panel.toml_edits import EditError, read
from surveys.study_checks import loading
from surveys.study_file.declaration import StudyFileError
from tests.daily import daily
from tests.panel.test_editor_trials import PRACTICE_AND_PICTURES, new_lines
from tests.panel.test_editor_trials import written as write
from tests.surveys import factories


@pytest.fixture
def short(db, tmp_path):
    """The text of a draft of the short form, without a list of pages."""
    return factories.draft_study(tmp_path).source


@pytest.fixture
def listed(short):
    """The text of a draft with practice (page 2) and pictures (page 3)."""
    text = short.replace("right = 3\nwrong = 2\n", "")
    before, _, after = text.partition("[questionnaires]")
    return f"{before}{PRACTICE_AND_PICTURES}\n[allocation]{after.partition('[allocation]')[2]}"


@pytest.fixture(scope="module")
def foretelling():
    """A design with an exclusion and a contrast."""
    return study_texts.template_text("foretelling.toml")


@pytest.fixture(scope="module")
def report():
    """A design with two exclusions."""
    return study_texts.template_text("source-report.toml")


@pytest.fixture(scope="module")
def within():
    return study_texts.template_text("within.toml")


def written(section, source, **changed):
    return write(BY_KEY[section], source, **changed)


def fields(section, source):
    return SectionForm(BY_KEY[section], read(source)).fields


def problems(text):
    try:
        loading.parse(text)
    except StudyFileError as error:
        return list(error.problems)
    return []


# Exclusions


def test_an_exclusion_is_shown_as_its_comparison_and_a_change_is_one_line(report):
    shown = fields("exclusions", report)
    assert shown["analysis.exclusions.1.comparison"].initial == "below"
    assert shown["analysis.exclusions.1.limit"].initial == "2000"
    text = written("exclusions", report, analysis__exclusions__1__limit="1500.5")
    assert new_lines(report.replace("below = 2000\n", ""), text) == ["below = 1500.5"]
    loading.parse(text)


def test_another_comparison_takes_the_place_of_the_old_one(report):
    text = written(
        "exclusions", report,
        analysis__exclusions__1__comparison="above", analysis__exclusions__1__limit="60000",
    )  # fmt: skip
    declared = tomllib.loads(text)["analysis"]["exclusions"][1]
    assert declared["above"] == 60000
    assert "below" not in declared
    loading.parse(text)


def test_a_limit_that_is_not_a_number_is_refused_with_what_to_do(report):
    with pytest.raises(EditError, match="“two seconds” is not a number"):
        written("exclusions", report, analysis__exclusions__1__limit="two seconds")


@pytest.mark.parametrize("name", daily(["demo.toml", "foretelling.toml", "judge-advisor.toml"], 1))
def test_every_criterion_on_offer_is_accepted_by_the_plan(name):
    source = study_texts.template_text(name)
    offered = [key for key, _label in fields("exclusions", source)["new.criterion"].choices if key]
    assert len(offered) > 4
    for key in offered:
        text = written("exclusions", source, new__criterion=key)
        loading.parse(text)
        added = read(text)["analysis"]["exclusions"][-1]
        assert added["label"] == dict(fields("exclusions", source)["new.criterion"].choices)[key]
        # The form of what it wrote shows it, and writes nothing of its own.
        assert written("exclusions", text) == text


def test_a_criterion_is_added_twice_under_two_keys_and_removed_with_the_table(foretelling):
    once = written("exclusions", foretelling, new__criterion="fast")
    twice = written("exclusions", once, new__criterion="fast")
    keys = [one["key"] for one in read(twice)["analysis"]["exclusions"]]
    assert keys == ["inattentive", "speeders", "speeders_2"]
    loading.parse(twice)
    gone = written(
        "exclusions", twice, **{f"analysis__exclusions__{n}__remove": True for n in range(3)}
    )
    assert "exclusions" not in read(gone)["analysis"]
    loading.parse(gone)


def test_criteria_are_applied_in_another_order(report):
    text = written("exclusions", report, analysis__exclusions__1__place=1)
    assert [one["key"] for one in read(text)["analysis"]["exclusions"]] == [
        "speeders", "inattentive",
    ]  # fmt: skip
    loading.parse(text)


def test_an_answer_to_a_question_is_chosen_from_its_answers(foretelling):
    offered = fields("exclusions", foretelling)["new.criterion"].choices
    key = next(key for key, _label in offered if key.startswith("answer:"))
    text = written("exclusions", foretelling, new__criterion=key)
    answers = [value for value, _label in fields("exclusions", text)["analysis.exclusions.1.limit"]
               .choices]  # fmt: skip
    assert len(answers) > 1
    other = written("exclusions", text, analysis__exclusions__1__limit=answers[-1])
    assert str(read(other)["analysis"]["exclusions"][1]["equals"]) == answers[-1]
    loading.parse(other)


def test_every_rule_of_the_plan_is_described():
    assert set(exclusions.MEANINGS) == {rule.key for rule in RULES}


# Contrasts


def test_weights_are_shown_and_a_changed_one_stays_a_whole_number(foretelling):
    shown = fields("contrasts", foretelling)
    assert shown["analysis.contrasts.0.weights.placebo"].initial == -2
    text = written(
        "contrasts", foretelling,
        analysis__contrasts__0__weights__lime=2.0, analysis__contrasts__0__weights__placebo=-3.0,
    )  # fmt: skip
    old = "weights = { gradcam = 1, lime = 1, placebo = -2 }\n"
    assert new_lines(foretelling.replace(old, ""), text) == [
        "weights = {gradcam = 1, lime = 2, placebo = -3}"
    ] or new_lines(foretelling.replace(old, ""), text) == [
        "weights = { gradcam = 1, lime = 2, placebo = -3 }"
    ]
    loading.parse(text)


def test_a_contrast_of_two_means_is_added_and_removed(foretelling):
    text = written(
        "contrasts", foretelling,
        new__contrast="Maps against the placebo!", new__more=["gradcam", "lime"],
        new__less=["placebo"],
    )  # fmt: skip
    assert read(text)["analysis"]["contrasts"][1] == {
        "key": "maps_against_the_placebo", "label": "Maps against the placebo!",
        "weights": {"gradcam": 0.5, "lime": 0.5, "placebo": -1},
    }  # fmt: skip
    loading.parse(text)
    back = written("contrasts", text, analysis__contrasts__1__remove=True)
    assert read(back) == read(foretelling)


@pytest.mark.parametrize(
    "sides",
    [{}, {"new__more": ["lime"]}, {"new__more": ["lime"], "new__less": ["lime", "gradcam"]}],
)
def test_a_contrast_without_two_different_sides_is_refused(foretelling, sides):
    with pytest.raises(EditError, match="arms on both sides"):
        written("contrasts", foretelling, new__contrast="Maps", **sides)


def test_weights_that_do_not_sum_to_0_are_a_mistake_of_the_file(foretelling):
    text = written("contrasts", foretelling, analysis__contrasts__0__weights__placebo=-1.0)
    assert any("must sum to 0" in one for one in problems(text))


# Outcomes and their tests


def test_every_analysis_is_in_words():
    assert set(outcome_tests.IN_WORDS) == {entry.key for entry in ANALYSES}


def test_another_test_takes_its_own_keys_along_and_leaves_those_of_the_old_one():
    demo = study_texts.template_text("demo.toml")
    outcomes = read(demo)["analysis"]["outcomes"]
    number = next(n for n, one in enumerate(outcomes) if one.get("analysis") == "logistic_trials")
    name = f"analysis__outcomes__{number}"
    slopes = written("tests", demo, **{f"{name}__slopes": ["image"]})
    assert read(slopes)["analysis"]["outcomes"][number]["slopes"] == ["image"]
    loading.parse(slopes)
    plain = written("tests", slopes, **{f"{name}__analysis": "one_way"})
    declared = read(plain)["analysis"]["outcomes"][number]
    assert not {"slopes", "fallback", "random"} & declared.keys()
    loading.parse(plain)


def test_the_words_of_each_test_are_also_outside_of_its_list(foretelling):
    groups = SectionForm(BY_KEY["tests"], read(foretelling)).groups()
    assert [group.lead for group in groups] == [
        str(outcome_tests.IN_WORDS[one.get("analysis", "one_way")])
        for one in read(foretelling)["analysis"]["outcomes"]
    ]


def test_an_ancova_is_chosen_and_its_covariates_are_ticked(foretelling):
    outcomes = read(foretelling)["analysis"]["outcomes"]
    number = next(n for n, one in enumerate(outcomes) if one["kind"] == "scale")
    name = f"analysis__outcomes__{number}"
    begun = written("tests", foretelling, **{f"{name}__analysis": "ancova"})
    assert any("needs before or covariates" in one for one in problems(begun))
    shown = fields("tests", begun)[f"analysis.outcomes.{number}.covariates"]
    ticked = written("tests", begun, **{f"{name}__covariates": [shown.choices[-1][0]]})
    loading.parse(ticked)


def test_table_1_and_the_special_arms_are_chosen():
    demo = study_texts.template_text("demo.toml")
    shown = fields("plan", demo)["analysis.covariates"]
    offered = [key for key, _label in shown.choices]
    text = written("plan", demo, analysis__covariates=offered[:2])
    assert read(text)["analysis"]["covariates"] == offered[:2]
    loading.parse(text)
    arms = [arm.key for arm in loading.parse(demo).arms]
    text = written("plan", demo, analysis__human_alone=arms[-1])
    assert loading.parse(text).analysis["human_alone"] == arms[-1]


def test_the_control_of_a_study_within_people_is_one_of_its_orders(within):
    offered = [key for key, _label in fields("plan", within)["analysis.control"].choices]
    assert offered == ["order-1", "order-2", "order-3", "order-4"]
    loading.parse(written("plan", within, analysis__control="order-2"))


# Further analyses


def test_further_analyses_are_asked_for_with_their_settings_and_taken_back(foretelling):
    outcomes = [one["key"] for one in read(foretelling)["analysis"]["outcomes"]
                if one.get("analysis", "one_way") == "one_way"]  # fmt: skip
    text = written(
        "further", foretelling,
        analysis__bayes__asked_for=True, analysis__bayes__scale=0.5,
        analysis__multiverse__asked_for=True, analysis__multiverse__outcomes=outcomes[:1],
        analysis__multiverse__without_each_rule=False,
        analysis__map_quality__asked_for=True,
    )  # fmt: skip
    plan = read(text)["analysis"]
    assert plan["bayes"] == {"scale": 0.5}
    assert plan["multiverse"] == {"outcomes": outcomes[:1], "without_each_rule": False}
    assert plan["map_quality"] == {}
    loading.parse(text)
    assert written("further", text) == text
    back = written(
        "further",
        text,
        **{f"analysis__{key}__asked_for": False for key in ("bayes", "multiverse", "map_quality")},
    )
    assert read(back) == read(foretelling)


def test_settings_of_an_analysis_that_nobody_asks_for_write_nothing(foretelling):
    assert written("further", foretelling, analysis__multiverse__logarithms=True) == foretelling


# Looks before the end


@pytest.fixture(scope="module")
def screening():
    """A design with looks at one of its two outcomes."""
    return study_texts.template_text("screening.toml")


def test_looks_are_taken_back_and_begun_with_what_their_outcome_needs(screening):
    without = written("looks", screening, analysis__looks__asked_for=False)
    assert "looks" not in read(without)["analysis"]
    assert "fallback" not in read(without)["analysis"]["outcomes"][0]
    shared = without.replace('family = "secondary"', 'family = "primary"')
    text = written(
        "looks", shared,
        analysis__looks__asked_for=True, analysis__looks__futility="pocock",
        analysis__looks__times="100, 200, 400",
    )  # fmt: skip
    plan = read(text)["analysis"]
    assert plan["looks"] == {
        "outcome": "trust", "kind": "obrien_fleming", "times": [100, 200, 400],
        "futility": "pocock", "power": 0.9,
    }  # fmt: skip
    assert plan["outcomes"][0]["fallback"] == "none"
    assert [one["family"] for one in plan["outcomes"]] == ["looked at", "primary"]
    loading.parse(text)
    assert written("looks", text) == text


def test_a_rule_for_any_time_keeps_the_first_look_and_the_sample(screening):
    text = written("looks", screening, analysis__looks__kind="anytime_bounded")
    assert read(text)["analysis"]["looks"] == {
        "outcome": "trust", "kind": "anytime_bounded", "times": [50, 190], "power": 0.9,
    }  # fmt: skip
    loading.parse(text)


def test_looks_of_more_than_two_arms_need_the_one_that_is_compared_with_the_control(foretelling):
    assert fields("looks", foretelling)["analysis.looks.times"].initial == "50, 100, 150, 200"
    asked_for = {"analysis__looks__asked_for": True}
    with pytest.raises(EditError, match="Choose the arm"):
        written("looks", foretelling, **asked_for)
    text = written("looks", foretelling, **asked_for, analysis__looks__arm="lime")
    plan = read(text)["analysis"]
    looked = next(one for one in plan["outcomes"] if one["key"] == plan["looks"]["outcome"])
    assert looked["asked_in"] == ["none", "lime"]
    loading.parse(text)
    assert written("looks", text) == text


def test_a_plan_without_a_claim_that_can_be_looked_at_says_so(foretelling):
    section = BY_KEY["looks"]
    text = re.sub(r'role = "confirmatory"\n', "", foretelling)
    text = re.sub(r"(\[\[analysis.outcomes\]\]\n)", r'\1role = "exploratory"\n', text)
    assert section.entries(read(text)) == []
    assert "No outcome" in section.note(read(text))


# Design


def test_a_study_between_people_becomes_one_within_people_and_back(foretelling):
    text = written("design", foretelling, new__design="condition")
    study = loading.parse(text.replace("right = 6", "right = 3"))
    assert study.design.within == ("condition",)
    assert study.blocks == len(study.conditions)
    assert "[[arms]]" not in text
    comments = [line for line in foretelling.splitlines() if line.startswith("#")]
    assert [line for line in text.splitlines() if line.startswith("#")] == comments
    back = written("design", text, new__design="between")
    assert [arm.key for arm in loading.parse(back).arms] == [
        arm.key for arm in loading.parse(foretelling).arms
    ]


UNDECIDED = re.compile("mediation")
"""What a change of the design leaves to people: it is among the mistakes at the side."""


OFTEN = ("human-and-classifier.toml", "map-and-confidence.toml", "within.toml")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one.name, marks=() if one.name in OFTEN else pytest.mark.nightly)
        for one in study_texts.templates()
    ],
)
def test_every_shipped_design_changes_into_another_one_that_loads(name):
    source = study_texts.template_text(name)
    shown = fields("design", source)["new.design"]
    for key, _label in shown.choices:
        text = written("design", source, new__design=key)
        assert (text == source) == (key == shown.initial)
        assert [one for one in problems(text) if not UNDECIDED.search(one)] == []


def test_a_heading_in_a_text_stays_as_it_is(within):
    source = within.replace("This is a demonstration", f"[[conditions]]\nThis is a {1}", 1)
    with pytest.raises(EditError, match="Make the change in the text editor"):
        written("design", source, new__design="between")


def test_the_design_is_locked_once_people_have_taken_part_and_the_plan_is_not(monkeypatch):
    class Used:
        study = object()

    monkeypatch.setattr("surveys.services.can_be_deleted", lambda study: False)
    is_locked = locks(Used())
    assert is_locked(("new", "design"))
    free = [("new", "criterion"), ("new", "contrast"), ("analysis", "covariates"),
            ("analysis", "exclusions", 0, "limit"), ("analysis", "bayes", "asked_for")]  # fmt: skip
    for path in free:
        assert not is_locked(path)


# Runs of pictures, and the place of a page


def test_practice_and_a_further_run_are_added_before_a_page(listed):
    text = written("pages", listed, new__questionnaire="trials", new__place="4")
    parts = read(text)["parts"]
    assert [part["kind"] for part in parts] == [
        "instructions", "practice", "trials", "trials", "questionnaire",
    ]  # fmt: skip
    assert parts[3] == {"kind": "trials", "key": "trials-2", "right": 8, "wrong": 4}
    again = written("pages", text, new__questionnaire="practice", new__place="1")
    assert read(again)["parts"][0] == {
        "kind": "practice", "key": "practice-2", "right": 2, "wrong": 1,
    }  # fmt: skip
    assert "# a third of the answers" in again


def test_a_questionnaire_is_placed_before_a_named_page(listed):
    places = fields("pages", listed)["new.place"].choices
    assert places[1] == ("2", "before page 2: Practice")
    assert places[-1] == ("5", "at the end")
    text = written("pages", listed, new__questionnaire="effort-v2", new__place="2")
    assert read(text)["parts"][1] == {"kind": "questionnaire", "questionnaire": "effort-v2"}


def test_practice_is_added_to_the_short_form(short):
    text = written("pages", short, new__practice=True)
    kinds = [part["kind"] for part in read(text)["parts"]]
    assert kinds.index("practice") == kinds.index("trials") - 1
    loading.parse(text)


def test_signs_of_programs_are_offered_as_a_criterion_only_where_they_are_counted():
    counting = {"signals": {"count": True}}
    assert "signals" in dict(exclusions._offered(counting))
    assert "signals" not in dict(exclusions._offered({}))
    declared = exclusions._declared("signals", counting)
    assert declared["at_least"] == 2
    assert set(declared["signals"]) == set(PROGRAM_RULES)
    assert {key for key, _ in exclusions._signs()} >= set(declared["signals"])


# Behaviour


@pytest.mark.parametrize(
    "name", ["judge-advisor", "foretelling", "human-and-classifier", "which-map"]
)
def test_the_columns_of_a_task_are_the_ones_that_the_shipped_design_names(name):
    design = read(study_texts.template_text(f"{name}.toml"))
    filled, named = behaviour.columns_of_task(design), design["analysis"]["behaviour"]
    assert filled.items() <= named.items()
    # How many classes there are is not in every file.
    assert named.keys() - filled.keys() <= {"chance"}
    assert behaviour.columns_of_task({**design, "classes": dict.fromkeys("abcdefghij")}) == named


@pytest.mark.parametrize("task", behaviour.OF_TASKS)
@pytest.mark.parametrize("ranges", [{}, {"confidence_range": (1, 5), "probability_range": (0, 1)}])
def test_measures_are_offered_exactly_where_the_analysis_can_compute_them(task, ranges):
    chance = {"chance": 0.5} if task == "distinction" else {}
    named = {**behaviour.OF_TASKS[task], **ranges, **chance}
    row = dict.fromkeys(behaviour.OF_TASKS[task].values(), 1.0)
    trials = pd.DataFrame([{"participant": "a", "arm": "x", **row}])
    plan = SimpleNamespace(behaviour=Behaviour(**named))
    derived = behaviour_trials(SimpleNamespace(plan=plan, trials=trials)).iloc[0]
    computed = set(derived.drop(["participant", "arm"]).dropna().index)
    assert derivable(named) == computed
    assert computed


def test_an_outcome_of_behaviour_is_added_with_the_columns_that_it_needs():
    labels = {key: str(label) for key, label in behaviour.LABELS.items()}
    assert labels == {one.key: one.label for one in MEASURES if one.per == "participant"}
    design = study_texts.template_text("judge-advisor.toml")
    with pytest.raises(EditError, match="Remove them under"):
        written("behaviour", design, analysis__behaviour__asked_for=False)
    of_behaviour = {
        f"analysis__outcomes__{number}__remove": True
        for number, one in enumerate(read(design)["analysis"]["outcomes"])
        if one["kind"] == "behaviour"
    }
    without = written("plan", design, **of_behaviour)
    without = written("behaviour", without, analysis__behaviour__asked_for=False)
    assert "behaviour" not in read(without)["analysis"]
    text = written("plan", without, new__outcome="behaviour:rair")
    plan = read(text)["analysis"]
    assert plan["behaviour"] == read(design)["analysis"]["behaviour"]
    assert plan["outcomes"][-1] == {
        "key": "rair", "label": labels["rair"], "family": "secondary", "kind": "behaviour",
        "measure": "rair",
    }  # fmt: skip
    assert problems(text) == []
    # Calibration needs to know what the ends of the scale mean.
    brier = ("behaviour:brier", "Brier score (behaviour)")
    assert brier not in fields("plan", text)["new.outcome"].choices
    ranges = {"confidence_range": "1, 5", "probability_range": "0.5, 1"}
    changes = {f"analysis__behaviour__{key}": value for key, value in ranges.items()}
    assert brier in fields("plan", written("behaviour", text, **changes))["new.outcome"].choices


def test_the_label_of_a_new_outcome_is_in_the_language_of_the_report():
    design = study_texts.template_text("judge-advisor.toml")
    with override("de"):
        text = written("plan", design, new__outcome="behaviour:switching")
    assert read(text)["analysis"]["outcomes"][-1]["label"].startswith("Switched to the advice")
