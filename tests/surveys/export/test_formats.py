"""A thousand synthetic people in each format, read back cell by cell.

csv and JSON are read by the standard library, Excel's workbook by a reader of its XML in this file,
Stata's file by pandas. Parquet is read by fastparquet where it is installed, otherwise by pyarrow,
which wrote it; SPSS's file by pyreadstat, which wrote it, and where R is installed by its package
foreign, whose reader descends from PSPP.
"""

import csv
import hashlib
import io
import json
import math
import random
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree

import pandas as pd
import pyarrow.parquet as pq
import pyreadstat
import pytest
from django.core.management import CommandError, call_command

from analysis.study_data.formulas import guarded, unguarded
from analysis.study_data.populations import score_table
from analysis.study_data.study_data import read_study
from surveys.export.dataset import MISSING_LABELS, Missing, Table, Variable
from surveys.export.folder import ExportError
from surveys.export.formats import FORMATS, chosen_formats, write_format
from surveys.export.wide import KEYWORDS, LONGEST_NAME, accepted_names
from surveys.export.workbook import LONGEST_CELL
from surveys.export.writing import export_study
from tests.surveys import designs
from tests.surveys.factories import allocated, end_and_unblind, export_closed, walk

AWKWARD = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''@", "'quoted'", "-3"),
    *("a,b;c", 'say "no"', "two\nlines", "two\r\nlines", " spaces ", "", "NULL", "NA", "nan"),
    *(
        "😀 emoji 👩‍🔬",
        "שלום עולם",
        "\u202eright to left",
        "e\u0301",
        "日本語",
        "_x0041_",
        "=cmd|' /C calc'!A0",
    ),
    *("x" * 2_100, "ü" * 20_000, "y" * 32_767, "<b>&amp;</b>", "not_asked", "a\rb"),
)
BERLIN = timezone(timedelta(hours=2))
VARIABLES = (
    Variable("participant", "text", "Who"),
    Variable("state", "category", "How it ended", values={"done": "completed", "left": "left"}),
    Variable("flag", "integer", "A flag", 0, 1, {"0": "no", "1": "yes"}),
    Variable("rating", "integer", "A rating", 1, 7, {"1": "low", "7": "high"}),
    Variable("seconds", "number", "Seconds", 0),
    Variable("low", "number", "Values near the usual codes of missing", -5000, 0),
    Variable("at", "datetime", "When", empty=Missing.DOES_NOT_APPLY),
    Variable("arm", "category", "Arm"),
    Variable("comment", "text", "What was typed"),
)


@pytest.fixture(scope="module")
def people() -> Table:
    """A thousand people, with every kind of missing, type and awkward text."""
    chance = random.Random(7)
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the clocks of Berlin go forward at 01:00
    kinds = [*Missing, None]

    def some(value, share=0.2):
        return chance.choice(kinds) if chance.random() < share else value

    rows = []
    for number in range(1000):
        at = start + timedelta(minutes=number, milliseconds=chance.randrange(1000))
        rows.append(
            [
                f"P{number:07x}",
                some(chance.choice(["done", "left", "other"])),
                some(chance.random() < 0.5),
                some(chance.randint(1, 7)),
                some(chance.choice([0, 1.5, 1e-9, 123456.789, 0.1 + 0.2, chance.random() * 1e6])),
                some(-float(chance.randrange(5000))),
                some(at.astimezone(BERLIN)),
                chance.choice(["none", "gradcam"]),
                AWKWARD[number % len(AWKWARD)],
            ]
        )
    return Table("people", VARIABLES, rows)


def value(table: Table, row: int, place: int):
    cell = table.rows[row][place]
    return None if isinstance(cell, Missing) else cell


