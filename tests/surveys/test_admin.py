"""The panel: staff see studies and what people did; nobody edits it; others see nothing."""

import io
import zipfile
from itertools import chain

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from surveys import services
from surveys.models import Answer, Participant, Study
from surveys.simulation.profile import load
from surveys.simulation.run import simulate
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on

MODELS = ("study", "participant", "answer", "submission", "event")


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


@pytest.fixture
def person(drawn) -> Participant:
    """Judged two of three pictures."""
    browser, page, participant = begin(drawn)
    go_on(browser, page, 4)
    services.refuse_page(participant=participant, step="trial:9")
    return participant


@pytest.fixture
def panel(admin_user) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


def rows(model: str) -> list[int]:
    site_model = next(one for one in admin.site._registry if one._meta.model_name == model)
    return list(site_model.objects.values_list("pk", flat=True))


def pages(model: str) -> list[str]:
    name = f"admin:surveys_{model}"
    return [reverse(f"{name}_changelist")] + [
        reverse(f"{name}_change", args=[pk]) for pk in rows(model)[:2]
    ]


def test_staff_see_every_page_and_no_secret_address(person, panel):
    assert all(map(rows, MODELS))
    for path in chain.from_iterable(map(pages, MODELS)):
        response = panel.get(path)
        assert response.status_code == 200
        text = response.content.decode()
        assert person.code not in text
        assert person.arrival_key not in text
        assert not [t for t in person.trials.all() if t.picture_code in text]


def test_nobody_else_sees_a_page(person):
    outsider = Client()
    outsider.force_login(User.objects.create_user("participant"))
    for path in chain.from_iterable(map(pages, MODELS)):
        for client in (Client(), outsider):
            response = client.get(path)
            assert (response.status_code, response["Location"][:13]) == (302, "/admin/login/")


def test_nothing_can_be_added_changed_or_deleted(person, panel):
    for model in MODELS:
        name, pk = f"admin:surveys_{model}", rows(model)[0]
        assert panel.get(reverse(f"{name}_add")).status_code == 403
        assert panel.post(reverse(f"{name}_change", args=[pk]), {"value": "7"}).status_code == 403
        assert panel.post(reverse(f"{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
        before = rows(model)
        data = {"action": "delete_selected", "_selected_action": pk, "index": 0, "post": "yes"}
        panel.post(reverse(f"{name}_changelist"), data)
        assert rows(model) == before, model


def test_an_answer_stays_as_it_was_clicked(person, panel):
    answer = Answer.objects.first()
    path = reverse("admin:surveys_answer_change", args=[answer.pk])
    panel.post(path, {"item": "trust1", "value": "7", "questionnaire": ""})
    assert Answer.objects.get(pk=answer.pk).value == answer.value


def test_the_allocation_list_is_not_in_the_panel(drawn, panel):
    assert "allocationslot" not in {model._meta.model_name for model in admin.site._registry}
    text = panel.get(reverse("admin:surveys_study_change", args=[drawn.pk])).content.decode()
    assert "seed" not in text.lower()


def test_a_study_shows_its_link_its_arms_and_its_images(drawn, person, panel):
    text = panel.get(reverse("admin:surveys_study_change", args=[drawn.pk])).content.decode()
    assert "http://testserver/s/drawn/" in text
    assert text.count("Integrated Gradients") == 1
    for stimulus in drawn.stimuli.all():
        picture = reverse("explanations:image-picture", args=[stimulus.prediction.image_id])
        assert picture in text


def act(client: Client, action: str, study: Study):
    data = {"action": action, "_selected_action": study.pk, "index": 0}
    return client.post(reverse("admin:surveys_study_changelist"), data, follow=True)


def test_a_study_is_opened_and_closed_by_actions(db, tmp_path, panel):
    study = drawn_study(tmp_path, opened=False)
    for action, state in (("open_studies", "open"), ("close_studies", "closed")):
        act(panel, action, study)
        study.refresh_from_db()
        assert study.state == state


def test_a_study_without_its_maps_is_not_opened_and_the_reason_is_shown(db, tmp_path, panel):
    study = drawn_study(tmp_path, opened=False)
    study.stimuli.first().prediction.explanations.filter(method="lime").delete()
    text = act(panel, "open_studies", study).content.decode()
    study.refresh_from_db()
    assert study.state == "draft"
    assert "has 2 of 3 lime maps" in text
    assert "precompute_explanations" in text


def exported(response) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        return {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if not name.endswith(".png")
        }


@pytest.mark.nightly
def test_the_export_is_a_zip_of_the_tidy_folder_without_simulated_people(drawn, person, panel):
    simulate(study=drawn, number=2, seed=0, profile=load("null"))
    response = act(panel, "export", drawn)
    assert response["Content-Type"] == "application/zip"
    files = exported(response)
    assert "drawn/trials.csv" in files
    assert files["drawn/participants.csv"].count("\n") == 2
    assert person.pseudonym in files["drawn/participants.csv"]
    assert person.code not in "".join(files.values())


@pytest.mark.nightly
def test_simulated_people_are_exported_by_an_action_of_their_own(drawn, person, panel):
    simulate(study=drawn, number=2, seed=0, profile=load("null"))
    files = exported(act(panel, "export_simulated", drawn))
    assert files["drawn/participants.csv"].count("\n") == 3
    assert person.pseudonym not in files["drawn/participants.csv"]


@pytest.mark.nightly
def test_the_panel_exports_every_format(drawn, person, panel):
    simulate(study=drawn, number=2, seed=0, profile=load("null"))
    for action in ("export_every_format", "export_simulated_in_every_format"):
        response = act(panel, action, drawn)
        with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
        assert {"wide.csv", "tables.xlsx", "sav/wide.sav", "dta/wide.dta"} <= names
        assert {"parquet/trials.parquet", "json/answers.json", "manifest.json"} <= names


def test_an_export_of_nobody_says_so(drawn, panel):
    assert "has no participants yet" in act(panel, "export", drawn).content.decode()


def test_who_may_only_look_can_neither_open_nor_export(drawn, person):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_study"))
    client = Client()
    client.force_login(viewer)
    page = reverse("admin:surveys_study_change", args=[drawn.pk])
    assert "rehearsal" not in client.get(page).content.decode()
    for action in ("close_studies", "export", "export_simulated", "export_every_format"):
        response = act(client, action, drawn)
        assert response["Content-Type"].startswith("text/html")
    drawn.refresh_from_db()
    assert drawn.state == "open"


def test_a_participant_is_found_by_the_completion_code(drawn, panel):
    browser, page, participant = begin(drawn)
    go_on(browser, page)
    participant.refresh_from_db()
    _, _, other = begin(drawn)
    path = reverse("admin:surveys_participant_changelist")
    text = panel.get(path, {"q": participant.completion_code}).content.decode()
    assert participant.pseudonym in text
    assert other.pseudonym not in text
