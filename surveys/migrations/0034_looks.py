"""Looks at the data before the end, with triggers that prevent changes and deletions of them.

SQLite drops a table's triggers when a later migration alters the table: such a migration must run
``create`` again. A test checks that they exist.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

SAYS = "looks are never changed"
SQLITE = {
    action: (
        f"CREATE TRIGGER looks_are_kept_from_{action} BEFORE {action} "
        f"ON surveys_look BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
    for action in ("UPDATE", "DELETE")
}
POSTGRESQL = (
    "CREATE OR REPLACE FUNCTION looks_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$",
    "CREATE TRIGGER looks_are_kept BEFORE UPDATE OR DELETE ON surveys_look "
    "FOR EACH ROW EXECUTE FUNCTION looks_are_never_changed()",
)


def create(apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for statement in POSTGRESQL if vendor == "postgresql" else SQLITE.values():
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER looks_are_kept ON surveys_look")
        schema_editor.execute("DROP FUNCTION looks_are_never_changed")
        return
    for action in SQLITE:
        schema_editor.execute(f"DROP TRIGGER looks_are_kept_from_{action}")


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0033_later_sessions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='From 1.')),
                ('at', models.DateTimeField()),
                ('by', models.CharField(blank=True, help_text='Name of the researcher.', max_length=150)),
                ('people', models.PositiveIntegerField(help_text='Participants with a score of the outcome.')),
                ('efficacy', models.FloatField(help_text='|z| that stops for an effect.', null=True)),
                ('futility', models.FloatField(help_text='|z| below which it stops for futility.', null=True)),
                ('told', models.CharField(choices=[('go_on', 'Go On'), ('stop', 'Stop')], max_length=5)),
                ('planned', models.BooleanField(help_text='Whether the look was due by the plan.')),
                ('reason', models.TextField(blank=True, help_text='Why a look was held that was not planned.')),
                ('plan_sha256', models.CharField(help_text='Hash of the plan with the rule.', max_length=64)),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='looks', to='surveys.study')),
            ],
            options={
                'ordering': ['study', 'number'],
                'constraints': [models.UniqueConstraint(fields=('study', 'number'), name='one_look_per_number'), models.UniqueConstraint(fields=('study', 'people'), name='each_look_sees_more_people'), models.CheckConstraint(condition=models.Q(('planned', True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_look_that_was_not_planned_has_a_reason')],
            },
        ),
        migrations.RunPython(create, drop),
    ]
