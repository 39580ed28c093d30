"""Tables with a column per question or trial, with problems in the names of the file."""

import pytest

from analysis.sections.baseline import baseline
from analysis.study_data.study_data import read_study
from tests.analysis.study_data.other_studies.conftest import trials, values
from tests.analysis.tidy import outcomes_of

ITEMS = """
[[source.items]]
item = "q1"
questionnaire = "liking"
scale = "liking"
minimum = 1
maximum = 5

[[source.items]]
item = "q2"
questionnaire = "liking"
scale = "liking"
minimum = 1
maximum = 5
reversed = 1

[[source.items]]
item = "job"
questionnaire = "about"
"""
SURVEY = """
[[source.tables]]
file = "survey.csv"
into = "answers"
columns = { participant = "pid", arm = "cond" }
items = { q1 = "Q1 raw", q2 = "Q2", job = "Work" }
"""
ANSWERS = 'pid,cond,Q1 raw,Q2,Work,Age\np1,x,4,2,"nurse, night",30\np2,y,,1,,41\n'
RATINGS = "pid,cond,rating_cat,rt_cat,rating_dog,rt_dog,age\np1,x,3,900,4,800,30\np2,y,,,5,700,31\n"
WIDE = """
[[source.tables]]
file = "wide.csv"
into = "trials"
columns = { participant = "pid", arm = "cond" }
wide = { rating = "rating_{image}", response_time_ms = "rt_{image}" }
types = { rating = "number" }
"""


def test_a_column_per_question_becomes_an_answer_per_item(theirs):
    data = theirs.write(survey=ANSWERS).map(SURVEY, more=ITEMS).read()
    answers = data.answers.set_index(["participant", "item"])
    assert answers.loc["p1", "value"].to_dict() == {"q1": "4", "q2": "2", "job": "nurse, night"}
    assert answers.loc["p1", "questionnaire"].to_dict() == {
        "q1": "liking", "q2": "liking", "job": "about",
    }  # fmt: skip
    kinds = data.missing["answers.csv"]["value"]
    assert kinds[(data.answers["participant"] == "p2").to_numpy()].tolist() == [
        "not_answered", None, "not_answered",
    ]  # fmt: skip


def test_the_wide_and_the_long_form_give_the_same_answers(theirs, tmp_path):
    wide = theirs.write(survey=ANSWERS).map(SURVEY, more=ITEMS).read()
    long = "pid,cond,q,v\np1,x,q1,4\np1,x,q2,2\np1,x,job,nurse\np2,y,q1,\np2,y,q2,1\np2,y,job,\n"
    rows = SURVEY.replace(
        'items = { q1 = "Q1 raw", q2 = "Q2", job = "Work" }', 'wide = { value = "{item=q1|q2}" }'
    )
    assert rows != SURVEY
    table = rows.replace(
        'wide = { value = "{item=q1|q2}" }', 'constants = { questionnaire = "liking" }\n'
        'where = { q = ["q1", "q2"] }',
    ).replace('arm = "cond" }', 'arm = "cond", item = "q", value = "v" }')  # fmt: skip
    other = theirs.write(survey=long).map(table, more=ITEMS).read()
    columns = ["participant", "arm", "questionnaire", "item", "value"]
    first = wide.answers[wide.answers["item"] != "job"][columns].reset_index(drop=True)
    assert first.equals(other.answers[columns].reset_index(drop=True))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("x,4,2", "x,6,2", "survey.csv, column Q1 raw, line 2: codebook.csv does not allow '6'"),
        ("y,,1", "y,,1.5", "survey.csv, column Q2, line 3: codebook.csv does not allow '1.5'"),
        ("Q2,Work", "Q3,Work", "survey.csv lacks the columns 'Q2'. It has 'pid', 'cond', 'Q1 raw'"),
        ("p2,y", "p1,x", "survey.csv, columns pid, lines 2, 3: 'p1' occurs more than once."),
    ],
)
def test_a_bad_cell_of_a_wide_table_has_its_own_column_and_line(theirs, old, new, message):
    theirs.write(survey=ANSWERS.replace(old, new)).map(SURVEY, more=ITEMS)
    assert theirs.problem().startswith(message)


def test_a_questionnaire_before_and_after_is_two_tables_of_one_file(theirs):
    text = "pid,cond,Q1_pre,Q1_post\np1,x,1,5\np2,y,2,4\n"
    table = (
        '[[source.tables]]\nfile = "s.csv"\ninto = "answers"\n'
        'columns = {{ participant = "pid", arm = "cond" }}\n'
        'items = {{ q1 = "Q1_{}" }}\nconstants = {{ part = "{}" }}\n'
    )
    theirs.write(s=text).map(table.format("pre", "before"), table.format("post", "after"),
                             more=ITEMS)  # fmt: skip
    answers = theirs.read().answers.set_index(["participant", "part"])["value"]
    assert answers.to_dict() == {
        ("p1", "before"): "1", ("p1", "after"): "5", ("p2", "before"): "2", ("p2", "after"): "4",
    }  # fmt: skip
    theirs.map(table.format("pre", "before"), table.format("post", "before"), more=ITEMS)
    assert "s.csv, columns pid + part + questionnaire + item, lines 2, 3: 'p1 before" in (
        theirs.problem()
    )


