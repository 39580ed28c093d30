"""The gallery of published studies: its files, its verdicts, and its numbers against R's."""

import hashlib
import json
import shutil
import subprocess

import pytest
from django.core.management import CommandError, call_command

from analysis.errors import PlanError
from analysis.published.expressions import read_expression
from analysis.published.study import FILE, TABLES, read_published
from analysis.published.table import TABLE, Comparison, read_table, table_text
from analysis.published.verdicts import Verdict, compare, read_printed
from tests.conftest import ROOT, missing

GALLERY = ROOT / "studies" / "published"
NAMES = sorted(path.parent.name for path in GALLERY.glob(f"*/{FILE}"))
SHIPPED = [name for name in NAMES if (GALLERY / name / TABLES).is_dir()]
CHOICES = [("cam", "lime")] * 5 + [("lime", "cam")] * 3 + [("cam", "shap")] * 6
CHOICES += [("shap", "cam")] * 2 + [("lime", "shap")] * 5 + [("shap", "lime")] * 3
PLAN = """
title = "Small"
arms = ["everyone"]

[source]

[[source.tables]]
file = "choices.csv"
into = "trials"
columns = { participant = "who", position = "nr" }
choice = { winner = "won", loser = "lost" }

[[outcomes]]
key = "preferred"
label = "Preferred"
kind = "preference"
analysis = "paired_preferences"
"""
STUDY = """
title = "Small"
citation = "Nobody (2026)."
paper = "https://example.org/paper"
data = "https://example.org/data"
licence = "CC0"
fetch = "Download choices.csv."
numbers_from = "The printed numbers are invented."

[[files]]
name = "choices.csv"
sha256 = "{sha256}"

[[analyses]]
key = "all"
plan = "plan.toml"
"""
CAM = "outcomes/preferred/found/worths/cam"
PRINTED = """
[[printed]]
claim = "{claim}"
place = "table 1"
value = "{value}"
{more}
"""
SHARE = f'analysis = "all"\nrecomputed = "share({CAM}/won, {CAM}/lost)"'  # 11 of 16 are 68.75 %


