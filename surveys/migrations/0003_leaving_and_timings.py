"""Columns for leaving, resuming and the page script; earlier participants get a code, too."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F

from surveys.models.personal_code import personal_code


def fill(apps, schema_editor):
    participants = apps.get_model("surveys", "Participant").objects.order_by("pk")
    for participant in participants.only("pk", "arrival_key").iterator():
        code = personal_code(participant.arrival_key)
        participants.filter(pk=participant.pk).update(personal_code=code)
    apps.get_model("surveys", "PageView").objects.update(last_shown_at=F("first_shown_at"))
    apps.get_model("surveys", "Submission").objects.update(times_shown=1)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0002_item_order")]

    operations = [
        migrations.AddField(
            model_name="allocationslot", name="erased", field=models.BooleanField(default=False)
        ),
        migrations.AddConstraint(
            model_name="allocationslot",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased", False), ("participant__isnull", True), _connector="OR"
                ),
                name="an_erased_place_leads_to_nobody",
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="items",
            field=models.CharField(
                blank=True, default="", help_text="Ids of the items whose answers differed.",
                max_length=200,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="pageview",
            name="last_shown_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pageview", name="times", field=models.PositiveIntegerField(default=1)
        ),
        migrations.AlterField(
            model_name="pageview", name="first_shown_at", field=models.DateTimeField()
        ),
        migrations.AlterField(
            model_name="pageview",
            name="participant",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="views",
                to="surveys.participant",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="personal_code",
            field=models.CharField(editable=False, max_length=14, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="times_shown",
            field=models.PositiveIntegerField(
                default=0,
                help_text="How often the page had been sent by then; 2 or more: interrupted.",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="timings",
            field=models.JSONField(
                blank=True,
                help_text="What the script measured: surveys.timings.Timings.",
                null=True,
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="pageview", name="last_shown_at", field=models.DateTimeField()
        ),
        migrations.AlterField(
            model_name="participant",
            name="personal_code",
            field=models.CharField(
                editable=False,
                help_text="With it the person can have everything deleted later.",
                max_length=14,
                unique=True,
            ),
        ),
    ]
