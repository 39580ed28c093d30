"""The rank that decides which images of a pool are drawn for a person."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Slots of studies that show the same images to everybody have no rank."""

    dependencies: ClassVar = [("surveys", "0027_more_time_and_orders_of_options")]

    operations: ClassVar = [
        migrations.AddField(
            "allocationslot",
            "image_rank",
            models.PositiveIntegerField(
                null=True,
                help_text="From 0 among the people of the arm, or of the arms with the same "
                "conditions. The images drawn for the person depend on it. Empty if all people see "
                "the same images.",
            ),
        ),
        migrations.AddConstraint(
            "allocationslot",
            models.UniqueConstraint(
                fields=["study", "simulated", "arm", "image_rank"],
                condition=Q(given_back=False),
                name="one_slot_per_draw_of_images",
            ),
        ),
    ]
