"""The audit, with triggers that prevent changes and deletions of its entries."""

from typing import Any

from django.db import migrations, models

SAYS = "the audit only grows"
SQLITE = {
    action: (
        f"CREATE TRIGGER the_audit_keeps_entries_from_{action} BEFORE {action} "
        f"ON studyplatform_auditentry BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
    for action in ("UPDATE", "DELETE")
}
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION the_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$",
    "CREATE TRIGGER the_audit_keeps_entries BEFORE UPDATE OR DELETE ON studyplatform_auditentry "
    "FOR EACH ROW EXECUTE FUNCTION the_audit_only_grows()",
    # An empty audit may be truncated, as tests do between one another.
    "CREATE OR REPLACE FUNCTION the_audit_is_not_emptied() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN IF EXISTS (SELECT FROM studyplatform_auditentry) THEN "
    f"RAISE EXCEPTION '{SAYS}'; END IF; RETURN NULL; END $$",
    "CREATE TRIGGER the_audit_keeps_entries_from_truncate BEFORE TRUNCATE "
    "ON studyplatform_auditentry FOR EACH STATEMENT EXECUTE FUNCTION the_audit_is_not_emptied()",
)


def create(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in POSTGRESQL if vendor == "postgresql" else SQLITE.values():
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for trigger in ("the_audit_keeps_entries", "the_audit_keeps_entries_from_truncate"):
            schema_editor.execute(f"DROP TRIGGER {trigger} ON studyplatform_auditentry")
        for function in ("the_audit_only_grows", "the_audit_is_not_emptied"):
            schema_editor.execute(f"DROP FUNCTION {function}")
        return
    for action in SQLITE:
        schema_editor.execute(f"DROP TRIGGER the_audit_keeps_entries_from_{action}")


class Migration(migrations.Migration):
    dependencies = [
        ('studyplatform', '0004_review_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True, db_index=True)),
                ('study', models.SlugField(help_text='Slug of the study.')),
                ('way', models.CharField(choices=[('panel', 'Panel'), ('command', 'Command'), ('participant', 'Participant')], max_length=11)),
                ('who', models.CharField(blank=True, max_length=150)),
                ('act', models.CharField(max_length=60)),
                ('before', models.JSONField(default=dict)),
                ('after', models.JSONField(default=dict)),
            ],
            options={'verbose_name_plural': 'audit entries', 'ordering': ['-at', '-pk']},
        ),
        migrations.RunPython(create, drop),
    ]
