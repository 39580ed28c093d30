"""Files for the same table: rows are stacked, columns joined, and nothing is dropped silently."""

import pandas as pd
import pytest

from analysis.study_data.other_studies import stacking
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from tests.analysis.study_data.other_studies.conftest import trials, values
from tests.analysis.tidy import outcomes_of
from tests.daily import daily

FIRST = "pid,cond,nr,yes\np1,x,1,1\np1,x,2,0\np2,y,1,1\np2,y,2,1\n"
SECOND = "pid,cond,nr,yes\np1,x,3,1\np1,x,4,1\np2,y,3,0\np2,y,4,0\n"


def test_two_files_of_other_positions_are_stacked_as_the_case_asks(shared_dir):
    folder = shared_dir / "cases" / "tables" / "two-files"
    scores = score_table(read_study(folder))
    means = dict(zip(scores["participant"], scores["yes"], strict=True))
    assert (means["p1"], means["p2"]) == (0.75, 0.5)
    assert [arm.n for arm in outcomes_of(folder)[0].found.arms] == [2, 2]


def test_a_file_per_block_is_stacked_in_the_order_of_positions(theirs):
    theirs.write(a=FIRST, b=SECOND).map(trials("b.csv"), trials("a.csv"))
    data = theirs.read()
    assert data.trials["position"].tolist() == [1, 2, 3, 4] * 2
    assert values(data)["p1", 4] == 1


def test_the_same_trials_in_two_files_are_refused_with_both_names(theirs):
    theirs.write(a=FIRST, b=FIRST).map(trials("a.csv"), trials("b.csv"))
    assert theirs.problem() == (
        "b.csv, columns pid + nr, lines 2, 3, 4, 5: 'p1 1', 'p1 2', 'p2 1', 'p2 2' is already in "
        'a.csv. Keep one of the rows, or set repeats = "drop_identical", "keep_first" or '
        '"keep_last" for b.csv in the plan.'
    )


@pytest.mark.parametrize(
    ("repeats", "kept"), daily([("keep_last", 0), ("drop_identical", None), ("keep_first", 1)], 2)
)
def test_the_plan_decides_which_of_two_files_counts(theirs, repeats, kept):
    other = FIRST.replace("p1,x,1,1", "p1,x,1,0")
    theirs.write(a=FIRST, b=other)
    theirs.map(trials("a.csv"), trials("b.csv", more=f'repeats = "{repeats}"'))
    if kept is None:
        assert "b.csv, columns pid + nr, line 2: 'p1 1' is already in a.csv" in theirs.problem()
        theirs.write(b=FIRST)
        kept = 1
    assert values(theirs.read())["p1", 1] == kept
    assert len(theirs.read().trials) == 4


def test_a_file_with_other_columns_is_joined_and_may_repeat_cells_that_agree(theirs):
    theirs.write(a=FIRST, b="pid,cond,nr,yes,ms\np1,x,1,1,900\np2,y,2,1,800\n")
    both = 'position = "nr", yes = "yes", response_time_ms = "ms"'
    theirs.map(trials("a.csv"), trials("b.csv", columns=both))
    assert values(theirs.read(), "response_time_ms") == {
        ("p1", 1): 900, ("p1", 2): None, ("p2", 1): None, ("p2", 2): 800,
    }  # fmt: skip
    kinds = theirs.read().missing["trials.csv"]["response_time_ms"]
    assert kinds.tolist() == [None, "not_answered", "not_answered", None]


def test_cells_of_a_joined_file_that_contradict_the_first_are_refused(theirs):
    theirs.write(a=FIRST, b="pid,cond,nr,yes,ms\np1,x,1,0,900\n")
    both = 'position = "nr", yes = "yes", response_time_ms = "ms"'
    theirs.map(trials("a.csv"), trials("b.csv", columns=both))
    assert theirs.problem() == (
        "b.csv, columns pid + nr, line 2: 'p1 1' has another 'yes' than in a.csv. Correct one of "
        'the files, or set repeats = "keep_first" or "keep_last" for b.csv in the plan.'
    )


@pytest.mark.nightly
def test_stacked_and_joined_files_may_come_in_any_order(theirs):
    times = {
        "s": "pid,nr,ms\np1,1,10\np1,2,20\np2,1,30\np2,2,40\n",
        "t": "pid,nr,ms\np1,3,50\np1,4,60\np2,3,70\np2,4,80\n",
    }
    theirs.write(a=FIRST, b=SECOND, **times)
    ms = (
        '[[source.tables]]\nfile = "{}.csv"\ninto = "trials"\n'
        'columns = {{ participant = "pid", position = "nr", response_time_ms = "ms" }}'
    )
    orders = [
        [trials("a.csv"), ms.format("s"), trials("b.csv"), ms.format("t")],
        [ms.format("t"), trials("b.csv"), trials("a.csv"), ms.format("s")],
    ]
    found = []
    for order in orders:
        data = theirs.map(*order).read()
        found.append(data.trials[["participant", "position", "yes", "response_time_ms"]])
    pd.testing.assert_frame_equal(*found)
    assert found[0]["response_time_ms"].tolist() == [10, 20, 50, 60, 30, 40, 70, 80]


def test_a_file_per_person_is_read_by_a_pattern_with_the_person_in_its_name(theirs):
    theirs.write(**{
        "log-p1": "cond,nr,yes\nx,1,1\nx,2,0\n", "log-p2": "cond,nr,yes\ny,1,1\n", "note": "a\n1\n",
    })  # fmt: skip
    table = trials("log-*.csv", more='named = "participant"').replace('participant = "pid", ', "")
    data = theirs.map(table).read()
    assert data.participants["participant"].tolist() == ["p1", "p2"]
    assert values(data) == {("p1", 1): 1, ("p1", 2): 0, ("p2", 1): 1}
    assert set(data.hashes) == {"log-p1.csv", "log-p2.csv", "plan.toml"}


