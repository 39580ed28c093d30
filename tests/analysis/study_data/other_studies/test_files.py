"""Files as other programs write them: each fault is a sentence with the file and the cure."""

import pytest

from tests.analysis.study_data.other_studies.conftest import Folder, trials, values
from tests.daily import daily

LOG = "pid,cond,nr,yes\np1,x,1,1\np2,y,1,0\n"
NUMBERS = 'position = "nr", speed = "speed"'
SPEED = 'speed = "number"'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "trials.csv is empty."),
        (b"\n \n", "trials.csv is empty."),
        (b"pid,cond,nr,yes\n", "trials.csv has no rows below its first line."),
        (LOG.encode("utf-16"), "and its first bytes are those of UTF-16"),
        (LOG.replace("p1", "Zoë").encode("latin-1"), "cannot be read as a CSV table in UTF-8"),
        (LOG.replace("p2", "p\0").encode(), "trials.csv, line 3: contains a NUL character"),
        (b"PK\x03\x04" + b"x" * 20, "is a spreadsheet or an archive, not a CSV table"),
        (LOG.replace(",", ";").encode(), 'Set separator = ";" in the plan\'s [source].'),
        (LOG.replace(",", "\t").encode(), 'Set separator = "\\t" in the plan\'s [source].'),
        (LOG.replace("nr,yes", "yes,yes").encode(), "'yes'. Rename"),
        (LOG.replace("p1,x,1,1", "p1,x,1").encode(), "line 2: the number of cells is 3, but"),
        (LOG.replace("p1,x,1,1", "p1,x,1,1,2").encode(), "line 2: the number of cells is 5, but"),
        (LOG.replace("p2", '"p2').encode(), "cannot be read as a CSV table from line 3"),
    ],
)
def test_each_fault_of_a_file_is_one_sentence(theirs, content, message):
    theirs.map(trials())
    (theirs.path / "trials.csv").write_bytes(content)
    problem = theirs.problem()
    assert problem.startswith("trials.csv")
    assert message in problem
    assert "[source]" in problem


@pytest.mark.parametrize(
    "content",
    daily(
        [
            b"\xef\xbb\xbf" + LOG.encode(),
            LOG.replace("\n", "\r\n").encode(),
            LOG.replace("\n", "\r").encode(),
            LOG.replace("\n", "\n\n").encode(),
            LOG.replace("yes", '"yes"').encode(),
            LOG.removesuffix("\n").encode(),
        ],
        3,
    ),
)
def test_what_programs_add_to_a_file_does_not_matter(theirs, content):
    theirs.map(trials())
    (theirs.path / "trials.csv").write_bytes(content)
    assert values(theirs.read()) == {("p1", 1): 1, ("p2", 1): 0}


@pytest.mark.parametrize(
    ("text", "line"),
    [("pid,cond,nr,yes\n\np1,x,1,1\n\np2,y,1,no\n", 5),
     ('pid,cond,nr,yes,note\np1,x,1,1,"a\nb\nc"\np2,y,1,no,\n', 5)],
)  # fmt: skip
def test_lines_are_those_of_the_file(theirs, text, line):
    theirs.write(trials=text).map(trials())
    assert theirs.problem().startswith(f"trials.csv, column yes, line {line}: 'no' must be")


def test_decimal_commas_are_read_if_the_plan_says_so(theirs):
    text = "pid;cond;nr;speed\np1;x;1;1,5\np2;y;1;-0,25\n"
    theirs.write(trials=text).map(trials(columns=NUMBERS, types=SPEED), source='separator = ";"')
    problem = theirs.problem()
    assert problem.startswith("trials.csv, column speed, lines 2, 3: '1,5', '-0,25' must be a num")
    assert problem.endswith('or: set decimal = "," in the plan\'s [source].')
    source = 'separator = ";"\ndecimal = ","'
    theirs.map(trials(columns=NUMBERS, types=SPEED), source=source)
    assert values(theirs.read(), "speed") == {("p1", 1): 1.5, ("p2", 1): -0.25}
    theirs.write(trials=text.replace("1,5", "1.500"))
    assert "column speed, line 2: '1.500' has a point, but the plan says" in theirs.problem()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('encoding = "utf8000"', "'utf8000', which is not an encoding"),
        ('separator = "||"', "separator is '||', which is not a single character"),
        ('complete = { "log.csv" = 2 }', "complete has 'log.csv', which is not a file"),
        ('complete = { "trials.csv" = 0 }', "It must be at least 1"),
    ],
)
def test_a_mistake_in_the_source_is_told_with_its_line(theirs, source, message):
    theirs.write(trials=LOG).map(trials(), source=source)
    problem = theirs.plan_problem()
    assert problem.startswith("plan.toml, line 13: ")
    assert message in problem


