import csv
import hashlib
import json
import tomllib

import pytest
from django.core.management import CommandError, call_command

from analysis.plan.reading import plan_hash
from analysis.study_data.columns import FILES
from analysis.study_data.study_data import read_study
from surveys import questionnaires, services
from surveys.export.folder import ExportError
from surveys.export.writing import export_study
from surveys.models import Answer, Participant, Trial
from surveys.pages import sequence
from surveys.pages.kinds import catalogue
from surveys.study_file.stored import definition
from surveys.tidy.cells import cell, csv_text
from surveys.tidy.page_columns import IN_TRIALS
from surveys.tidy.tables import tables
from tests.surveys.factories import allocated, answers, end_and_unblind, export_closed, record, walk


@pytest.fixture
def cast(finished, half_way, stopped, newcomer):
    """One of each: all the states that a participant can be in."""
    return [finished, half_way, stopped, newcomer]


@pytest.fixture
def exported(study, cast, tmp_path):
    export_closed(study=study, output=tmp_path / "out")
    return tmp_path / "out"


def rows(folder, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_participant_is_exported_as_stored(exported, cast):
    found = {row["participant"]: row for row in rows(exported, "participants.csv")}
    assert len(found) == 3
    for person in cast[:3]:
        row = found[person.pseudonym]
        done = person.state == "completed"
        assert row == {
            "participant": person.pseudonym,
            "arm": person.arm.key,
            "arm_label": f"Arm {person.arm.key}",
            "sequence": str(person.slot.position),
            "block": str(person.slot.block),
            "state": person.state,
            "simulated": "0",
            "language": "en",
            "consented_at": person.consented_at.isoformat(timespec="milliseconds"),
            "completed_at": person.finished_at.isoformat(timespec="milliseconds") if done else "",
            "seconds_total": (
                repr((person.finished_at - person.consented_at).total_seconds()) if done else ""
            ),
        }


def test_who_left_before_the_allocation_stands_in_a_table_of_their_own(exported, cast):
    (row,) = rows(exported, "not_allocated.csv")
    assert row == {
        "participant": cast[3].pseudonym,
        "state": "started",
        "simulated": "0",
        "consented_at": cast[3].consented_at.isoformat(timespec="milliseconds"),
    }
    assert rows(exported, "not_allocated_answers.csv") == []


def test_answers_given_before_the_allocation_are_not_lost(study, newcomer, tmp_path):
    walk(newcomer, pages=1)
    services.stop(participant=newcomer)
    export_closed(study=study, output=tmp_path / "out")
    found = {
        row["item"]: row["value"] for row in rows(tmp_path / "out", "not_allocated_answers.csv")
    }
    assert found == dict(Answer.objects.values_list("item", "value"))
    assert rows(tmp_path / "out", "answers.csv") == []


def test_every_trial_is_exported_as_stored_answered_or_not(exported):
    found = {
        (row["participant"], int(row["position"])): row for row in rows(exported, "trials.csv")
    }
    assert len(found) == Trial.objects.count() == 15
    for trial in Trial.objects.all():
        prediction, explanation = trial.stimulus.prediction, trial.explanation
        page = trial.participant.submissions.filter(step=f"trial:{trial.position}").first()
        given = dict(page.answers.values_list("item", "value")) if page else {}
        assert found[trial.participant.pseudonym, trial.position] == {
            "participant": trial.participant.pseudonym,
            "arm": trial.participant.arm.key,
            "position": str(trial.position),
            "image": prediction.image.sha256[:12],
            "image_set": "dots",
            "true_class": prediction.image.true_class,
            "predicted_class": prediction.predicted_class,
            "probability": repr(prediction.probability),
            "prediction_correct": str(int(prediction.is_correct)),
            "method": explanation.method if explanation else "",
            "explanation": explanation.key if explanation else "",
            "block": "1",
            "condition": trial.participant.arm.key,
            "part": "trials",
            "task": "decide",
            "agreed": given.get("agreed", ""),
            "sureness": given.get("sureness", ""),
            "response_time_ms": repr(page.response_time_ms) if page else "",
            "server_seconds": repr(page.server_seconds) if page else "",
            "timed_out": "0" if page else "",
            "answered_at": page.submitted_at.isoformat(timespec="milliseconds") if page else "",
            **dict.fromkeys(IN_TRIALS, ""),
            "interrupted": "0" if page else "",
            "without_picture": "",  # nothing was measured
            "time_extensions": "0" if page else "",
        }


def test_every_answer_is_exported_raw(exported):
    found = rows(exported, "answers.csv")
    stored = Answer.objects.exclude(questionnaire="")
    assert len(found) == stored.count() > 0
    assert {tuple(row.values()) for row in found} == {
        (
            answer.submission.participant.pseudonym,
            answer.submission.participant.arm.key,
            answer.questionnaire,
            answer.item,
            answer.value,
            repr(answer.submission.response_time_ms),
            answer.submission.submitted_at.isoformat(timespec="milliseconds"),
            answer.submission.step,
            str(answer.submission.item_order.index(answer.item) + 1),
            answer.submission.step,  # outside of blocks a page has the key of its part
        )
        for answer in stored
    }


def test_the_columns_agreed_with_the_analysis_are_there_in_order(study):
    for name, columns in tables(definition(study)).items():
        wanted = [column.name for column in FILES.get(name, ())]
        assert [column.name for column in columns if column.name in wanted] == wanted


def test_the_analysis_reads_the_export(exported):
    data = read_study(exported)
    assert len(data.participants) == 3
    assert data.plan.title == "A small study"
    assert data.plan.arms == ("none", "gradcam", "lime", "placebo")


def test_the_codebook_has_a_row_for_every_column_and_every_item(exported, study):
    book = rows(exported, "codebook.csv")
    described = {(row["file"], row["column"]) for row in book if not row["item"]}
    for name in (path.name for path in exported.glob("*.csv")):
        header = (exported / name).read_text().splitlines()[0].split(",")
        assert {(name, column) for column in header} <= described
    items = {(row["questionnaire"], row["item"]): row for row in book if row["item"]}
    asked = [
        questionnaires.get(step.questionnaire)
        for step in sequence.steps(study)
        if step.questionnaire
    ]
    assert items.keys() == {(page.id, item.id) for page in asked for item in page.items}
    assert all(row["label"] for row in book)


def test_the_codebook_says_how_participations_ended_by_arm(study, cast, tmp_path):
    finished, half_way, stopped, _ = cast
    gone = allocated(study, "withdraws")
    arm_of_the_erased = gone.arm.key
    services.erase(participant=gone)
    export_closed(study=study, output=tmp_path / "out")
    book = rows(tmp_path / "out", "codebook.csv")
    (row,) = (one for one in book if (one["file"], one["column"]) == ("participants.csv", "state"))
    counts = {arm: [0, 0, 0, 0] for arm in ("none", "gradcam", "lime", "placebo")}
    for place, person in enumerate((finished, stopped, half_way)):
        counts[person.arm.key][place] += 1
    counts[arm_of_the_erased][3] += 1
    for arm, (completed, stops, left, erased) in counts.items():
        told = (
            f"{arm}: {completed} completed, {stops} stopped, {left} left silently or are under "
            f"way, {erased} had their data erased"
        )
        assert told in row["label"]
    assert "stopped=stopped before the end and kept the answers" in row["values"]
    assert "withdrawn" not in row["values"]


def test_the_codebook_says_how_an_item_is_scored(exported):
    book = {row["item"]: row for row in rows(exported, "codebook.csv") if row["item"]}
    trust = questionnaires.get("trust-v1")
    assert book["trust3"] == {
        "file": "answers.csv",
        "column": "value",
        "item": "trust3",
        "label": trust.items[2].text,
        "type": "integer",
        "minimum": "1",
        "maximum": "7",
        "values": "1=Strongly disagree; 4=Neither agree nor disagree; 7=Strongly agree",
        "questionnaire": "trust-v1",
        "scale": "trust",
        "reversed": "1",
        "wording": "own",
        "source": trust.source,
        "construct": trust.construct,
        "licence": "BSD-3-Clause",
        "language": "en",
        "translations": f"de: {trust.in_language('de').items[2].text}",
        "kind": "scale",
        "score": "mean",
        "minimum_answered": "0.8",
        "order": "fixed",
        "sha256": questionnaires.sha256("trust-v1"),
    }
    assert (book["trust1"]["reversed"], book["use"]["type"]) == ("0", "integer")
    assert (book["comment"]["type"], book["comment"]["minimum"]) == ("text", "")


def test_nothing_secret_or_identifying_is_exported(exported, cast):
    everything = "".join(path.read_text() for path in exported.iterdir())
    for person in Participant.objects.all():
        assert person.code not in everything
        assert person.arrival_key not in everything
        assert not person.completion_code or person.completion_code not in everything
    for trial in Trial.objects.all():
        assert trial.picture_code not in everything


def test_the_manifest_fits_the_files(exported, study):
    manifest = json.loads((exported / "manifest.json").read_text())
    assert manifest["study"] == "small"
    assert manifest["simulated"] == "none"
    assert manifest["study_file_sha256"] == study.source_sha256
    assert manifest["weights_sha256"] == study.classifier.sha256
    assert set(manifest["files"]) | {"manifest.json"} == {path.name for path in exported.iterdir()}
    for name, entry in manifest["files"].items():
        assert entry["sha256"] == hashlib.sha256((exported / name).read_bytes()).hexdigest()
        if name.endswith(".csv"):
            assert entry["rows"] == len(rows(exported, name))


def test_study_file_and_plan_come_along(exported, study):
    assert (exported / "study.toml").read_text() == study.source
    plan = tomllib.loads((exported / "plan.toml").read_text())
    assert plan["arms"] == ["none", "gradcam", "lime", "placebo"]
    assert plan["outcomes"][0]["scale"] == "trust"
    # The plan that the launch locked, with which the report compares the plan carried out.
    assert plan_hash(json.loads((exported / "registered.json").read_text())) == plan_hash(plan)


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\0=1"),
        *("\tx", "\uff1d1", "\u200b=1", "\ufeff=1", "=cmd|' /C calc'!A0"),
    ],
)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((-3, "-3"), (-0.5, "-0.5"), (1e-9, "1e-09"), (True, "1"), (None, ""), ("", "")),
        *(("a=b", "a=b"), ("1 - 2", "1 - 2"), ("'quoted'", "'quoted'")),
    ],
)
def test_numbers_and_harmless_texts_stay_as_they_are(value, text):
    assert cell(value) == text


