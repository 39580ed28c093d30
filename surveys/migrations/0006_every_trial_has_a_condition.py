"""Removal of the arms' own settings, which their conditions now contain."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("surveys", "0005_conditions_of_arms")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.AlterField(
            model_name="trial",
            name="condition",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="trials",
                to="surveys.condition",
            ),
        ),
        migrations.RemoveField(model_name="arm", name="method"),
    ]
