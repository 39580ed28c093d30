"""Repeated rows are found whatever columns are mapped, and the plan says what they mean."""

import pytest

from analysis.errors import TableError
from analysis.study_data.study_data import read_study
from tests.analysis.study_data.other_studies.conftest import trials, values
from tests.analysis.tidy import outcomes_of
from tests.daily import daily

IMAGE = 'image = "img", yes = "yes"'
TWICE = "pid,cond,img,yes\np1,x,i1,1\np1,x,i2,0\np1,x,i1,0\np2,y,i1,1\n"


@pytest.fixture
def case(shared_dir, tmp_path):
    """The plan and the table of the case, in a folder that a test may change."""
    table = shared_dir / "cases" / "tables" / "repeats-without-position"
    for path in table.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def repeats(folder, value):
    plan = folder / "plan.toml"
    plan.write_text(plan.read_text().replace("types =", f'repeats = "{value}"\ntypes =', 1))


def test_doubled_rows_are_refused_without_a_position(case):
    with pytest.raises(TableError) as caught:
        read_study(case)
    (problem,) = caught.value.problems
    assert problem.startswith("trials.csv, columns pid + img, lines 2,")
    assert "map the column with the position of the trial" in problem


@pytest.mark.parametrize("value", daily(["drop_identical", "keep_first"], 1))
def test_the_answer_without_the_doubles_is_that_of_the_table_before(case, value):
    repeats(case, value)
    assert len(read_study(case).trials) == 270
    by_key = {result.outcome.key: result.found.test for result in outcomes_of(case)}
    assert round(by_key["bin"].p, 3) == 0.227


def test_an_image_seen_twice_is_a_trial_of_its_own_only_if_the_plan_says_so(theirs):
    theirs.write(trials=TWICE).map(trials(columns=IMAGE))
    assert '"keep_last" or "keep_all" (each row is a trial of its own)' in theirs.problem()
    theirs.map(trials(columns=IMAGE, more='repeats = "keep_all"'))
    assert len(theirs.read().trials) == 4
    for value, kept in (("keep_first", 1), ("keep_last", 0)):
        theirs.map(trials(columns=IMAGE, more=f'repeats = "{value}"'))
        data = theirs.read()
        first = data.trials[(data.trials["image"] == "i1")].iloc[0]
        assert (len(data.trials), first["yes"]) == (3, kept)


def test_an_image_seen_once_in_each_block_or_level_within_is_not_a_repeat(theirs):
    text = "pid,cond,img,yes,b\np1,x,i1,1,1\np1,x,i1,0,2\np2,y,i1,1,1\n"
    theirs.write(trials=text).map(trials(columns=f'{IMAGE}, block = "b"'))
    assert len(theirs.read().trials) == 3
    within = (
        '[[outcomes]]\nkey = "w"\nlabel = "W"\nkind = "trial_mean"\ncolumn = "yes"\n'
        'analysis = "repeated"\nwithin = "round"\n'
    )
    theirs.map(trials(columns=f'{IMAGE}, round = "b"'), more=within)
    assert len(theirs.read().trials) == 3
    theirs.map(trials(columns=f'{IMAGE}, other = "b"'))
    assert "columns pid + img, lines 2, 3: 'p1 i1' occurs more than once" in theirs.problem()


def test_rows_equal_in_every_cell_are_refused_where_nothing_tells_trials_apart(theirs):
    text = "pid,cond,yes,at\np1,x,1,10\np1,x,1,11\np2,y,1,10\n"
    theirs.write(trials=text).map(trials(columns='yes = "yes"'))
    assert len(theirs.read().trials) == 3  # the column that is not mapped differs
    theirs.write(trials=text.replace("11", "10"))
    problem = theirs.problem()
    assert problem.startswith("trials.csv, lines 2, 3: rows of 'p1' are equal in every cell")
    theirs.map(trials(columns='yes = "yes"', more='repeats = "keep_all"'))
    assert len(theirs.read().trials) == 3


def test_numbers_that_begin_again_in_each_block_are_named_as_a_cause(theirs):
    theirs.write(trials="pid,cond,nr,yes\np1,x,1,1\np1,x,1,0\np2,y,1,1\n").map(trials())
    assert "If the numbers begin again in each block, map the block" in theirs.problem()


def test_keep_all_needs_trials_without_a_position(theirs):
    theirs.write(trials="pid,cond,nr,yes\np1,x,1,1\n").map(trials(more='repeats = "keep_all"'))
    assert "so it needs a table of trials without a position" in theirs.plan_problem()


def test_a_participant_listed_twice_is_refused(theirs):
    theirs.write(trials="pid,cond,nr,yes\np1,x,1,1\np2,y,1,1\n", people="pid,age\np1,3\np1,4\n")
    people = (
        '[[source.tables]]\nfile = "people.csv"\ninto = "participants"\n'
        'columns = { participant = "pid", age = "age" }'
    )
    theirs.map(trials(), people)
    assert theirs.problem().startswith("people.csv, columns pid, lines 2, 3: 'p1' occurs more")


def test_the_first_of_repeated_rows_gives_the_order_of_trials(theirs):
    theirs.write(trials="pid,cond,img,yes\np1,x,i1,1\np1,x,i1,0\np1,x,i2,0\np2,y,i1,1\n")
    theirs.map(trials(columns=IMAGE, more='repeats = "keep_first"'))
    assert values(theirs.read()) == {("p1", 1): 1, ("p1", 2): 0, ("p2", 1): 1}
