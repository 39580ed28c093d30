"""JSON inside a column: its values as columns, with problems on their lines."""

import pytest

from tests.analysis.study_data.other_studies.conftest import trials, values

HEAD = "pid,cond,nr,response\n"
MAPPED = 'position = "nr", yes = "response.yes"'


def cell(text: str) -> str:
    """The text as a quoted cell of a csv file."""
    return '"' + text.replace('"', '""') + '"'


def rows(*cells: str) -> str:
    lines = (
        f"p{1 + n % 2},{'xy'[n % 2]},{1 + n // 2},{cell(text)}" for n, text in enumerate(cells)
    )
    return HEAD + "\n".join(lines) + "\n"


def read(theirs, *cells, columns=MAPPED, more='json = ["response"]', types='yes = "integer"'):
    theirs.write(trials=rows(*cells)).map(trials(columns=columns, more=more, types=types))
    return theirs


def test_a_value_inside_json_is_a_column_of_the_file(theirs):
    data = read(theirs, '{"yes": 1}', '{"yes": 0}', '{"other": 3, "yes": 1}', "{}").read()
    assert values(data) == {("p1", 1): 1, ("p2", 1): 0, ("p1", 2): 1, ("p2", 2): None}


def test_values_inside_values_are_named_by_their_path_and_elements_count_from_1(theirs):
    nested = ('{"page": {"answers": [7, {"yes": 1}]}}', '{"page": {"answers": [8, {"yes": 0}]}}')
    columns = (
        'position = "nr", yes = "response.page.answers.2.yes", first = "response.page.answers.1"'
    )
    data = read(theirs, *nested, columns=columns, types='yes = "integer", first = "number"').read()
    assert values(data) == {("p1", 1): 1, ("p2", 1): 0}
    assert values(data, "first") == {("p1", 1): 7, ("p2", 1): 8}


def test_true_is_1_false_is_0_and_null_is_missing(theirs):
    data = read(theirs, '{"yes": true}', '{"yes": false}', '{"yes": null}', "").read()
    assert values(data) == {("p1", 1): 1, ("p2", 1): 0, ("p1", 2): None, ("p2", 2): None}


def test_a_cell_that_is_a_single_value_is_the_column_itself(theirs):
    data = read(theirs, "1", "0", columns='position = "nr", yes = "response"').read()
    assert values(data) == {("p1", 1): 1, ("p2", 1): 0}


def test_a_long_number_keeps_its_digits(theirs):
    data = read(theirs, '{"yes": 0.1234567890123456789}', '{"yes": 12345678901234567890}',
                types='yes = "text"').read()  # fmt: skip
    assert set(values(data).values()) == {"0.1234567890123456789", "12345678901234567890"}


def test_each_key_of_a_cell_can_be_a_trial_by_wide(theirs):
    table = """
[[source.tables]]
file = "trials.csv"
into = "trials"
columns = { participant = "pid", arm = "cond" }
json = ["data"]
wide = { yes = "data.{image=cat|dog}" }
types = { yes = "integer" }
"""
    text = "pid,cond,data\n" + "\n".join(
        f"{who},{arm},{cell(found)}"
        for who, arm, found in (("p1", "x", '{"cat": 1, "dog": 0}'), ("p2", "y", '{"cat": 0}'))
    )
    data = theirs.write(trials=text + "\n").map(table).read()
    found = data.trials.set_index(["participant", "image"])["yes"]
    assert found.to_dict() == {("p1", "cat"): 1, ("p1", "dog"): 0, ("p2", "cat"): 0}


def test_rows_can_be_kept_by_a_value_inside_json(theirs):
    more = 'json = ["response"]\nwhere = { "response.kind" = "test" }'
    data = read(theirs, '{"yes": 1, "kind": "test"}', '{"yes": 0, "kind": "test"}',
                '{"yes": 1, "kind": "practice"}', more=more).read()  # fmt: skip
    assert values(data) == {("p1", 1): 1, ("p2", 1): 0}


@pytest.mark.parametrize(
    "bad", ["{yes: 1}", '{"yes": 1', '{"yes": NaN}', '{"yes": 1, "yes": 0}', "[" * 100_000]
)
def test_a_cell_that_is_not_json_is_named_with_its_line(theirs, bad):
    said = read(theirs, '{"yes": 1}', bad, '{"yes": 0}').problem()
    assert "trials.csv, column response, line 3: " in said
    assert "is not JSON" in said


def test_a_wrong_value_is_named_by_its_path(theirs):
    said = read(theirs, '{"yes": 1}', '{"yes": "maybe"}').problem()
    assert "column response.yes, line 3: 'maybe' must be a whole number" in said


def test_a_value_that_no_cell_has_is_missing_from_the_file(theirs):
    said = read(theirs, '{"no": 1}', '{"no": 0}').problem()
    assert "trials.csv lacks the columns 'response.yes'" in said
    assert "'response.no'" in said


def test_a_column_that_the_file_lacks_is_named(theirs):
    more, columns = 'json = ["answer"]', 'position = "nr", yes = "answer.yes"'
    said = read(theirs, '{"yes": 1}', '{"yes": 0}', more=more, columns=columns).problem()
    assert "trials.csv lacks the columns 'answer.yes', 'answer'" in said


def test_a_value_and_a_column_of_the_same_name_are_refused(theirs):
    text = 'pid,cond,nr,response,response.yes\np1,x,1,"{""yes"": 1}",0\np2,y,1,"{""yes"": 0}",0\n'
    theirs.write(trials=text).map(trials(columns=MAPPED, more='json = ["response"]'))
    assert "has the column 'response.yes', and the JSON of 'response'" in theirs.problem()


def test_json_of_which_nothing_is_used_is_refused_in_the_plan(theirs):
    theirs.map(trials(more='json = ["extra"]'))
    said = theirs.plan_problem()
    assert "json lists 'extra', but no value of it is used" in said
    assert said.startswith("plan.toml, line ")
