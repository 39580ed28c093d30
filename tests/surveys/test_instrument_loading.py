"""A lab's own questionnaires, and published scales in their authors' words."""

import pytest
from django.core.management import CommandError, call_command

from surveys import questionnaires, services
from tests.surveys.export.test_writing import rows
from tests.surveys.factories import export_closed, images, study_text, walk, write_weights

VERBATIM = """
id = "lab-scale-v1"
title = "A scale"
construct = "Something that was published."
source = "Author (2001), a journal."
wording = "verbatim"
licence = "CC BY 4.0"
order = "random"
does_not_apply = "Does not apply"
[scale]
minimum = 1
maximum = 5
anchors = { 1 = "No", 5 = "Yes" }
[subscales.lab]
score = "sum"
minimum_answered = 0.5
[[items]]
id = "lab1"
text = "First?"
subscale = "lab"
[[items]]
id = "lab2"
text = "Second?"
subscale = "lab"
reversed = true
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lab-scale-v1.toml"
    path.write_text(VERBATIM, encoding="utf-8")
    return path


def asking(tmp_path, **options):
    """A study that asks the lab's scale, in which one person has answered "does not apply"."""
    images()
    text = study_text(write_weights(tmp_path / "dots.safetensors"), **options)
    return text.replace(
        'after = ["trust-v1", "comments-v1"]', 'after = ["trust-v1", "lab-scale-v1"]'
    )


def test_a_loaded_questionnaire_can_be_asked_and_says_verbatim(db, file):
    said = call_command("load_instrument", str(file))
    assert said == ("Loaded 'lab-scale-v1': 2 items, verbatim wording, licence 'CC BY 4.0', in en.")
    assert "lab-scale-v1" in questionnaires.ids()
    assert "lab-scale-v1" not in questionnaires.shipped()
    assert questionnaires.get("lab-scale-v1").wording == "verbatim"
    assert call_command("load_instrument", str(file)) == said  # again: nothing changes


def test_a_faulty_file_is_refused_with_every_problem(db, file):
    file.write_text(
        VERBATIM.replace('"verbatim"', '"theirs"').replace("maximum = 5", "maximum = 0")
    )
    with pytest.raises(CommandError) as found:
        call_command("load_instrument", str(file))
    assert "line 6: 'wording' is 'theirs'. Known: own, verbatim." in str(found.value)
    assert "the scale runs from 1 to 0" in str(found.value)
    assert "lab-scale-v1" not in questionnaires.ids()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("lab scale.toml", VERBATIM, "Rename it to small letters"),
        ("lab-scale-v1.txt", VERBATIM, "ending in .toml"),
        ("lab-scale-v2.toml", VERBATIM, "id must be 'lab-scale-v2'"),
        ("trust-v1.toml", VERBATIM.replace("lab-scale-v1", "trust-v1"), "ships with the platform"),
        ("lab-scale-v1.toml", "licence = ", "it is not a TOML file"),
    ],
)
def test_a_file_of_the_wrong_name_is_refused(db, tmp_path, name, content, words):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(CommandError, match=words):
        call_command("load_instrument", str(tmp_path / name))


def test_an_unreadable_file_is_refused(db, tmp_path):
    path = tmp_path / "lab-scale-v1.toml"
    with pytest.raises(CommandError, match="does not exist"):
        call_command("load_instrument", str(path))
    path.write_bytes(VERBATIM.replace("A scale", "Ein Maß").encode("latin-1"))
    with pytest.raises(CommandError, match="is not text in UTF-8: line"):
        call_command("load_instrument", str(path))
    path.write_bytes(b"\xef\xbb\xbf" + VERBATIM.encode())  # as Windows editors save it
    assert "Loaded" in call_command("load_instrument", str(path))


def test_another_file_of_the_same_id_replaces_only_what_no_study_asks(db, file, tmp_path):
    call_command("load_instrument", str(file))
    file.write_text(VERBATIM.replace("First?", "Changed?"))
    with pytest.raises(CommandError, match="--replace does so"):
        call_command("load_instrument", str(file))
    call_command("load_instrument", str(file), "--replace")
    assert questionnaires.get("lab-scale-v1").items[0].text == "Changed?"
    services.load_study(asking(tmp_path))
    file.write_text(VERBATIM)
    with pytest.raises(CommandError, match="is asked in small"):
        call_command("load_instrument", str(file), "--replace")
    assert questionnaires.get("lab-scale-v1").items[0].text == "Changed?"


def test_a_verbatim_scale_is_flagged_in_codebook_and_report_data(db, file, tmp_path):
    from analysis.plan.plan import Outcome
    from analysis.sections.instruments import instruments
    from analysis.study_data.missing import missing_by_arm
    from analysis.study_data.scoring import questionnaire_score
    from analysis.study_data.study_data import read_study
    from tests.surveys import factories

    call_command("load_instrument", str(file))
    study = services.load_study(asking(tmp_path))
    factories.predict(study)
    factories.choose_stimuli(study)
    services.open_study(study=study)
    people = [services.enrol(study=study, arrival_key=f"visit {n}") for n in range(3)]
    given = [("5", "1"), ("does_not_apply", "2"), ("4", "4")]
    for person, (first, second) in zip(people, given, strict=True):
        walk(person, pages=8)
        factories.record(person, "after:lab-scale-v1", {"lab1": first, "lab2": second})
    export_closed(study=study, output=tmp_path / "out")
    book = {row["item"]: row for row in rows(tmp_path / "out", "codebook.csv") if row["item"]}
    assert book["lab1"]["wording"] == "verbatim"
    assert book["lab1"]["licence"] == "CC BY 4.0"
    assert book["lab1"]["values"] == "1=No; 5=Yes; does_not_apply=Does not apply"
    answered = [row for row in rows(tmp_path / "out", "answers.csv") if row["item"] == "lab1"]
    for row in answered:
        person = next(one for one in people if one.pseudonym == row["participant"])
        stored = person.submissions.get(step="after:lab-scale-v1").item_order
        assert (row["page"], row["shown_at"]) == (
            "after:lab-scale-v1", str(stored.index("lab1") + 1)
        )  # fmt: skip

    data = read_study(tmp_path / "out")
    found = {row.name: row for row in missing_by_arm(data) if row.arm == people[1].arm.key}
    assert found["lab1"].does_not_apply == 1
    assert found["lab1"].not_answered == 0
    scores = questionnaire_score(data, Outcome("lab", "Lab", "scale", scale="lab"))
    # Sums of two items, the second turned; with one of two answered, twice that one's value.
    assert [scores[person.pseudonym] for person in people] == [10.0, 8.0, 6.0]
    used = next(one for one in instruments(data) if one.scale == "lab")
    assert (used.wording, used.licence, used.languages) == (("verbatim",), "CC BY 4.0", ("en",))
    assert used.minimum_answered == 0.5
