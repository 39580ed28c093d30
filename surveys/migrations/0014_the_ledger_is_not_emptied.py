"""A trigger against TRUNCATE on PostgreSQL, which bypasses triggers of single rows.

SQLite has no TRUNCATE. An empty ledger may be truncated, as tests do between one another.
"""

from typing import Any

from django.db import migrations

SAYS = "the allocation ledger only grows"
CREATE = (
    "CREATE OR REPLACE FUNCTION the_ledger_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT FROM surveys_ledgerentry) THEN "
    f"RAISE EXCEPTION '{SAYS}'; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER the_ledger_keeps_entries_from_truncate BEFORE TRUNCATE ON surveys_ledgerentry "
    "FOR EACH STATEMENT EXECUTE FUNCTION the_ledger_is_not_emptied()",
)
DROP = (
    "DROP TRIGGER the_ledger_keeps_entries_from_truncate ON surveys_ledgerentry",
    "DROP FUNCTION the_ledger_is_not_emptied",
)


def create(apps: Any, schema_editor: Any) -> None:
    _on_postgresql(schema_editor, CREATE)


def drop(apps: Any, schema_editor: Any) -> None:
    _on_postgresql(schema_editor, DROP)


def _on_postgresql(schema_editor: Any, statements: tuple[str, ...]) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for statement in statements:
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0013_trial_maps")]  # noqa: RUF012
    operations = [migrations.RunPython(create, drop)]  # noqa: RUF012