def expected_text(cell) -> str:
    """The cell as a csv file has it, before formulas are guarded."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat(timespec="milliseconds")
    return cell if isinstance(cell, str) else repr(cell)


def every_cell(table: Table):
    for row in range(len(table.rows)):
        for place, variable in enumerate(table.variables):
            yield row, place, variable, value(table, row, place)


def test_csv_comes_back_byte_by_byte(people):
    text = write_format("csv", [people]).files["people.csv"].decode()
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == [variable.name for variable in people.variables]
    for row, place, variable, cell in every_cell(people):
        found = rows[row][place]
        if variable.type in ("text", "category"):
            assert not found or found[0] not in "=+-@\t\r", found
            found = unguarded(found)
        assert found == expected_text(cell)


def test_json_comes_back_with_its_kinds_of_missing(people):
    document = json.loads(write_format("json", [people]).files["json/people.json"])
    empty = {one["name"]: one["missing"] for one in document["schema"]["fields"]}
    assert empty["at"] == "does_not_apply"
    others = {(row, name): kind for row, name, kind in document["missing"]}
    for row, place, variable, cell in every_cell(people):
        found = document["records"][row][variable.name]
        if cell is None:
            assert found is None
            kind = others.get((row, variable.name), empty[variable.name])
            assert kind == people.missing(people.rows[row], place).value
        elif isinstance(cell, datetime):
            assert datetime.fromisoformat(found) == cell.replace(
                microsecond=cell.microsecond // 1000 * 1000
            )
        else:
            assert found == cell
    fields = {one["name"]: one for one in document["schema"]["fields"]}
    assert fields["state"]["values"] == {"done": "completed", "left": "left"}


def parquet_columns(content: bytes, tmp_path) -> dict[str, list]:
    try:
        import fastparquet
    except ImportError:
        return pq.read_table(io.BytesIO(content)).to_pydict()
    (tmp_path / "people.parquet").write_bytes(content)
    return fastparquet.ParquetFile(tmp_path / "people.parquet").to_pandas().to_dict("list")


def test_parquet_has_types_and_comes_back(people, tmp_path):
    content = write_format("parquet", [people]).files["parquet/people.parquet"]
    schema = pq.read_schema(io.BytesIO(content))
    types = {field.name: str(field.type) for field in schema}
    assert types["rating"] == "int64"
    assert types["seconds"] == "double"
    assert types["at"] == "timestamp[ms, tz=UTC]"
    assert types["comment"] == "string"
    assert schema.field("rating").metadata[b"label"] == b"A rating"
    columns = parquet_columns(content, tmp_path)
    for row, _, variable, cell in every_cell(people):
        found = columns[variable.name][row]
        if cell is None:
            assert pd.isna(found)
        elif isinstance(cell, datetime):
            assert pd.Timestamp(found) == pd.Timestamp(cell).floor("ms")
        else:
            assert found == (int(cell) if variable.type == "integer" else cell)


SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def sheets_of(content: bytes) -> dict[str, list[list[object]]]:
    """The cells of each sheet of a workbook, read from its XML: no formula is evaluated."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        shared = []
        if "xl/sharedStrings.xml" in archive.namelist():
            tree = ElementTree.fromstring(archive.read("xl/sharedStrings.xml"))
            shared = ["".join(t.text or "" for t in one.iter(f"{SHEET}t")) for one in tree]
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [sheet.get("name") for sheet in book.iter(f"{SHEET}sheet")]
        tables = {}
        for number, name in enumerate(names, start=1):
            tree = ElementTree.fromstring(archive.read(f"xl/worksheets/sheet{number}.xml"))
            assert not list(tree.iter(f"{SHEET}f")), "a formula"
            tables[name] = [
                {_column(cell.get("r")): _cell(cell, shared) for cell in row.iter(f"{SHEET}c")}
                for row in tree.iter(f"{SHEET}row")
            ]
    return tables


def _column(place: str) -> int:
    number = 0
    for letter in re.match("[A-Z]+", place)[0]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(cell, shared):
    kind, text = cell.get("t"), cell.findtext(f"{SHEET}v")
    if kind == "s":
        return _unescaped(shared[int(text)])
    if kind == "inlineStr":
        return _unescaped("".join(t.text or "" for t in cell.iter(f"{SHEET}t")))
    return None if text is None else float(text)


def _unescaped(text: str) -> str:
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), text)


def test_a_workbook_comes_back_without_a_formula_in_it(people):
    written = write_format("xlsx", [people])
    assert written.notes == []
    header, *rows = sheets_of(written.files["tables.xlsx"])["people"]
    assert [header[place] for place in range(len(header))] == [v.name for v in people.variables]
    for row, place, variable, cell in every_cell(people):
        found = rows[row].get(place)
        if cell is None or cell == "":
            assert found in (None, "")
        elif isinstance(cell, bool | int | float):
            assert found == pytest.approx(float(cell), rel=1e-15)  # Excel keeps 15 digits
        elif variable.type == "datetime":
            assert found == expected_text(cell)
        else:
            assert found[0] not in "=+-@\t\r"
            assert unguarded(found) == cell