@pytest.mark.parametrize("name", ["../trials.csv", "/trials.csv", "C:/trials.csv"])
def test_a_file_outside_the_folder_is_refused(theirs, name):
    theirs.map(trials(name))
    assert "It must be inside the folder of the data" in theirs.plan_problem()


def test_a_single_file_that_the_plan_does_not_map_is_refused(theirs, tmp_path):
    theirs.write(trials=LOG, other=LOG).map(trials())
    one = Folder(tmp_path / "other.csv")
    assert one.problem() == (
        "[source] does not map 'other.csv', but 'trials.csv'. Name the folder of these files, or "
        "correct file in [[source.tables]]."
    )


def test_a_where_that_leaves_no_row_is_refused(theirs):
    theirs.write(trials=LOG).map(trials(more='where = { yes = ["7"] }'))
    assert theirs.problem() == "trials.csv: no row has yes = '7'. Correct where in the plan."


def test_a_plan_of_one_arm_needs_no_column_for_it(tmp_path):
    from analysis.plan.plan import Plan
    from analysis.plan.tables import Source, SourceTable
    from analysis.study_data.other_studies.joining import read_source

    Folder(tmp_path).write(trials="pid,nr,yes\np1,1,1\np2,1,0\n")
    table = SourceTable("trials.csv", "trials", {"participant": "pid", "position": "nr"})
    frames, _ = read_source(tmp_path, Plan("", "all", ("all",), (), source=Source((table,))))
    assert frames["participants.csv"]["arm"].tolist() == ["all", "all"]
    assert frames["trials.csv"]["arm"].tolist() == ["all", "all"]


def test_without_a_column_of_the_arm_a_plan_of_two_arms_is_refused(theirs):
    theirs.write(trials=LOG).map(trials().replace('arm = "cond", ', ""))
    assert theirs.problem() == ("[source]: no file has an arm. Map the column that names the arm.")


def test_an_arm_that_the_plan_lacks_is_named_in_its_file(theirs):
    theirs.write(trials=LOG.replace(",y,", ",z,")).map(trials())
    assert theirs.problem().startswith(
        "trials.csv, column cond, line 3: the plan's arms 'x', 'y' do not include 'z'."
    )


def test_a_correctness_that_contradicts_the_classes_is_named(theirs):
    theirs.write(trials="pid,cond,nr,t,p,ok\np1,x,1,cat,cat,1\np2,y,1,cat,dog,1\n")
    columns = 'position = "nr", true_class = "t", predicted_class = "p", prediction_correct = "ok"'
    theirs.map(trials(columns=columns, types=""))
    assert "but is not for 'p2 1' (participant and position)" in theirs.problem()


def test_a_correctness_is_read_from_files_without_classes(theirs):
    """With one of the classes alone, too."""
    theirs.write(trials="pid,cond,nr,t,ok\np1,x,1,cat,1\np2,y,1,cat,0\n")
    for more in ("", ', true_class = "t"'):
        theirs.map(trials(columns=f'position = "nr", prediction_correct = "ok"{more}', types=""))
        assert values(theirs.read(), "prediction_correct") == {("p1", 1): 1, ("p2", 1): 0}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("minimum = 1", "give both minimum and maximum, or neither"),
        ("minimum = 5\nmaximum = 1", "minimum 5 must be below maximum 1"),
        ('scale = "s"', "belongs to a scale, so it needs minimum and maximum"),
        ("reversed = 2", "reversed is 2. Use 0 or 1"),
        ('[[source.items]]\nitem = "q"\nquestionnaire = "own"', "'own' is listed twice"),
    ],
)
def test_a_mistake_in_an_item_is_told_by_the_plan(theirs, more, message):
    item = f'[[source.items]]\nitem = "q"\nquestionnaire = "own"\n{more}\n'
    assert message in theirs.map(trials(), more=item).plan_problem()