def test_awkward_texts_come_back_from_the_csv():
    texts = ["a,b", 'say "no"', "two\nlines", "two\r\nlines", "ü 😀", " spaces "]
    written = csv_text(["text"], [[text] for text in texts])
    assert [row for (row,) in csv.reader(written.splitlines(keepends=True))] == ["text", *texts]


def test_a_comment_is_guarded_and_a_clicked_number_is_not(study, tmp_path):
    person = services.enrol(study=study, arrival_key="attacker")
    walk(person, pages=8)
    formula = '=HYPERLINK("http://example.org")'
    record(person, "after:comments-v1", {"comment": formula})
    export_closed(study=study, output=tmp_path / "out")
    values = {row["item"]: row["value"] for row in rows(tmp_path / "out", "answers.csv")}
    assert values["comment"] == f"'{formula}"
    assert values["experience"].isdigit()


def test_simulated_participants_are_left_out_unless_asked_for(study, finished, tmp_path):
    robot = walk(services.enrol(study=study, arrival_key="robot", simulated=True))

    def people(**options: str) -> set[str]:
        export_closed(study=study, output=tmp_path / "out", **options)
        return {row["participant"] for row in rows(tmp_path / "out", "participants.csv")}

    assert people() == {finished.pseudonym}
    assert people(simulated="only") == {robot.pseudonym}
    assert people(simulated="included") == {finished.pseudonym, robot.pseudonym}


