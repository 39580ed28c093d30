"""A study is released by its command and its job, to a folder that anybody may have."""

import csv
import json
from collections import Counter

import pytest
from django.core.management import CommandError, call_command

from analysis.release.redo import repetition
from studyplatform.management.commands.release_study import _passed
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from tests.conftest import ROOT
from tests.surveys import factories, shipped

FORETELLING = ROOT / "studies" / "examples" / "foretelling.toml"
"""Declares its quasi-identifiers, with groups and bands."""
UNUSED = "not asked, or the same for everybody"
OF_SOMEBODY = ["--licence", "CC-BY-4.0", "--authors", "A. Meyer; B. Okafor", "--simulated-only"]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def smallest_class(folder, declared):
    """Counted from the released files alone, over everybody who was asked one of the questions."""
    released = [entry for entry in declared["quasi_identifiers"] if entry["released"] != UNUSED]
    items = [entry["item"] for entry in released]
    told = {}
    for path in (folder / "data").glob("*nswers_data.csv"):
        for row in rows(path):
            if row["item"] in items:
                told.setdefault(row["participant"], []).append((row["item"], row["value"]))
    if "language" in items:
        for path in (folder / "data").glob("*_description-participants_data.csv"):
            for row in rows(path):
                if row["participant"] in told:
                    told[row["participant"]].append(("language", row["language"]))
    return min(Counter(tuple(sorted(each)) for each in told.values()).values(), default=0)


def release(study, folder, *options):
    call_command("release_study", study.slug, "--output", str(folder), *OF_SOMEBODY, *options)
    return folder


@pytest.mark.django_db
@pytest.mark.nightly
@pytest.mark.parametrize("path", [*shipped.FILES, FORETELLING], ids=lambda path: path.stem)
def test_a_shipped_study_is_released_and_its_report_comes_out_again(path, tmp_path):
    study = shipped.open_study(path, shortened=True)
    simulate(study=study, number=6 * study.arms.count(), seed=3, profile=load("demo"))
    folder = release(study, tmp_path / "release")
    call_command("check_release", str(folder))
    assert repetition(folder).problems == []
    declared = json.loads((folder / "documentation" / "release.json").read_text())
    assert smallest_class(folder, declared) == declared["smallest_class"]
    assert declared["smallest_class"] >= 5 or not declared["people"]
    data = sorted(path.name for path in (folder / "data").iterdir())
    assert all(name.startswith("study-") and name.endswith("_data.csv") for name in data)


@pytest.mark.django_db
def test_check_release_fails_with_the_place_of_what_it_finds(tmp_path):
    (tmp_path / "data.csv").write_text("who,score\n5f3c2a9be41d7c0008a1b2c3,4\n", encoding="utf-8")
    with pytest.raises(CommandError, match="is not fit to be given away") as refused:
        call_command("check_release", str(tmp_path))
    assert "data.csv, row 1, column who: platform id" in str(refused.value)
    (tmp_path / "data.csv").write_text("arm,score\nnone,4\n", encoding="utf-8")
    assert call_command("check_release", str(tmp_path)) == (
        "Nothing that leads to a person was found in 1 files."
    )


@pytest.mark.django_db
def test_texts_are_listed_and_passed_one_by_one(tmp_path):
    study = factories.small_study(tmp_path)
    for number in range(3):
        factories.walk(factories.allocated(study, str(number)), choice=number)
    texts = tmp_path / "texts.csv"
    said = call_command("release_study", study.slug, "--texts", str(texts))
    listed = rows(texts)
    assert said.startswith(f"{len(listed)} texts are in ")
    assert all(row["key"] and row["text"] and not row["pass"] for row in listed)
    lines = texts.read_text(encoding="utf-8").splitlines()
    texts.write_text("\n".join([lines[0], lines[1] + "yes"]) + "\n", encoding="utf-8")
    assert _passed(texts) == {listed[0]["key"]}
    with pytest.raises(CommandError, match="lacks the columns key and pass"):
        _passed(ROOT / "README.md")


@pytest.mark.django_db
def test_a_release_needs_a_licence_authors_and_an_empty_folder(tmp_path):
    study = factories.small_study(tmp_path)
    with pytest.raises(CommandError, match="no licence") as refused:
        call_command("release_study", study.slug, "--output", str(tmp_path / "out"))
    assert "no authors" in str(refused.value)
    declared = tmp_path / "release.toml"
    declared.write_text('licence = "CC-BY"\n', encoding="utf-8")
    options = ["--output", str(tmp_path / "out"), "--declaration", str(declared)]
    with pytest.raises(CommandError, match=r"line 1: .*licence"):
        call_command("release_study", study.slug, *options)
    with pytest.raises(CommandError, match="is not empty"):
        call_command("release_study", study.slug, "--output", str(tmp_path), *OF_SOMEBODY)
    assert not (tmp_path / "out").exists()
