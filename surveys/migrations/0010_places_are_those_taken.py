"""Places that are created when taken, drawn by a new algorithm, replace prepared lists.

Earlier allocations are kept. A study that has started is closed, because the rest of its list would
be drawn differently.
"""

import secrets
from typing import Any

from django.db import migrations


def keep_what_was_taken(apps: Any, schema_editor: Any) -> None:
    study_model, slot_model = (
        apps.get_model("surveys", name) for name in ("Study", "AllocationSlot")
    )
    slot_model.objects.filter(participant__isnull=True, erased=False).delete()
    begun = slot_model.objects.order_by().values("study")
    study_model.objects.filter(state="open", pk__in=begun).update(state="closed")
    for study in study_model.objects.all():
        study.allocation_secret = secrets.token_hex(16)
        study.save(update_fields=["allocation_secret"])


class Migration(migrations.Migration):
    dependencies = [("surveys", "0009_late_allocation")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.RunPython(keep_what_was_taken, migrations.RunPython.noop)
    ]
