"""Whoever reads the database can neither open a participation nor predict an arm."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.test import override_settings

from surveys.allocation import entries
from surveys.models import Identity, LedgerEntry, Participant, Study
from surveys.models.sealed import PREFIX, keyed_hash, seal, unseal
from surveys.services.ledger import scheme_of
from surveys.services.ledger_audit import verify
from surveys.simulation.browser import Browser
from surveys.web import signed_links
from tests.surveys.drawn import drawn_study
from tests.surveys.people import begin, go_on
from tests.surveys.recruitment import studies as recruited
from tests.surveys.test_migrations import Old, migrate, models_of

BEFORE = [("surveys", "0023_ids_that_outlive_an_erasure")]
AFTER = [("surveys", "0024_sealed_secrets")]


def stored() -> str:
    """Every value of every table, as the database holds it."""
    values = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            values += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(values)


@pytest.fixture
def study(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def secrets_of(person: Participant, study: Study) -> dict[str, str]:
    return {
        "address": person.code,
        "personal code": person.personal_code,
        "allocation secret": study.allocation_secret,
        "key of the draws": scheme_of(study, simulated=False).key,
    }


def test_no_secret_lies_readable_in_any_table(study):
    study.allocation_secret = "a secret of this study"
    study.save(update_fields=["allocation_secret"])
    browser, page, person = begin(study)
    go_on(browser, page)
    text = stored()
    for name, secret in secrets_of(person, study).items():
        assert len(secret) > 10, name
        assert secret not in text, name
    # Control: what is no secret would be found.
    assert person.pseudonym in text
    assert study.title in text


def test_ids_of_a_recruitment_service_are_sealed_and_still_let_the_person_continue(db, tmp_path):
    study = recruited.recruited(tmp_path)
    ids = {"PROLIFIC_PID": "5" * 24, "STUDY_ID": "6" * 24, "SESSION_ID": "7" * 24}
    _, page = recruited.come(study, ids)
    identity = Identity.objects.get()
    assert (identity.external_id, identity.session_id) == ("5" * 24, "7" * 24)
    assert Identity.objects.get(session_id="7" * 24) == identity
    assert "5" * 24 not in stored()
    assert "7" * 24 not in stored()
    assert Browser().open(recruited.link(study, ids)).path == page.path


def test_every_address_and_code_still_finds_its_participant(study, client):
    _, _, person = begin(study)
    assert Participant.objects.get(code=person.code) == person
    assert study.participants.get(personal_code=person.personal_code) == person
    assert client.get(f"/p/{person.code}/").status_code == 200
    answer = client.post(f"/s/{study.slug}/go-on/", {"personal_code": person.personal_code})
    assert answer["Location"] == f"/p/{person.code}/"
    key = signed_links.arrival_key(study, signed_links.new_arrival_key(study))
    assert not Participant.objects.filter(arrival_key=key).exists()


@pytest.mark.parametrize("lookup", ["regex", "startswith", "gt", "in", "contains", "iexact"])
def test_a_sealed_column_can_only_be_compared_as_a_whole(study, lookup):
    with pytest.raises(FieldError, match=lookup):
        Participant.objects.filter(**{f"code__{lookup}": "a"})


def test_the_ledger_is_sealed_and_replays_to_the_same_hashes(study):
    browser, page, _ = begin(study)
    go_on(browser, page, 4)
    first = LedgerEntry.objects.earliest("sequence")
    assert json.loads(first.content)["event"] == entries.BEGIN
    assert all(
        value.startswith(PREFIX) for value in LedgerEntry.objects.values_list("content", flat=True)
    )
    assert verify(study)


def test_another_key_opens_nothing_and_says_which_to_set(study):
    _, _, person = begin(study)
    code, key = person.code, settings.SECRET_KEY
    with override_settings(SECRET_KEY="another"):
        with pytest.raises(ImproperlyConfigured, match="STUDY_SECRET_KEY"):
            Participant.objects.get(pk=person.pk).code  # noqa: B018
        assert keyed_hash("code", code) != person.code_hash
    with override_settings(SECRET_KEY="newer", SECRET_KEY_FALLBACKS=[key]):
        assert Participant.objects.get(pk=person.pk).code == code


def test_equal_texts_are_not_equal_when_sealed_and_empty_text_stays_empty():
    assert seal("a") != seal("a")
    assert unseal(seal("a")) == "a"
    assert seal("") == unseal("") == ""


def fill(apps) -> None:
    """A study with two people, a recruited one among them, as it lay readable before."""
    rows = Old(apps)
    study = rows.study("old", "open", taken=2)
    rows.model("Identity").objects.create(
        study=study,
        participant=rows.model("Participant").objects.earliest("pk"),
        external_id="a person",
        external_hash="0" * 64,
        session_id="a submission",
    )
    rows.model("LedgerEntry").objects.create(
        study=study, sequence=0, previous="0" * 64, content='{"key":"readable"}', hash="1" * 64
    )


def readable(apps) -> list[str]:
    get = lambda name, *fields: apps.get_model("surveys", name).objects.values_list(*fields)  # noqa: E731
    return [
        str(value)
        for row in (
            *get("Study", "allocation_secret"),
            *get("Participant", "code", "personal_code"),
            *get("Identity", "external_id", "session_id"),
            *get("LedgerEntry", "content"),
        )
        for value in row
    ]


def migrated() -> list[list[str]]:
    """What is readable before, after, opened with the key, and after the way back."""
    apps = migrate(BEFORE)
    fill(apps)
    before = readable(apps)
    after = readable(migrate(AFTER))
    opened = [unseal(value) for value in after]
    return [before, after, opened, readable(migrate(BEFORE))]


@pytest.mark.nightly
def test_what_lay_readable_is_sealed_by_the_migration(transactional_db):
    with models_of(BEFORE):
        before, after, opened, back = migrated()
    assert "a submission" in before
    assert all(value.startswith(PREFIX) for value in after)
    assert opened == before == back


ON_ANOTHER_DATABASE = """
import json, django
django.setup()
from tests.surveys import test_sealed_secrets as here
print(json.dumps(here.migrated()))
"""


@pytest.mark.nightly
@pytest.mark.postgres
def test_postgresql_seals_them_too(postgres):
    done = subprocess.run(
        [sys.executable, "-c", ON_ANOTHER_DATABASE],
        env={
            **os.environ,
            "DATABASE_URL": postgres.new_database(),
            "DJANGO_SETTINGS_MODULE": "studyplatform.settings",
        },
        check=True,
        capture_output=True,
        text=True,
    )
    before, after, opened, back = json.loads(done.stdout)
    assert all(value.startswith(PREFIX) for value in after)
    assert opened == before == back
