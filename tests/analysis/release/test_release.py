"""A release of tidy data: what is removed, what stays equal, and the standards that it follows."""

import csv
import json
import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import rocrate

from analysis.errors import ReleaseError
from analysis.release.checking.check import check_folder
from analysis.release.csv_tables import read_table
from analysis.release.declaration import Author, QuasiIdentifier, Release
from analysis.release.deidentify import deidentify, read_tables
from analysis.release.devices import browser_family
from analysis.release.free_texts import digest_of, free_texts
from analysis.release.redo import repetition
from analysis.release.removals import Kind
from analysis.release.writing import Materials, write_release
from tests.analysis.conftest import quick_analysis
from tests.analysis.release.describing import COMMENTS, describing_study
from tests.analysis.release.planted_leaks import AGENT
from tests.analysis.release.psych_ds_rules import errors
from tests.analysis.tidy import edit, write_manifest
from tests.conftest import ROOT, missing

DECLARED = Release(
    k=4,
    licence="CC-BY-4.0",
    authors=(Author("A. Meyer", "0000-0002-1825-0097", "A university"), Author("B. Okafor")),
    quasi_identifiers=(
        QuasiIdentifier("age", (5, 10, 20, 40)),
        QuasiIdentifier("gender"),
    ),
)
DESCRIBING = ("age", "gender")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return describing_study(tmp_path_factory.mktemp("original") / "export")


