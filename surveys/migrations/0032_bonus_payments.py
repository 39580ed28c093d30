"""Bonuses that were paid, or sent to be paid."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """At most one payment for each participant."""

    dependencies: ClassVar = [("surveys", "0031_early_endings")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="BonusPayment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=8)),
                (
                    "state",
                    models.CharField(
                        choices=[("sent", "Sent"), ("paid", "Paid")], default="sent", max_length=4
                    ),
                ),
                (
                    "payment",
                    models.CharField(
                        blank=True,
                        help_text="The service's id of the bulk payment, if any.",
                        max_length=128,
                    ),
                ),
                ("by", models.CharField(help_text="Name of the researcher.", max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "participant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="bonus_payment",
                        to="surveys.participant",
                    ),
                ),
            ],
            options={"ordering": ["participant"]},
        ),
    ]
