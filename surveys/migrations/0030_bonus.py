"""The bonus that a participant was told at the end."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Empty for studies without a bonus, and for people who have not completed one."""

    dependencies: ClassVar = [("surveys", "0029_retention_and_copies")]

    operations: ClassVar = [
        migrations.AddField(
            "participant",
            "bonus",
            models.DecimalField(
                max_digits=8,
                decimal_places=2,
                null=True,
                editable=False,
                help_text="What the person was told at the end, by the rule of the study file.",
            ),
        ),
    ]
