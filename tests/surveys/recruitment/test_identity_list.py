import csv
import stat

import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils.crypto import salted_hmac

from surveys import services
from surveys.models import Identity
from surveys.models.sealed import unseal
from surveys.recruitment.identity_list import identifiers_path
from surveys.recruitment.visitor import Visitor
from tests.surveys.people import who
from tests.surveys.recruitment.studies import ANN, BEN, come, finish


def holders(ids: dict[str, str]) -> set[str]:
    """Tables that hold the person's id or the submission's."""
    wanted = {ids["PROLIFIC_PID"], ids["SESSION_ID"]}
    return {
        model.__name__
        for model in apps.get_app_config("surveys").get_models()
        for row in model.objects.values()
        if wanted & {unseal(value) for value in row.values() if isinstance(value, str)}
    }


def test_an_export_names_nobody(paid, tmp_path):
    browser, page = come(paid, ANN)
    finish(paid, browser, page)
    call_command("export_study", "paid", "--output", str(tmp_path / "out"))
    assert [path.name for path in tmp_path.iterdir() if "identifiers" in path.name] == []
    everything = "".join(path.read_text() for path in (tmp_path / "out").iterdir())
    for secret in (*ANN.values(), Identity.objects.get().external_hash):
        assert secret not in everything


def test_identifiers_go_into_a_file_beside_the_export_with_a_warning(paid, tmp_path, capsys):
    browser, page = come(paid, ANN)
    finish(paid, browser, page)
    come(paid, BEN)
    out = tmp_path / "out"
    call_command("export_study", "paid", "--output", str(out), "--with-identifiers")
    path = tmp_path / "out-identifiers.csv"
    assert identifiers_path(out) == path
    said = capsys.readouterr()
    assert f"Warning: {path} names people." in said.err
    assert f"The ids of 2 participants are in {path}." in said.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name not in (out / "manifest.json").read_text()
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert rows[0] == {
        "participant": who(page).pseudonym,
        "external_id": ANN["PROLIFIC_PID"],
        "session_id": ANN["SESSION_ID"],
        "panel_study": ANN["STUDY_ID"],
        "outcome": "complete",
        "panel_status": "",
    }
    assert rows[1]["outcome"] == "under way"


def test_deleting_takes_the_ids_along(paid):
    browser, page = come(paid, ANN)
    browser.send(browser.open(f"{page.path}withdraw/"), {"choice": "delete"})
    assert not Identity.objects.exists()
    come(paid, BEN)
    assert holders(ANN) == set()
    assert holders(BEN) == {"Identity"}


def test_forgetting_leaves_no_id(paid, capsys):
    come(paid, ANN)
    hashed = Identity.objects.get().external_hash
    call_command("forget_identifiers", "paid")
    assert "Deleted the ids of 1 participant of 'paid'" in capsys.readouterr().out
    left = Identity.objects.values().get()
    assert not [value for value in left.values() if value in ANN.values()]
    assert left["external_hash"] == hashed
    assert services.forget_identifiers(study=paid) == 0


@pytest.mark.parametrize(("kind", "other"), [("prolific", "service"), ("sona", "service")])
def test_the_hash_is_keyed_and_tells_services_apart(settings, kind, other):
    hashed = Visitor(kind, "a1").external_hash
    assert Visitor(kind, "a1", "another session").external_hash == hashed
    assert Visitor(other, "a1").external_hash != hashed
    settings.SECRET_KEY = "another key"
    assert Visitor(kind, "a1").external_hash != hashed


def test_a_hash_stored_when_services_were_called_panels_still_finds_the_person():
    before = salted_hmac("surveys.identity", "panel:a1", algorithm="sha256").hexdigest()
    assert Visitor("service", "a1").external_hash == before
