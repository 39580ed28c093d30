"""Rename the state of participants who stopped and kept their answers.

It was called withdrawn. Participants who withdraw have their data erased and leave no row, so every
stored row with that state is a participant who stopped.
"""

from collections.abc import Callable
from typing import Any

from django.db import migrations, models


def rename(old: str, new: str) -> Callable[[Any, Any], None]:
    def forwards(apps: Any, schema_editor: Any) -> None:
        using = schema_editor.connection.alias
        Participant = apps.get_model("surveys", "Participant")
        Event = apps.get_model("surveys", "Event")
        Participant.objects.using(using).filter(state=old).update(state=new)
        Event.objects.using(using).filter(kind=old).update(kind=new)
    return forwards


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0016_recruitment_services'),
    ]

    operations = [
        migrations.AlterField(
            model_name='participant',
            name='state',
            field=models.CharField(choices=[('started', 'Started'), ('completed', 'Completed'), ('stopped', 'Stopped')], default='started', max_length=10),
        ),
        migrations.AlterField(
            model_name='studyversion',
            name='people_before',
            field=models.PositiveIntegerField(help_text='Real participants who had come by then, whatever their state.'),
        ),
        # The allocation's ledger keeps its reason "withdrawn": its entries are chained by hash.
        migrations.RunPython(rename("withdrawn", "stopped"), rename("stopped", "withdrawn")),
    ]
