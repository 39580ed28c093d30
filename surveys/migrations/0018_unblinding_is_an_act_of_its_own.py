"""Separate the end of data collection from the unblinding of researchers, and add the pause.

Until now, researchers saw the arms of every closed study, so closed studies count as unblinded.
"""

from typing import Any

from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

REASON = "Closed by an earlier version of the platform, which showed the arms of closed studies."


def unblind_closed(apps: Any, schema_editor: Any) -> None:
    studies = apps.get_model("surveys", "Study").objects.using(schema_editor.connection.alias)
    studies.filter(state="closed").update(unblinded_at=timezone.now(), unblinding_reason=REASON)


def close_paused(apps: Any, schema_editor: Any) -> None:
    studies = apps.get_model("surveys", "Study").objects.using(schema_editor.connection.alias)
    studies.filter(state="paused").update(state="closed")


class Migration(migrations.Migration):
    dependencies = [
        ('surveys', '0017_stopping_is_not_withdrawing'),
    ]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("open", "Open"),
                    ("paused", "Paused"),
                    ("closed", "Closed"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="unblinded_at",
            field=models.DateTimeField(
                null=True, editable=False, help_text="Since when researchers can see the arms."
            ),
        ),
        migrations.AddField(
            model_name="study",
            name="unblinded_by",
            field=models.CharField(max_length=150, blank=True, editable=False, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="study",
            name="unblinding_reason",
            field=models.TextField(blank=True, editable=False, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="study",
            name="unblinded_before_end",
            field=models.BooleanField(
                default=False, editable=False,
                help_text="Whether the study still admitted participants.",
            ),
        ),
        migrations.RunPython(unblind_closed, close_paused),
        migrations.AddConstraint(
            model_name="study",
            constraint=models.CheckConstraint(
                condition=Q(unblinded_at=None) | ~Q(unblinding_reason=""),
                name="an_unblinded_study_has_a_reason",
            ),
        ),
    ]
