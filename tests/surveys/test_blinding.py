"""Nobody who runs a study sees who is in which arm, until it is closed."""

import csv
import json

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from analysis.errors import TableError
from analysis.study_data.study_data import read_study
from surveys import services
from surveys.blinding import REVEALING
from surveys.export.writing import export_study
from surveys.models import Answer, Arm, Participant, Study
from tests.surveys import designs, factories
from tests.surveys.drawn import drawn_study
from tests.surveys.people import go_on, in_arm

CHANGELIST = "admin:surveys_participant_changelist"


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


@pytest.fixture
def person(drawn) -> Participant:
    """In the arm "lime"; has judged a picture."""
    browser, page, participant = in_arm(drawn, "lime")
    go_on(browser, page, 3)
    return participant


@pytest.fixture
def panel(admin_user) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def text(panel: Client, name: str, *arguments: object, **query: object) -> str:
    return panel.get(reverse(name, args=arguments), query).content.decode()


def names_the_arm(panel: Client, person: Participant) -> dict[str, bool]:
    """By page of the panel, whether it says that the person is in "lime"."""
    map_address = reverse("explanations:map-picture", args=[person.trials.first().explanation_id])
    own = text(panel, "admin:surveys_participant_change", person.pk)
    row = text(panel, CHANGELIST, q=person.pseudonym)
    arms = text(panel, "admin:surveys_study_change", person.study_id)
    return {
        "the person's page": "Label of lime" in own or map_address in own,
        "the list": "Label of lime" in row.split("result_list")[1],
        "counts by arm": "hidden until the study is unblinded" not in arms,
        "the ledger": "&quot;arm&quot;:&quot;lime&quot;"
        in text(panel, "admin:surveys_ledgerentry_changelist"),
    }


def test_the_panel_hides_arms_until_the_study_is_unblinded(person, panel):
    assert not any(names_the_arm(panel, person).values())
    services.pause_study(study=person.study)
    assert not any(names_the_arm(panel, person).values())
    services.close_study(study=person.study)
    assert not any(names_the_arm(panel, person).values())
    services.unblind_study(study=person.study, reason="The sample is complete.", by="")
    assert all(names_the_arm(panel, person).values())


def test_nobody_finds_out_by_a_typed_address_who_is_in_an_arm(person, panel):
    for arm in Arm.objects.all():
        for lookup in ("arm", "arm__exact", "arm__id__exact", "arm__in", "arm__key"):
            value = arm.key if lookup == "arm__key" else arm.pk
            assert panel.get(reverse(CHANGELIST), {lookup: value}).status_code == 400, lookup
    # The control: another lookup is answered.
    assert panel.get(reverse(CHANGELIST), {"state__exact": "started"}).status_code == 200


def test_the_filter_by_arm_offers_only_unblinded_studies(person, panel):
    arm = Arm.objects.get(key="lime")

    def found() -> int:
        response = panel.get(reverse(CHANGELIST), {"allocated": arm.pk})
        return response.context["cl"].result_count if response.status_code == 200 else -1

    everybody = Participant.objects.count()
    assert everybody > 1
    assert found() == everybody
    services.close_study(study=person.study)
    assert found() == everybody
    services.unblind_study(study=person.study, reason="The sample is complete.", by="")
    assert found() == Participant.objects.filter(arm=arm).count() == 1


def test_quiz_answers_and_their_items_tell_methods_and_are_hidden(db, tmp_path, panel):
    study = designs.design_study(tmp_path)
    person = factories.walk(factories.allocated(study, "person"), pages=3)
    factories.record(person, "quiz:1", {})
    shown = Answer.objects.filter(submission__step="quiz:1").values_list("item", flat=True)
    assert shown
    pages = ("admin:surveys_answer_changelist", "admin:surveys_event_changelist")

    def said() -> list[bool]:
        lists = [text(panel, page).split("result_list")[-1] for page in pages]
        return [any(f">{item}" in one for item in shown) for one in lists]

    assert said() == [False, False]
    factories.end_and_unblind(study)
    assert said() == [True, True]


def columns(folder) -> dict[str, list[str]]:
    return {path.name: path.read_text().splitlines()[0].split(",") for path in folder.glob("*.csv")}