def test_a_column_per_trial_becomes_a_trial_per_image(theirs):
    data = theirs.write(wide=RATINGS).map(WIDE).read()
    assert values(data, "image") == {("p1", 1): "cat", ("p1", 2): "dog", ("p2", 1): "dog"}
    assert values(data, "rating") == {("p1", 1): 3, ("p1", 2): 4, ("p2", 1): 5}
    assert values(data, "response_time_ms") == {("p1", 1): 900, ("p1", 2): 800, ("p2", 1): 700}


def test_a_bad_cell_of_a_wide_trial_has_its_own_column_and_line(theirs):
    theirs.write(wide=RATINGS.replace("5,700", "5,soon")).map(WIDE)
    assert theirs.problem().startswith("wide.csv, column rt_dog, line 3: 'soon' must be a number.")


def test_a_condition_in_the_columns_names_is_a_factor_within(theirs):
    text = "pid,cond,none,map\np1,x,2,4\np2,y,3,\np3,x,1,2\np4,x,1,4\np5,y,2,3\np6,y,2,5\n"
    table = WIDE.replace(
        'wide = { rating = "rating_{image}", response_time_ms = "rt_{image}" }',
        'wide = { rating = "{condition=none|map}" }\ncodes = { condition = { none = "plain" } }',
    )
    outcome = (
        '[[outcomes]]\nkey = "r"\nlabel = "R"\nkind = "trial_mean"\ncolumn = "rating"\n'
        'analysis = "repeated"\nwithin = "condition"\n'
    )
    data = theirs.write(wide=text).map(table, more=outcome).read()
    assert values(data, "condition")["p1", 1] == "plain"
    assert len(data.trials) == 11
    found = next(one for one in outcomes_of(theirs.path) if one.outcome.key == "r").found
    assert {arm.arm: arm.n for arm in found.arms} == {"map": 5, "plain": 5}


def test_a_column_that_fits_one_pattern_alone_is_named(theirs):
    theirs.write(wide=RATINGS.replace("age", "rt_total")).map(WIDE)
    assert theirs.problem() == (
        "wide.csv has the column 'rt_total', but not 'rating_total', which belongs to it by wide. "
        "If 'rt_total' is another column, list the values in the pattern, as in "
        '"{image=cat|dog}".'
    )
    theirs.map(WIDE.replace("rt_{image}", "rt_{image=cat|dog}"))
    assert len(theirs.read().trials) == 3


def test_a_pattern_without_a_column_is_named(theirs):
    theirs.write(wide=RATINGS).map(WIDE.replace("rt_{image}", "ms_{image}"))
    assert "wide.csv: no column has a name like 'ms_{image}', as wide asks. It has 'pid'" in (
        theirs.problem()
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rt_{image}", "rt", "'response_time_ms' in wide is 'rt'. It must contain the name"),
        ("rt_{image}", "rt_{image", "'response_time_ms' in wide is 'rt_{image'. It must"),
        ("rt_{image}", "rt_{position}", "has position in braces, but the first pattern has image"),
        ('into = "trials"', 'into = "participants"', "wide has no use there"),
        ("types = ", 'items = { q = "age" }\ntypes = ', "items is for tables of answers"),
        ('arm = "cond"', 'arm = "cond", image = "i"', "'image' is filled more than once"),
        ('rating = "number"', 'rateing = "number"', "types has 'rateing', which the table does"),
    ],
)
def test_a_mistake_in_the_form_is_told_before_any_file_is_read(theirs, old, new, message):
    assert old in WIDE
    theirs.map(WIDE.replace(old, new))
    assert any(message in problem for problem in theirs.problems())


def test_covariates_of_a_wide_file_are_in_table_1(theirs):
    people = (
        '[[source.tables]]\nfile = "people.csv"\ninto = "participants"\n'
        'columns = { participant = "pid", age = "Age", job = "Work" }\ntypes = { age = "number" }'
    )
    log = "pid,cond,nr,yes\n" + "".join(
        f"p{n},{'xy'[n % 2]},{t},{(n + t) % 2}\n" for n in range(8) for t in (1, 2)
    )
    rows = "pid,Age,Work\n" + "".join(f'p{n},"{20 + n},5",{"ab"[n % 2]}\n' for n in range(8))
    theirs.write(trials=log, people=rows)
    theirs.map(trials(), people, source='decimal = ","')
    plan = theirs.path / "plan.toml"
    plan.write_text('covariates = ["age", "job"]\n' + plan.read_text())
    age, job = baseline(read_study(theirs.path))
    assert (age.kind, age.together.mean) == ("number", 24.0)
    assert job.together.counts == {"a": 4, "b": 4}