@pytest.fixture(scope="module")
def release(original, tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    with quick_analysis(sections=False):  # as in the tests themselves
        write_release(
            original,
            folder,
            DECLARED,
            title="What maps do",
            command="manage.py release_study tidy",
            materials=Materials({"materials/classifier-card.json": b'{"name": "VGG13"}\n'}),
            passed=[digest_of(COMMENTS[0])],
        )
    return folder


def table(release, name):
    return rows(release / "data" / f"study-tidy_description-{name}_data.csv")


def test_the_smallest_class_has_k_people_as_counted_from_the_files_alone(release):
    people = {}
    for row in table(release, "answers"):
        if row["item"] in DESCRIBING:
            people.setdefault(row["participant"], {})[row["item"]] = row["value"]
    classes = Counter(tuple(person[item] for item in DESCRIBING) for person in people.values())
    assert sum(classes.values()) == 40
    assert min(classes.values()) >= DECLARED.k
    declared = json.loads((release / "documentation/release.json").read_text(encoding="utf-8"))
    assert declared["smallest_class"] == min(classes.values())
    # Ages in bands of 20 years, and four people whose answers are withheld.
    assert classes["", ""] == declared["suppressed"] == 4
    assert {age for age, _ in classes} == {"", "29", "49", "69"}


def test_the_original_would_not_have_passed(original):
    rules = {finding.rule for finding in check_folder(original).findings}
    assert {"small cell", "exact time", "phone number", "e-mail address", "platform id"} <= rules


@pytest.mark.every_section
def test_the_release_passes_the_check_and_its_analysis_comes_out_again(release):
    assert check_folder(release, k=DECLARED.k).findings == ()
    assert repetition(release).problems == []


def test_no_identifier_code_address_or_unread_text_is_in_any_file(original, release):
    people = {row["participant"] for row in rows(original / "participants.csv")}
    texts = [path.read_text(encoding="utf-8", errors="ignore") for path in release.rglob("*.*")
             if path.is_file()]  # fmt: skip
    whole = "\n".join(texts)
    for secret in (
        *people,
        "C1KD03ZX",
        "60fd1e77",
        "eva@lab",
        COMMENTS[1],
        COMMENTS[2],
        "2026-01-01T10",
    ):
        assert secret not in whole, secret
    assert COMMENTS[0] in whole


def test_rows_of_a_person_still_belong_together(original, release):
    before = Counter(Counter(row["participant"] for row in rows(original / "trials.csv")).values())
    after = Counter(Counter(row["participant"] for row in table(release, "trials")).values())
    assert before == after
    people = {row["participant"] for row in table(release, "participants")}
    assert {row["participant"] for row in table(release, "answers")} == people


def test_durations_are_exact_and_start_on_the_first_of_january_2000(release):
    starts = {row["consented_at"] for row in table(release, "participants")}
    ends = {row["completed_at"] for row in table(release, "participants")}
    assert starts == {"2000-01-01T00:00:00.000+00:00"}
    assert ends == {"2000-01-01T00:12:30.000+00:00"}


def test_every_number_is_equal_or_named_with_what_it_depends_on(release):
    """The analysis of trust adjusts for age, which is released in bands."""
    differences = rows(release / "documentation/comparison.csv")
    numbers = [row for row in differences if not row["place"].startswith("provenance/")]
    assert any("outcomes/0" in row["place"] for row in numbers)
    kinds = {row["depends_on"] for row in numbers}
    assert kinds <= {*map(str, Kind), "free texts and quasi-identifiers"}
    assert "quasi-identifiers" in kinds
    sheet = (release / "documentation/WHAT_WAS_REMOVED.md").read_text(encoding="utf-8")
    assert "numbers of results.json are equal" in sheet
    assert f"{len(numbers)} values differ" in sheet


def test_psych_ds_finds_no_error(release):
    assert errors(release) == []


def test_psych_ds_finds_a_column_that_is_not_described(release, tmp_path):
    """The rules can fail: a column and a name that the schema refuses."""
    import shutil

    shutil.copytree(release, tmp_path / "bad")
    (tmp_path / "bad/data/study-tidy_data.csv").write_text("unknown\n1\n", encoding="utf-8")
    (tmp_path / "bad/data/trials.csv").write_text("arm\nnone\n", encoding="utf-8")
    assert errors(tmp_path / "bad") == [
        "FILENAME_KEYWORD_FORMATTING_ERROR trials.csv",
        "CSV_COLUMN_MISSING_FROM_METADATA unknown",
    ]


def test_metadata_for_a_doi_name_authors_licence_and_kind(release):
    datacite = json.loads((release / "datacite.json").read_text(encoding="utf-8"))
    assert [creator["name"] for creator in datacite["creators"]] == ["A. Meyer", "B. Okafor"]
    assert datacite["types"]["resourceTypeGeneral"] == "Dataset"
    assert datacite["rightsList"][0]["rightsIdentifier"] == "CC-BY-4.0"
    citation = (release / "CITATION.cff").read_text(encoding="utf-8")
    assert "orcid: https://orcid.org/0000-0002-1825-0097" in citation
    assert "CC-BY-4.0" in (release / "LICENSE").read_text(encoding="utf-8")


def test_the_crate_lists_every_file(release):
    crate = json.loads((release / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    listed = {entity["@id"] for entity in crate["@graph"] if entity["@type"] == "File"}
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert listed == files - {"ro-crate-metadata.json"}


@pytest.mark.nightly
def test_roc_validator_finds_no_issue(release):
    python = Path(os.environ.get("STUDY_CRATE_VENV", ROOT / ".venv-crate")) / "bin" / "python"
    if not python.is_file():
        missing("roc-validator is not installed in .venv-crate. make nightly installs it.")
    context = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
    script = Path(__file__).with_name("crate_validation.py")
    ran = subprocess.run(
        [python, script, release, context], capture_output=True, text=True, check=False
    )
    assert ran.stdout.strip().endswith("43 checks, 0 issues"), ran.stdout + ran.stderr


def test_a_passed_text_that_names_somebody_still_stops_the_release(original, tmp_path):
    passed = [digest_of(COMMENTS[2])]
    with pytest.raises(ReleaseError, match="phone number"):
        write_release(original, tmp_path, DECLARED, title="T", command="c", passed=passed)


def test_a_release_without_licence_and_authors_is_refused(original, tmp_path):
    with pytest.raises(ReleaseError, match="no licence") as refused:
        write_release(original, tmp_path, Release(), title="T", command="c")
    assert "no authors" in str(refused.value)


def test_texts_to_read_are_listed_once_each(original):
    texts = free_texts(read_tables(original))
    assert sorted(text.text for text in texts) == sorted(COMMENTS)
    assert {text.question for text in texts} == {"remarks"}


def test_a_text_with_line_breaks_is_passed_and_comes_out_unchanged(tmp_path):
    folder = describing_study(tmp_path / "export")
    text = "The sky.\r\nAnd\rthe grass.\n"
    table = read_table(folder / "answers.csv")
    place = next(n for n, row in enumerate(table.rows) if row["value"] == COMMENTS[0])
    table.rows[place]["value"] = text
    (folder / "answers.csv").write_bytes(table.text.encode())
    released = deidentify(folder, DECLARED, [digest_of(text)])
    assert released.tables["answers.csv"].rows[place]["value"] == text


def test_reasons_of_exclusions_by_hand_and_strata_in_the_ledger_are_removed(tmp_path):
    folder = describing_study(tmp_path / "export")
    person = rows(folder / "participants.csv")[0]["participant"]
    manifest = json.loads((folder / "manifest.json").read_text())
    entry = {
        "participant": person,
        "reason": "told us she is Eva",
        "scope": "analysis",
        "at": "2026-02-03T11:12:13.000+00:00",
        "by": "meyer",
        "after_unblinding": False,
    }
    version = {"number": 2, "launched_at": "2026-02-01T08:09:10+00:00", "reason": "Eva asked"}
    added = {"excluded_by_hand": [entry], "versions": [version]}
    (folder / "manifest.json").write_text(json.dumps(manifest | added))
    content = json.dumps({"event": "allocated", "levels": {"age": "old"}, "position": 1})
    (folder / "ledger.csv").write_text(
        'sequence,previous,content,hash\n0,0,"' + content.replace('"', '""') + '",abc\n'
    )
    released = deidentify(folder, DECLARED)
    (excluded,) = released.manifest["excluded_by_hand"]
    assert (excluded["reason"], excluded["by"]) == ("reason 1 (withheld)", "")
    assert released.manifest["versions"][0]["reason"] == "reason 2 (withheld)"
    assert released.manifest["exported_at"] == "2026-01-05T00:00:00+00:00"
    assert excluded["at"] == "2026-02-03T00:00:00+00:00"
    assert excluded["participant"] in {
        row["participant"] for row in released.tables["participants.csv"].rows
    }
    (row,) = released.tables["ledger.csv"].rows
    assert json.loads(row["content"]) == {"event": "allocated", "position": 1}
    assert (row["previous"], row["hash"]) == ("", "")


def test_a_plan_that_lists_participants_lists_their_new_identifiers(tmp_path):
    folder = describing_study(tmp_path / "export")
    person = rows(folder / "participants.csv")[0]["participant"]
    plan = (folder / "plan.toml").read_text() + f'\n# excluded: "{person}"\n'
    (folder / "plan.toml").write_text(plan)
    released = deidentify(folder, DECLARED)
    assert person not in released.texts["plan.toml"]
    new = {row["participant"] for row in released.tables["participants.csv"].rows}
    assert any(f'# excluded: "{one}"' in released.texts["plan.toml"] for one in new)


def test_measures_of_devices_are_coarse(tmp_path):
    folder = describing_study(tmp_path / "export")
    (folder / "pages.csv").write_text(
        f'participant,viewport_width,pixel_ratio,user_agent\nP00000001,1519,1.25,"{AGENT}"\n'
    )
    (row,) = deidentify(folder, DECLARED).tables["pages.csv"].rows
    assert (row["viewport_width"], row["pixel_ratio"], row["user_agent"]) == ("1600", "1", "Chrome")
    assert browser_family(AGENT.replace("Safari/537.36", "Safari/537.36 Edg/140.0")) == "Edge"


def test_the_language_counts_if_there_are_several(tmp_path):
    folder = describing_study(tmp_path / "export")

    def speak(frame):
        return frame.assign(language=["de" if n == 3 else "en" for n in range(len(frame))])

    edit(folder, "participants.csv", speak)
    write_manifest(folder, simulated=False)
    plain = Release(k=4, quasi_identifiers=(QuasiIdentifier("language"),))
    released = deidentify(folder, plain)
    counts = Counter(row["language"] for row in released.tables["participants.csv"].rows)
    assert set(counts) <= {"en", ""}
    assert read_table(folder / "participants.csv").rows[3]["language"] == "de"
