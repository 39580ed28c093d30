"""The check of a folder: every planted leak is found at its place, and clean data pass."""

import pytest

from analysis.release.checking.check import check_folder
from tests.analysis.release.planted_leaks import CLEAN, PLANTED, table


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_there_are_fifty_planted_leaks_and_twenty_clean_folders():
    assert len(PLANTED) >= 50
    assert len(CLEAN) >= 20


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_leak_is_found(planted, tmp_path):
    rule, files = PLANTED[planted]
    findings = check_folder(write(tmp_path, files)).findings
    assert rule in {finding.rule for finding in findings}


@pytest.mark.parametrize("clean", CLEAN)
def test_clean_data_pass(clean, tmp_path):
    assert check_folder(write(tmp_path, CLEAN[clean])).lines == []


def test_a_finding_names_file_row_column_and_cure_but_does_not_repeat_the_leak(tmp_path):
    write(tmp_path, {"data/d.csv": table("comment", "ask max.mu@posteo.de")})
    (line,) = check_folder(tmp_path).lines
    assert line.startswith("data/d.csv, row 8, column comment: e-mail address: “max.…” (16 char")
    assert "Remove it." in line
    assert "posteo" not in line


def test_many_cells_of_a_column_are_one_finding_with_their_number(tmp_path):
    ids = "\n".join(f"5f3c2a9be41d7c0008a1b2{n:02x}" for n in range(16, 46))
    write(tmp_path, {"d.csv": f"who\n{ids}\n"})
    (finding,) = check_folder(tmp_path).findings
    assert (finding.row, finding.count) == (1, 30)


@pytest.mark.shared
def test_published_ages_and_genders_single_people_out(shared_dir):
    """AlienZoo's demographics.csv: counted by hand with pandas, 13 of 105 people are in classes
    of fewer than 5 by age and gender."""
    (finding,) = check_folder(shared_dir / "known-answers" / "alienzoo").findings
    assert finding.place == "demographics.csv, column age + gender"
    assert finding.detail.startswith("13 of 105 people are in classes of fewer than 5")


def test_kinds_of_files_that_nobody_looked_into_are_told(tmp_path):
    write(tmp_path, {"paper.pdf": b"%PDF-1.7 \0\xff", "model.safetensors": b"\0\xff"})
    assert check_folder(tmp_path).lines == ["Not looked into: 2 files (.pdf, .safetensors)."]