def test_an_export_of_an_open_study_has_everything_but_arms(person, tmp_path):
    line = str(export_study(study=person.study, output=tmp_path / "open"))
    assert "Arms are left out" in line
    assert "manage.py unblind_study drawn --reason" in line
    factories.end_and_unblind(person.study)
    assert "Arms" not in str(export_study(study=person.study, output=tmp_path / "closed"))
    blinded, shown = columns(tmp_path / "open"), columns(tmp_path / "closed")
    assert shown.keys() - blinded.keys() == {"page_events.csv", "ledger.csv"}
    for name, header in blinded.items():
        if name != "codebook.csv":
            assert header == [one for one in shown[name] if one not in REVEALING]
    book = list(csv.DictReader((tmp_path / "open" / "codebook.csv").read_text().splitlines()))
    described = {(row["file"], row["column"]) for row in book if not row["item"]}
    assert described == {(name, one) for name, header in blinded.items() for one in header}
    (ended,) = (
        row["label"]
        for row in book
        if (row["file"], row["column"]) == ("participants.csv", "state")
    )
    assert "of all arms: " in ended
    assert not any(f"{arm.key}: " in ended for arm in person.study.arms.all())
    manifest = json.loads((tmp_path / "open" / "manifest.json").read_text())
    assert manifest["arms_blinded"] is True
    assert manifest["withdrawn_and_deleted"] == {"of all arms": 0}


@pytest.mark.parametrize("key", ["arms_blinded", "arms_concealed"])
def test_the_analysis_of_a_blinded_export_says_why_there_are_no_arms(person, tmp_path, key):
    export_study(study=person.study, output=tmp_path / "open")
    manifest = tmp_path / "open" / "manifest.json"
    text = manifest.read_text()
    assert '"arms_blinded"' in text
    manifest.write_text(text.replace('"arms_blinded"', f'"{key}"'))
    with pytest.raises(TableError, match=r"before the study was unblinded.*unblind_study") as said:
        read_study(tmp_path / "open")
    assert "lacks the columns" not in str(said.value)


def test_declared_factors_are_left_out_with_the_arms(db, tmp_path):
    arms = designs.ARMS.replace('key = "none"', 'key = "none"\nfactors = { map = "no" }')
    arms = arms.replace('method = "gradcam"', 'method = "gradcam"\nfactors = { map = "yes" }')
    arms = arms.replace('method = "lime"', 'method = "lime"\nfactors = { map = "yes" }')
    study = designs.design_study(tmp_path, arms=arms)
    factories.walk(factories.allocated(study, "person"))
    export_study(study=study, output=tmp_path / "open")
    assert "map" not in columns(tmp_path / "open")["trials.csv"]
    assert "map" not in columns(tmp_path / "open")["participants.csv"]
    factories.export_closed(study=study, output=tmp_path / "closed")
    assert "map" in columns(tmp_path / "closed")["trials.csv"]
    assert "map" in columns(tmp_path / "closed")["participants.csv"]


def test_simulated_people_hide_nothing(study, tmp_path, panel):
    robot = factories.walk(factories.allocated(study, "robot", simulated=True))
    assert f"Arm {robot.arm.key}" in text(panel, "admin:surveys_participant_change", robot.pk)
    export_study(study=study, output=tmp_path / "out", simulated="only")
    assert "arm" in columns(tmp_path / "out")["participants.csv"]
    assert "ledger.csv" in columns(tmp_path / "out")


def test_who_wrote_the_file_cannot_foretell_the_arms_of_real_people(db, tmp_path):
    text = factories.draft_study(tmp_path).source
    lists = []
    for slug in ("one", "two"):
        study = services.load_study(text.replace('slug = "small"', f'slug = "{slug}"'))
        factories.predict(study)
        factories.choose_stimuli(study)
        services.open_study(study=study)
        for simulated in (False, True):
            keys = [f"{slug} {simulated} {number}" for number in range(24)]
            people = [factories.allocated(study, key, simulated=simulated) for key in keys]
            lists.append([person.arm.key for person in people])
    assert lists[0] != lists[2]  # the same by chance once in 10^13 times
    assert lists[1] == lists[3]  # a rehearsal can be repeated from the file


def test_the_command_closes_and_says_what_stays_hidden(study):
    line = call_command("close_study", "small")
    assert line.startswith("The study 'small' is closed. Its arms stay hidden until: manage.py")
    assert Study.objects.get().state == "closed"