def test_an_empty_export_names_the_flag_that_would_fill_it(study, tmp_path):
    with pytest.raises(ExportError, match="no participants yet"):
        export_study(study=study, output=tmp_path / "out")
    services.enrol(study=study, arrival_key="robot", simulated=True)
    with pytest.raises(CommandError, match=r"1 simulated ones\. .* with --simulated-only"):
        call_command("export_study", "small", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_of_simulated_people_alone_may_be_empty_too(study, finished, tmp_path):
    with pytest.raises(ExportError, match="without --simulated-only"):
        export_closed(study=study, output=tmp_path / "out", simulated="only")


def test_the_command_says_what_it_wrote(study, finished, tmp_path):
    line = call_command("export_study", "small", "--output", str(tmp_path / "out"))
    assert line.strip().startswith(f"Exported to {tmp_path / 'out'}: 1 in participants.csv, 5 in")


def test_an_earlier_export_is_replaced_and_any_other_folder_is_not(study, finished, tmp_path):
    output = tmp_path / "out"
    export_closed(study=study, output=output)
    (output / "old.txt").write_text("of the earlier export")
    export_closed(study=study, output=output)
    assert not (output / "old.txt").exists()
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "chapter.txt").write_text("years of work")
    with pytest.raises(ExportError, match="does not contain an export"):
        export_closed(study=study, output=other)
    assert (other / "chapter.txt").read_text() == "years of work"
    with pytest.raises(ExportError, match="is a file"):
        export_closed(study=study, output=other / "chapter.txt")


def test_a_crash_while_writing_leaves_the_earlier_export_whole(
    study, finished, tmp_path, monkeypatch
):
    output = tmp_path / "out"
    export_closed(study=study, output=output)
    before = {path.name: path.read_bytes() for path in output.iterdir()}
    written = []

    def full(path, content):
        if len(written) == 3:
            raise OSError("No space left on device")
        written.append(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr("surveys.export.folder.write_atomically", full)
    with pytest.raises(OSError, match="No space"):
        export_closed(study=study, output=output)
    assert {path.name: path.read_bytes() for path in output.iterdir()} == before
    assert list(tmp_path.glob(".out*")) == []


def test_the_queries_do_not_grow_with_the_participants(
    study, finished, tmp_path, django_assert_num_queries
):
    """Five are for each of the three methods whose maps are described, three for the pictures."""
    more = [services.enrol(study=study, arrival_key=f"more {number}") for number in range(5)]
    for person in more:
        walk(person)
    end_and_unblind(study)
    with django_assert_num_queries(53):
        export_study(study=study, output=tmp_path / "out")
    for person in more[1:]:
        services.erase(participant=person)
    with django_assert_num_queries(53):
        export_study(study=study, output=tmp_path / "fewer")


def test_the_factory_answers_every_page(study):
    person = allocated(study, "factory")
    for step in sequence.steps(study):
        given = answers(person, step)
        assert all(item.accepts(given[item.id]) for item in catalogue.items(person, step))