def small(folder, *printed):
    """A study with 24 choices of 24 people, and these printed numbers (claim, value, more)."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [f"p{n % 24},{1 + n // 24},{won},{lost}" for n, (won, lost) in enumerate(CHOICES)]
    text = "who,nr,won,lost\n" + "\n".join(rows) + "\n"
    (folder / TABLES).mkdir(exist_ok=True)
    (folder / TABLES / "choices.csv").write_text(text, encoding="utf-8")
    (folder / "plan.toml").write_text(PLAN, encoding="utf-8")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    said = STUDY.format(sha256=sha256) + "".join(
        PRINTED.format(claim=claim, value=value, more=more) for claim, value, more in printed
    )
    (folder / FILE).write_text(said, encoding="utf-8")
    return folder


@pytest.fixture
def gallery(tmp_path, settings):
    """A folder of studies of which the small one, with a number of each verdict, is published."""
    settings.STUDIES_DIR = tmp_path / "studies"
    slip = f'{SHARE}\nslip = "{CAM}/won"\ncause = "counts instead of per cent"'
    small(
        tmp_path / "studies" / "published" / "small",
        ("right", "68.8", SHARE),
        ("cut", "68.7", SHARE),
        ("coded", "11", slip),
        ("wrong", "70.0", f'{SHARE}\nnote = "nobody knows why"'),
        ("slip that explains nothing", "12", slip),
        ("not stated", "0.5", 'unknown = "the paper does not say of whom"'),
    )
    return tmp_path


def reproduced(gallery, *options):
    call_command(
        "reproduce_published", "small", "--output", str(gallery / "out"), "--no-pdf", *options
    )
    return json.loads((gallery / "out" / "reproduction.json").read_text(encoding="utf-8"))


def test_each_printed_number_gets_its_verdict_and_reason(gallery, capsys):
    rows = {row["claim"]: row for row in reproduced(gallery)}
    assert {claim: row["verdict"] for claim, row in rows.items()} == {
        "right": "equal",
        "cut": "rounding slip",
        "coded": "coding slip",
        "wrong": "differs",
        "slip that explains nothing": "differs",
        "not stated": "not determinable",
    }
    assert rows["right"]["recomputed"] == "68.750"
    assert rows["coded"]["reason"] == "counts instead of per cent"
    assert rows["wrong"]["reason"] == "nobody knows why"
    assert rows["not stated"]["recomputed"] == ""
    said = capsys.readouterr().out
    assert "6 printed numbers: 1 equal, 1 rounding slip, 1 coding slip, 2 differs" in said
    assert "- wrong: printed 70.0, recomputed 68.750" in said
    table = (gallery / "out" / "reproduction.md").read_text(encoding="utf-8")
    assert "| cut | table 1 | 68.7 | 68.750 | rounding slip |" in table
    assert (gallery / "out" / "all" / "report.html").is_file()


def test_a_finished_analysis_is_kept_and_a_changed_plan_is_analysed_again(gallery):
    reproduced(gallery)
    page = gallery / "out" / "all" / "report.html"
    page.write_text("kept", encoding="utf-8")
    reproduced(gallery)
    assert page.read_text(encoding="utf-8") == "kept"
    plan = gallery / "studies" / "published" / "small" / "plan.toml"
    plan.write_text(PLAN + "# another plan\n", encoding="utf-8")
    reproduced(gallery)
    assert page.read_text(encoding="utf-8") != "kept"


def test_missing_and_changed_files_are_named_with_the_place_to_fetch_them(gallery, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CommandError, match=r"(?s)choices.csv is missing.*Download choices.csv"):
        reproduced(gallery, "--data-dir", str(empty))
    (empty / "choices.csv").write_text("who,nr,won,lost\n", encoding="utf-8")
    with pytest.raises(CommandError, match=r"(?s)has the SHA-256 .*Fetch the file again"):
        reproduced(gallery, "--data-dir", str(empty))
    assert not (gallery / "out").exists()


def test_a_study_without_tables_asks_for_their_folder(gallery):
    shutil.rmtree(gallery / "studies" / "published" / "small" / TABLES)
    with pytest.raises(CommandError, match=r"Name their folder with --data-dir\. Download"):
        reproduced(gallery)


def test_an_unknown_study_is_refused_with_the_names_of_the_gallery(gallery):
    with pytest.raises(CommandError, match=r"no study 'large'\. It has small"):
        call_command("reproduce_published", "large", "--output", str(gallery / "out"))


@pytest.mark.parametrize(
    ("value", "more", "said"),
    [
        ("about 3", SHARE, "value is 'about 3'"),
        ("1", 'analysis = "some"\nrecomputed = "1"', "'some' is not an analysis: 'all'"),
        ("1", 'analysis = "all"\nrecomputed = "mean(1)"', "'mean' is not a formula"),
        ("1", "", "give either recomputed, or in unknown the reason"),
        ("1", f'{SHARE}\nslip = "1"', "slip needs a cause in words"),
        ("1", f"{SHARE}\nsurprise = 1", "surprise"),
    ],
)
def test_a_fault_in_the_study_file_is_told_with_its_line(tmp_path, value, more, said):
    folder = small(tmp_path / "small", ("claim", value, more))
    with pytest.raises(PlanError) as caught:
        read_published(folder)
    assert any(said in one and one.startswith("study.toml, line ") for one in caught.value.problems)


@pytest.mark.parametrize("name", NAMES)
def test_every_study_of_the_gallery_can_be_read_and_names_each_number_once(name):
    study = read_published(GALLERY / name)
    claims = [printed.claim for printed in study.printed]
    assert len(claims) == len(set(claims)) > 10


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_tables_have_their_hashes_and_their_licence(name):
    study = read_published(GALLERY / name)
    tables = GALLERY / name / TABLES
    assert "MIT License" in (tables / "LICENSE").read_text(encoding="utf-8")
    assert {path.name for path in tables.iterdir()} == {
        "LICENSE", *(file.name for file in study.files)
    }  # fmt: skip
    for file in study.files:
        assert hashlib.sha256((tables / file.name).read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_table_has_a_row_for_every_printed_number(name):
    study = read_published(GALLERY / name)
    table = (GALLERY / name / TABLE).read_text(encoding="utf-8")
    rows = read_table(table)
    assert [row.claim for row in rows] == [printed.claim for printed in study.printed]
    assert table_text(study, rows) == table  # whoever reads it gets what was written


def test_a_table_that_is_read_has_the_bars_and_colons_of_its_texts():
    row = Comparison("a | b", "p. 3: left", "1.0", "", Verdict.UNKNOWN, "why: nobody says | c")
    study = read_published(GALLERY / NAMES[0])
    assert read_table(table_text(study, [row])) == (row,)
    assert read_table("# No table") == ()


def data_of(name, shared_dir):
    return (GALLERY / name / TABLES) if name in SHIPPED else shared_dir / "known-answers" / name


@pytest.mark.nightly
@pytest.mark.shared
@pytest.mark.parametrize("name", NAMES)
def test_every_study_comes_out_as_its_shipped_table_says(name, shared_dir, tmp_path):
    call_command(
        "reproduce_published", name, "--data-dir", str(data_of(name, shared_dir)), "--output",
        str(tmp_path / "out"), "--no-pdf",
    )  # fmt: skip
    made = (tmp_path / "out" / "reproduction.md").read_text(encoding="utf-8")
    assert made == (GALLERY / name / "reproduction.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def from_r(shared_dir):
    """Numbers that benchmarks/published.R computes without any code of this project."""
    if shutil.which("Rscript") is None:
        missing("R is not installed.")
    folders = [data_of(name, shared_dir) for name in ("alienzoo", "visual-correspondence", "nesl")]
    script = str(ROOT / "benchmarks" / "published.R")
    run = subprocess.run(
        ["Rscript", script, *map(str, folders)], capture_output=True, text=True, check=True
    )
    lines = [line.rsplit(maxsplit=1) for line in run.stdout.splitlines()]
    return {name: float(value) for name, value in lines}


@pytest.mark.nightly
@pytest.mark.shared
def test_numbers_that_no_plan_computes_are_those_of_r(from_r):
    rows = [row for row in read_published(GALLERY / "alienzoo").printed if row.script]
    assert len(rows) > 10
    for row in rows:
        assert read_expression(row.recomputed).on({}) == pytest.approx(from_r[row.script], rel=1e-9)


@pytest.mark.nightly
@pytest.mark.shared
def test_the_slip_of_item_3_is_shown_by_r(from_r):
    rows = {row.claim: row for row in read_published(GALLERY / "alienzoo").printed}
    for letter, name in (("U", "item3_slip_u"), ("p", "item3_slip_p"), ("r", "item3_slip_r")):
        row = rows[f"Item 3, understood: {letter}"]
        assert read_expression(row.slip).on({}) == pytest.approx(from_r[name], rel=1e-9)
        assert compare(read_printed(row.value), from_r[name]) is Verdict.EQUAL
    assert from_r["item3_without_slip_u"] == 698


ARMS = {"resnet50": "ResNet-50", "knn": "kNN", "emd_nn": "EMD-NN", "emd_corr": "EMD-Corr",
        "chm_nn": "CHM-NN", "chm_corr": "CHM-Corr"}  # fmt: skip


@pytest.mark.nightly
@pytest.mark.shared
def test_the_main_numbers_are_those_of_base_r(from_r, tmp_path):
    for name, key in (("visual-correspondence", "decisions"), ("nesl", "text")):
        call_command("reproduce_published", name, "--output", str(tmp_path / name), "--no-pdf")
        text = (tmp_path / name / key / "results.json").read_text(encoding="utf-8")
        outcomes = {one["outcome"]["key"]: one["found"] for one in json.loads(text)["outcomes"]}
        for outcome in ("right", "rejected", "accepted"):
            for arm in outcomes.get(outcome, {}).get("arms", ()):
                r = f"{outcome}|{ARMS[arm['arm']]}"
                assert arm["mean"]["value"] == pytest.approx(from_r[f"{r}|mean"], rel=1e-9)
                assert arm["sd"] == pytest.approx(from_r[f"{r}|sd"], rel=1e-9)
                assert arm["n"] == from_r[f"{r}|n"]
        for worth in outcomes.get("preferred", {}).get("worths", ()):
            r = f"text|{worth['method']}"
            share = worth["won"] / (worth["won"] + worth["lost"])
            assert share == pytest.approx(from_r[f"{r}|share"], rel=1e-9)
            assert worth["worth"]["value"] == pytest.approx(from_r[f"{r}|worth"], rel=1e-6)
