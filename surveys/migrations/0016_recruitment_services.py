"""Renaming of "panel" to recruitment service; "panel" now means the researchers' pages."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0015_timings_say_what_they_are")]

    operations = [
        migrations.RenameField("identity", "panel_study", "service_study"),
        migrations.RenameField("identity", "panel_status", "service_status"),
        migrations.RenameField("identity", "panel_status_at", "service_status_at"),
        migrations.AlterField(
            "identity",
            "session_id",
            models.CharField(
                blank=True, help_text="The recruitment service's id of the submission.", max_length=128
            ),
        ),
        migrations.AlterField(
            "identity",
            "service_study",
            models.CharField(
                blank=True, help_text="The recruitment service's id of the study.", max_length=128
            ),
        ),
        migrations.AlterField(
            "identity",
            "service_status",
            models.CharField(
                blank=True, help_text="As the recruitment service told it last.", max_length=30
            ),
        ),
    ]
