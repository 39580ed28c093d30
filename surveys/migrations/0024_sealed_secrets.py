"""Encrypts the secrets that lay readable in the database, and hashes what is only compared.

Participants keep their addresses and codes: the same text opens the same page as before.
"""

from importlib import import_module
from typing import Any

from django.db import migrations, models

import surveys.models.codes
from surveys.models.sealed import PREFIX, keyed_hash, seal, unseal

ONLY_GROWS = import_module("surveys.migrations.0011_the_ledger_only_grows")


def seal_all(apps: Any, schema_editor: Any) -> None:
    """Encrypt and hash every row."""
    for study in _rows(apps, "Study", "allocation_secret"):
        _update(study, allocation_secret=_sealed(study.allocation_secret))
    for person in _rows(apps, "Participant", "code", "personal_code", "arrival_key"):
        _update(
            person,
            code=_sealed(person.code),
            code_hash=keyed_hash("code", unseal(person.code)),
            personal_code=_sealed(person.personal_code),
            personal_code_hash=keyed_hash("personal_code", unseal(person.personal_code)),
            arrival_key=keyed_hash("arrival_key", person.arrival_key),
        )
    for identity in _rows(apps, "Identity", "external_id", "session_id"):
        _update(
            identity,
            external_id=_sealed(identity.external_id),
            session_id=_sealed(identity.session_id),
            session_hash=keyed_hash("session_id", unseal(identity.session_id)),
        )
    # The first entry of a ledger names the key of its draws. Its hash stays as it is, and so does
    # everything else: triggers are away only for this one statement.
    ONLY_GROWS.drop(apps, schema_editor)
    for entry in _rows(apps, "LedgerEntry", "content"):
        _update(entry, content=_sealed(entry.content))
    ONLY_GROWS.create(apps, schema_editor)


def open_all(apps: Any, schema_editor: Any) -> None:
    """Decrypt every row. The arrivals' keys stay hashed: they prevent only a consent sent twice."""
    for study in _rows(apps, "Study", "allocation_secret"):
        _update(study, allocation_secret=unseal(study.allocation_secret))
    for person in _rows(apps, "Participant", "code", "personal_code"):
        _update(person, code=unseal(person.code), personal_code=unseal(person.personal_code))
    for row in _rows(apps, "Identity", "external_id", "session_id"):
        _update(row, external_id=unseal(row.external_id), session_id=unseal(row.session_id))
    ONLY_GROWS.drop(apps, schema_editor)
    for entry in _rows(apps, "LedgerEntry", "content"):
        _update(entry, content=unseal(entry.content))
    ONLY_GROWS.create(apps, schema_editor)


def _sealed(text: str) -> str:
    return text if text.startswith(PREFIX) else seal(text)


def _rows(apps: Any, model: str, *fields: str) -> Any:
    # Read before anything is written: a row that moves while it is read could come twice.
    return list(apps.get_model("surveys", model).objects.only(*fields))


def _update(row: Any, **values: str) -> None:
    type(row).objects.filter(pk=row.pk).update(**values)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0023_ids_that_outlive_an_erasure")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.AlterField(
            "participant",
            "code",
            models.TextField(default=surveys.models.codes.participant_code, editable=False),
        ),
        migrations.AlterField(
            "participant",
            "personal_code",
            models.TextField(
                editable=False,
                help_text="With it the person can have everything deleted later.",
            ),
        ),
        migrations.AlterField(
            "study",
            "allocation_secret",
            models.TextField(
                default=surveys.models.codes.allocation_secret,
                editable=False,
                help_text="Beside the seed, what the allocation of real participants is drawn from.",
            ),
        ),
        migrations.AlterField("identity", "external_id", models.TextField(blank=True)),
        migrations.AlterField(
            "identity",
            "session_id",
            models.TextField(
                blank=True, help_text="The recruitment service's id of the submission."
            ),
        ),
        migrations.AddField(
            "participant",
            "code_hash",
            models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            "participant",
            "personal_code_hash",
            models.CharField(editable=False, max_length=64, null=True),
        ),
        migrations.AddField(
            "identity",
            "session_hash",
            models.CharField(blank=True, db_index=True, default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(seal_all, open_all),
        migrations.AlterField(
            "participant",
            "code_hash",
            models.CharField(editable=False, max_length=64, unique=True),
        ),
        migrations.AlterField(
            "participant",
            "personal_code_hash",
            models.CharField(editable=False, max_length=64, unique=True),
        ),
    ]
