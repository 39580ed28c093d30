"""Triggers that prevent changes and deletions of ledger entries.

SQLite drops a table's triggers when a later migration alters the table: such a migration must run
``create`` again. A test checks that they exist.
"""

from typing import Any

from django.db import migrations

SAYS = "the allocation ledger only grows"
SQLITE = {
    action: (
        f"CREATE TRIGGER the_ledger_keeps_entries_from_{action} BEFORE {action} "
        f"ON surveys_ledgerentry BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
    for action in ("UPDATE", "DELETE")
}
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION the_ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$",
    "CREATE TRIGGER the_ledger_keeps_entries BEFORE UPDATE OR DELETE ON surveys_ledgerentry "
    "FOR EACH ROW EXECUTE FUNCTION the_ledger_only_grows()",
)


def create(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in POSTGRESQL if vendor == "postgresql" else SQLITE.values():
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER the_ledger_keeps_entries ON surveys_ledgerentry")
        schema_editor.execute("DROP FUNCTION the_ledger_only_grows")
        return
    for action in SQLITE:
        schema_editor.execute(f"DROP TRIGGER the_ledger_keeps_entries_from_{action}")


class Migration(migrations.Migration):
    dependencies = [("surveys", "0010_places_are_those_taken")]  # noqa: RUF012
    operations = [migrations.RunPython(create, drop)]  # noqa: RUF012
