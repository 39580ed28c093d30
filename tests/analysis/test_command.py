"""manage.py run_analysis: from a study in the database, or a folder, to the report."""

import json

import pytest
from django.core.management import CommandError, call_command

from surveys import services
from tests.surveys import factories


def people(study, count, simulated):
    for number in range(count):
        arrival = f"{'simulated' if simulated else 'real'}-{number}"
        person = services.enrol(study=study, arrival_key=arrival, simulated=simulated)
        factories.walk(person, choice=number)


def run(capsys, *arguments):
    call_command("run_analysis", "--no-pdf", *map(str, arguments))
    return capsys.readouterr().out


@pytest.fixture
def study(db, tmp_path):
    return factories.small_study(tmp_path)


def test_a_study_is_exported_and_analysed_and_the_report_is_named(study, tmp_path, capsys):
    people(study, 12, simulated=False)
    people(study, 2, simulated=True)
    factories.end_and_unblind(study)
    out = tmp_path / "out"
    printed = run(capsys, study.slug, "--output", out)
    assert "12 participants in 4 arms, 1 outcome," in printed
    assert str(out / "report.html") in printed
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["simulated"] is False
    assert results["outcomes"][0]["found"]["arms"][0]["n"] == 3
    report = (out / "report.html").read_text(encoding="utf-8")
    assert f"manage.py run_analysis {study.slug}" in report
    assert str(tmp_path) not in report


def test_an_open_study_is_not_analysed_because_its_arms_are_blinded(study, tmp_path):
    people(study, 4, simulated=False)
    with pytest.raises(CommandError, match=r"manage\.py unblind_study small --reason"):
        call_command("run_analysis", study.slug, "--output", str(tmp_path / "out"))


def test_a_study_of_simulated_people_alone_asks_for_the_flag(study, tmp_path):
    people(study, 8, simulated=True)
    factories.end_and_unblind(study)
    with pytest.raises(CommandError, match="--simulated-only"):
        call_command("run_analysis", study.slug, "--output", str(tmp_path / "out"))


@pytest.mark.nightly
def test_simulated_people_are_analysed_on_request_and_called_so(study, tmp_path, capsys):
    people(study, 8, simulated=True)
    printed = run(capsys, study.slug, "--output", tmp_path / "out", "--simulated-only")
    assert "8 simulated participants" in printed
    assert "SIMULATED DATA" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_real_and_simulated_people_together_need_the_plans_permission(study, tmp_path):
    people(study, 4, simulated=False)
    people(study, 4, simulated=True)
    factories.end_and_unblind(study)
    with pytest.raises(CommandError, match="4 simulated and 4 real participants"):
        call_command(
            "run_analysis", study.slug, "--output", str(tmp_path / "out"), "--include-simulated"
        )


@pytest.mark.nightly
def test_a_folder_is_analysed_without_any_study(folder, tmp_path, capsys):
    printed = run(capsys, "--table", folder, "--output", tmp_path / "out")
    assert "12 simulated participants in 3 arms, 4 outcomes" in printed


def test_a_folder_can_be_analysed_by_another_plan(folder, tmp_path, capsys):
    plan = tmp_path / "mine.toml"
    plan.write_text((folder / "plan.toml").read_text().rsplit("[[outcomes]]", 1)[0])
    out = tmp_path / "out"
    assert "3 outcomes" in run(capsys, "--table", folder, "--plan", plan, "--output", out)
    assert "--plan mine.toml" in (out / "report.html").read_text(encoding="utf-8")


def test_an_unknown_study_is_named(db, tmp_path):
    with pytest.raises(
        CommandError, match=r"The study 'nothing' is not loaded\. Loaded studies: none"
    ):
        call_command("run_analysis", "nothing", "--output", str(tmp_path / "out"))


def test_a_damaged_folder_is_one_error_with_all_problems(folder, tmp_path):
    (folder / "trials.csv").unlink()
    (folder / "answers.csv").unlink()
    with pytest.raises(CommandError, match=r"(?s)trials\.csv is missing.*answers\.csv is missing"):
        call_command("run_analysis", "--table", str(folder), "--output", str(tmp_path / "out"))


def test_a_folder_takes_no_flag_about_simulated_people(folder, tmp_path):
    with pytest.raises(CommandError, match="analysed as it is"):
        call_command(
            "run_analysis", "--table", str(folder), "--simulated-only", "--output", str(tmp_path)
        )