def test_a_copy_that_the_pattern_includes_is_refused_by_name(theirs):
    theirs.write(**{"a": FIRST, "b": SECOND, "b copy": SECOND}).map(trials("*.csv"))
    (problem,) = theirs.problems()
    assert problem.startswith("b.csv, columns pid + nr, lines 2, 3, 4, 5:")
    assert "is already in b copy.csv" in problem


@pytest.mark.nightly
def test_many_files_are_stacked_without_joining_them_one_by_one(theirs, monkeypatch):
    theirs.write(**{f"p{n:02}": f"pid,cond,nr,yes\np{n},x,1,1\n" for n in range(12)})
    theirs.write(other="pid,cond,nr,yes\nq,y,1,1\n")
    joins = []
    monkeypatch.setattr(stacking, "_joined", lambda *frames: joins.append(frames))
    assert len(theirs.map(trials("*.csv")).read().trials) == 13
    assert joins == []


def test_a_pattern_without_files_is_refused(theirs):
    theirs.write(a=FIRST).map(trials("a.csv"), trials("block-*.csv"))
    assert "has a name like 'block-*.csv'. Correct file in [[source.tables]]." in theirs.problem()


def test_participants_of_two_files_are_stacked_or_described_together(theirs):
    people = (
        '[[source.tables]]\nfile = "{}.csv"\ninto = "participants"\n'
        'columns = {{ participant = "pid", {} }}\ntypes = {{ {} }}\n'
    )
    theirs.write(
        a=FIRST, one="pid,age\np1,30\n", two="pid,age\np2,40\n", sex="pid,sex\np1,f\np2,m\n"
    )
    age = ('age = "age"', 'age = "integer"')
    tables = [people.format("one", *age), people.format("two", *age)]
    data = theirs.map(trials("a.csv"), *tables, people.format("sex", 'sex = "sex"', "")).read()
    assert data.participants["age"].tolist() == [30, 40]
    assert data.participants["sex"].tolist() == ["f", "m"]
    theirs.write(two="pid,age\np1,31\np2,40\n").map(trials("a.csv"), *tables)
    assert "two.csv, columns pid, line 2: 'p1' is already in one.csv" in theirs.problem()


def test_answers_of_two_files_are_stacked_and_the_same_answer_is_refused(theirs):
    answers = (
        '[[source.tables]]\nfile = "{}.csv"\ninto = "answers"\n'
        'columns = {{ participant = "pid", item = "q", value = "v" }}\n'
        'constants = {{ questionnaire = "own" }}\n'
    )
    items = "".join(
        f'[[source.items]]\nitem = "q{n}"\nquestionnaire = "own"\nminimum = 1\nmaximum = 5\n'
        for n in (1, 2)
    )
    tables = [trials("a.csv"), answers.format("one"), answers.format("two")]
    theirs.write(a=FIRST, one="pid,q,v\np1,q1,3\n", two="pid,q,v\np1,q2,4\n")
    assert len(theirs.map(*tables, more=items).read().answers) == 2
    theirs.write(two="pid,q,v\np1,q1,4\n")
    assert "two.csv, columns pid + questionnaire + q, line 2: 'p1 own q1'" in theirs.problem()


def test_files_without_a_position_or_an_image_cannot_be_joined(theirs):
    theirs.write(a="pid,cond,yes\np1,x,1\np2,y,0\n", b="pid,nr,ms\np1,1,5\np2,1,6\n")
    times = (
        '[[source.tables]]\nfile = "b.csv"\ninto = "trials"\n'
        'columns = { participant = "pid", position = "nr", response_time_ms = "ms" }'
    )
    theirs.map(trials("a.csv", columns='yes = "yes"'), times)
    assert "nothing tells which rows of a.csv, b.csv are the same trial" in theirs.problem()


def test_files_without_positions_are_joined_by_the_image(theirs):
    theirs.write(
        a="pid,cond,img,yes\np1,x,i2,1\np1,x,i1,0\np2,y,i1,1\n",
        b="pid,img,nr,ms\np1,i1,1,5\np1,i2,2,6\np2,i1,1,7\n",
    )
    times = (
        '[[source.tables]]\nfile = "b.csv"\ninto = "trials"\n'
        'columns = { participant = "pid", image = "img", position = "nr", response_time_ms = "ms" }'
    )
    theirs.map(trials("a.csv", columns='image = "img", yes = "yes"'), times)
    data = theirs.read()
    assert values(data, "image") == {("p1", 1): "i1", ("p1", 2): "i2", ("p2", 1): "i1"}
    assert values(data, "response_time_ms") == {("p1", 1): 5, ("p1", 2): 6, ("p2", 1): 7}
    theirs.write(b="pid,img,nr,ms\np1,i1,1,5\np1,i1,2,6\np2,i1,1,7\n")
    assert "b.csv, columns pid + img, lines 2, 3: more than one row fits a row of a.csv" in (
        theirs.problem()
    )


def test_files_of_a_pattern_without_positions_continue_the_count(theirs):
    theirs.write(a="pid,cond,img,yes\np1,x,i1,1\np1,x,i2,0\np2,y,i1,1\n",
                 b="pid,cond,img,yes\np1,x,i3,1\np2,y,i3,0\n")  # fmt: skip
    theirs.map(trials("?.csv", columns='image = "img", yes = "yes"'))
    assert theirs.read().trials["position"].tolist() == [1, 2, 3, 1, 2]