def test_texts_beyond_the_limit_of_a_cell_are_cut_and_named():
    texts = ["z" * (LONGEST_CELL + 1), "😀" * LONGEST_CELL, "a\0b", "short"]
    table = Table("people", (Variable("comment", "text", "C"),), [[text] for text in texts])
    written = write_format("xlsx", [table])
    cells = [row[0] for row in sheets_of(written.files["tables.xlsx"])["people"][1:]]
    assert cells[0] == "z" * LONGEST_CELL
    assert len(cells[1].encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert cells[2:] == ["a␀b", "short"]
    assert sorted(written.notes) == [
        "tables.xlsx, people, column comment: 1 with control characters, which are shown as "
        "symbols.",
        "tables.xlsx, people, column comment: 2 cut to 32,767 characters, Excel's limit.",
    ]
    assert [row[0] for row in sheets_of(written.files["tables.xlsx"])["notes"]]
    spss = write_format("sav", [table])
    assert sorted(spss.notes) == [
        "sav/people.sav, column comment: 1 with NUL, which is shown as ␀.",
        "sav/people.sav, column comment: 2 cut to 32,767 bytes, SPSS's limit.",
    ]


def labelled(variable: Variable, cell, labels: dict) -> object:
    """The value behind a labelled number, as the table has it."""
    if variable.type == "category" and variable.values:
        return labels[cell].partition(": ")[0]
    return cell


def same(variable: Variable, cell, found) -> bool:
    if isinstance(cell, datetime):
        apart = pd.Timestamp(found).tz_localize("UTC") - pd.Timestamp(cell)
        return abs(apart) < pd.Timedelta(milliseconds=1)
    if isinstance(cell, bool | int | float):
        return float(found) == float(cell)
    return found == cell


@pytest.mark.nightly
def test_spss_comes_back_with_labels_and_user_missing_values(people, tmp_path):
    written = write_format("sav", [people])
    path = tmp_path / "people.sav"
    path.write_bytes(written.files["sav/people.sav"])
    frame, meta = pyreadstat.read_sav(path, user_missing=True)
    plain = pyreadstat.read_sav(path)[0]
    assert meta.column_names_to_labels["rating"] == "A rating"
    assert meta.variable_value_labels["rating"][7.0] == "high"
    assert meta.variable_value_labels["flag"][1.0] == "yes"
    cut = "ü" * 16_383
    for row, place, variable, cell in every_cell(people):
        found = frame[variable.name].iloc[row]
        labels = meta.variable_value_labels.get(variable.name, {})
        if cell is None and variable.type != "datetime":
            kind = people.missing(people.rows[row], place)
            assert labels[found] == MISSING_LABELS[kind]
            assert pd.isna(plain[variable.name].iloc[row]), "a missing value counts as a number"
        elif cell is None:
            assert pd.isna(found)
        else:
            wanted = cut if variable.name == "comment" and cell[0:1] == "ü" else cell
            # SPSS pads texts with blanks, so that those at the end are lost.
            wanted = wanted.rstrip(" ") if isinstance(wanted, str) else wanted
            assert same(variable, wanted, labelled(variable, found, labels))
    assert not frame["low"].min() > -9999, "codes of missing lie below the data"
    assert {one["lo"] for one in meta.missing_ranges["low"]} == {-9997.0, -9998.0, -9999.0}
    assert {one["lo"] for one in meta.missing_ranges["rating"]} == {-997.0, -998.0, -999.0}


SPSS_BY_R = r"""
arguments <- commandArgs(TRUE)
read <- suppressWarnings(foreign::read.spss(arguments[1], to.data.frame = FALSE, reencode = NA,
                                            use.value.labels = FALSE, use.missings = FALSE))
hex <- function(text) paste(charToRaw(text), collapse = "")
cells <- lapply(read, function(one) {
  if (is.character(one)) return(paste0("t", vapply(one, hex, "")))
  ifelse(is.na(one), "nnan", sprintf("n%.17g", one))
})
writeLines(c(paste(names(read), collapse = "\t"), do.call(paste, c(cells, sep = "\t"))),
           arguments[2])
"""


def read_by_r(path, folder) -> dict[str, list]:
    """Return the columns of an SPSS file as R reads them: numbers, or bytes without padding."""
    if shutil.which("Rscript") is None:
        pytest.skip("R is not installed.")
    (folder / "read.R").write_text(SPSS_BY_R, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", str(folder / "read.R"), str(path), str(folder / "read.tsv")],
        capture_output=True,
        text=True,
        check=False,
    )
    if "no package called ‘foreign’" in done.stderr or "'foreign'" in done.stderr:
        pytest.skip("R's package foreign is not installed.")
    assert done.returncode == 0, done.stderr
    names, *rows = [
        line.split("\t") for line in (folder / "read.tsv").read_text(encoding="ascii").splitlines()
    ]
    return {
        name: [
            bytes.fromhex(cell[1:]).rstrip(b" ") if cell[0] == "t" else float(cell[1:])
            for cell in cells
        ]
        for name, *cells in zip(names, *rows, strict=True)
    }


@pytest.mark.nightly
def test_spss_is_read_alike_by_a_reader_that_did_not_write_it(people, tmp_path):
    """R splits texts of more than 255 bytes into columns of their own, which are not compared."""
    written = write_format("sav", [people])
    path = tmp_path / "people.sav"
    path.write_bytes(written.files["sav/people.sav"])
    columns = read_by_r(path, tmp_path)
    labels = pyreadstat.read_sav(path, metadataonly=True)[1].variable_value_labels
    epoch = datetime(1582, 10, 14, tzinfo=UTC)  # SPSS counts seconds from here
    compared = 0
    for row, place, variable, cell in every_cell(people):
        found = columns[variable.name][row]
        if cell is None and variable.type == "datetime":
            assert math.isnan(found)
        elif cell is None:
            kind = people.missing(people.rows[row], place)
            assert labels[variable.name][found] == MISSING_LABELS[kind]
        elif isinstance(cell, datetime):
            assert found == pytest.approx((cell - epoch).total_seconds(), abs=0.001)
        elif isinstance(cell, str) and not variable.values:
            if len(cell.encode()) > 255:
                continue
            assert found == cell.encode().rstrip(b" ")
        else:
            assert same(variable, cell, labelled(variable, found, labels.get(variable.name, {})))
        compared += 1
    assert compared > 0.95 * len(people.rows) * len(people.variables)


def test_stata_comes_back_with_labels_and_extended_missing_values(people, tmp_path):
    path = tmp_path / "people.dta"
    path.write_bytes(write_format("dta", [people]).files["dta/people.dta"])
    with pd.io.stata.StataReader(path) as reader:
        frame = reader.read(convert_categoricals=False)
        labels_by_set = reader.value_labels()
        assert reader.variable_labels()["rating"] == "A rating"
        sets = dict(zip(frame.columns, reader._lbllist, strict=True))
    raw = pd.read_stata(path, convert_categoricals=False, convert_missing=True, convert_dates=False)
    letters = {Missing.NOT_ASKED: ".a", Missing.DOES_NOT_APPLY: ".b", Missing.NOT_ANSWERED: ".c"}
    for row, place, variable, cell in every_cell(people):
        found, stored = frame[variable.name].iloc[row], raw[variable.name].iloc[row]
        labels = labels_by_set.get(sets[variable.name], {})
        if cell is None:
            assert pd.isna(found)
            if variable.type != "datetime":
                assert str(stored) == letters[people.missing(people.rows[row], place)]
        else:
            assert same(variable, cell, labelled(variable, found, labels))
    assert labels_by_set[sets["rating"]][7] == "high"
    assert "not asked" in labels_by_set[sets["rating"]].values()


@pytest.mark.parametrize("text", [*AWKWARD, "\0=1", "'" * 5 + "=", "\ufeff=1", "\u00a0=1"])
def test_a_guarded_text_comes_back(text):
    assert unguarded(guarded(text)) == text
    assert not re.match(r"[\s\0]*[=+\-@]", guarded(text))


def test_names_are_accepted_by_spss_and_stata_and_unique():
    long = "a_very_long_name_of_an_item_that_nobody_wants_to_type"
    names = accepted_names([long, long, long[:32], "Trust", "trust", "by", "str12", "1st", "a-b"])
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert len(name) <= LONGEST_NAME
        assert name not in KEYWORDS


@pytest.mark.parametrize("text", ["", " , ", "csv,excel"])
def test_an_unknown_or_empty_list_of_formats_is_refused(text):
    with pytest.raises(ExportError, match="Use one or more of csv, parquet, xlsx, sav, dta, json"):
        chosen_formats(text)


def test_the_command_refuses_a_format_before_any_work(study, finished, tmp_path):
    with pytest.raises(CommandError, match="'pdf' is not a format"):
        call_command("export_study", "small", "--formats", "pdf", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


EVERY = tuple(one.key for one in FORMATS)


def test_every_format_of_a_study_is_in_the_manifest_with_its_hash(study, finished, tmp_path):
    end_and_unblind(study)
    call_command("export_study", "small", "--formats", ",".join(EVERY), output=tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    files = {
        path.relative_to(tmp_path / "out").as_posix(): path
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256(files[name].read_bytes()).hexdigest()
    assert {name.split("/")[0] for name in files if "/" in name} == {
        "parquet",
        "sav",
        "dta",
        "json",
    }
    assert manifest["files"]["sav/wide.sav"]["rows"] == manifest["files"]["wide.csv"]["rows"] == 1
    assert "codebook" in sheets_of((tmp_path / "out" / "tables.xlsx").read_bytes())
    read_study(tmp_path / "out")  # the analysis reads csv as before


def test_the_export_tells_which_table_it_has_come_to(study, finished, tmp_path):
    steps = []
    export_study(study=study, output=tmp_path / "x", told=steps.append)
    number = len(steps) - 1
    assert number > 4
    assert steps == [*(f"table {place} of {number}" for place in range(1, number + 1)), "files"]


@pytest.mark.nightly
def test_a_format_without_csv_still_has_the_codebook(study, finished, tmp_path):
    export_closed(study=study, output=tmp_path / "out")
    export_study(study=study, output=tmp_path / "sav", formats=("sav",))
    assert {path.name for path in (tmp_path / "sav").glob("*.csv")} == {"codebook.csv"}


def csv_rows(folder, name):
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_wide_table_has_a_row_per_participant_and_the_scores_of_the_analysis(
    study, finished, half_way, stopped, tmp_path
):
    export_closed(study=study, output=tmp_path / "out")
    wide = {row["participant"]: row for row in csv_rows(tmp_path / "out", "wide.csv")}
    data = read_study(tmp_path / "out")
    assert set(wide) == set(data.participants["participant"])
    scores = score_table(data).set_index("participant")
    trials = data.trials
    for person, row in wide.items():
        trust = scores.loc[person, "trust"]
        assert row["trust_score"] == "" if pd.isna(trust) else float(row["trust_score"]) == trust
        own = trials[trials["participant"] == person]
        for name in ("agreed", "decision_correct", "advice_followed", "response_time_ms"):
            for suffix, chosen in (
                ("", own),
                ("_right", own[own["prediction_correct"] == 1]),
                ("_wrong", own[own["prediction_correct"] == 0]),
            ):
                mean = chosen[name].astype("float64").mean()
                cell = row[f"{name}{suffix}"]
                assert cell == "" if pd.isna(mean) else float(cell) == pytest.approx(mean)
    codebook = [
        row["column"]
        for row in csv_rows(tmp_path / "out", "codebook.csv")
        if row["file"] == "wide.csv"
    ]
    assert codebook == [*next(iter(wide.values()))]
    assert all(len(name) <= LONGEST_NAME for name in codebook)


@pytest.mark.nightly
def test_the_wide_table_of_a_within_design_has_a_column_per_condition(db, tmp_path):
    part = 'kind = "questionnaire"\nquestionnaire = "state-trust-v1"\nper_block = true'
    study = designs.design_study(
        tmp_path,
        design='[design]\nwithin = ["condition"]',
        control="order-1",
        parts=f"[[parts]]\n{part}\n{designs.PARTS}",
    )
    people = [allocated(study, f"person {n}") for n in range(2)]
    for person in people:
        walk(person)
    export_study(study=study, output=tmp_path / "open")
    blinded = csv_rows(tmp_path / "open", "wide.csv")
    assert "state1_block1" in blinded[0]
    assert not [name for name in blinded[0] if "gradcam" in name or name in ("arm", "arm_label")]
    export_closed(study=study, output=tmp_path / "out")
    wide = {row["participant"]: row for row in csv_rows(tmp_path / "out", "wide.csv")}
    answers = csv_rows(tmp_path / "out", "block_answers.csv")
    asked = [row for row in answers if row["item"].startswith("state")]
    assert len(asked) == len(people) * 3 * 3
    for row in asked:
        assert wide[row["participant"]][f"{row['item']}_{row['condition']}"] == row["value"]
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    means = trials.groupby(["participant", "condition"])["agreed"].mean()
    for (person, condition), mean in means.items():
        assert float(wide[person][f"agreed_{condition}"]) == pytest.approx(mean)


@pytest.mark.parametrize("key", EVERY)
def test_a_blinded_export_names_no_arm_in_any_format(study, finished, tmp_path, key):
    export_study(study=study, output=tmp_path / "open", formats=(key,))
    names = {
        path.relative_to(tmp_path / "open").as_posix() for path in (tmp_path / "open").rglob("*")
    }
    assert not [name for name in names if "ledger" in name or "page_events" in name]
    label = finished.arm.label.encode()
    for path in (tmp_path / "open").rglob("*"):
        if path.is_file() and path.name not in ("study.toml", "plan.toml"):
            content = path.read_bytes()
            if path.suffix == ".xlsx":
                content = json.dumps([*map(str, sheets_of(content).items())]).encode()
            assert label not in content, path
