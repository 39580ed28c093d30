"""Conditions of existing arms: all were between-subjects, so each arm's settings become one."""

from typing import Any

from django.db import migrations


def create_conditions(apps: Any, schema_editor: Any) -> None:
    arm_model, trial_model = (apps.get_model("surveys", name) for name in ("Arm", "Trial"))
    condition_model = apps.get_model("surveys", "Condition")
    block_model = apps.get_model("surveys", "ArmBlock")
    for arm in arm_model.objects.all():
        condition = condition_model.objects.create(
            study=arm.study,
            position=arm.position,
            key=arm.key,
            label=arm.label,
            method=arm.method,
        )
        block_model.objects.create(arm=arm, number=1, condition=condition)
        trial_model.objects.filter(participant__arm=arm).update(condition=condition)


class Migration(migrations.Migration):
    dependencies = [("surveys", "0004_designs")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.RunPython(create_conditions, migrations.RunPython.noop)
    ]
