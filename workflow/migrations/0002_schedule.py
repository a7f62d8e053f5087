"""Keeps a schedule that looks after all sessions each minute, so that a plain `qcluster` is enough."""

from django.db import migrations

from workflow.queue import SCHEDULE_NAME, TEND


def add(apps, editor):
    """Add the schedule unless it is there."""
    apps.get_model("django_q", "Schedule").objects.get_or_create(
        name=SCHEDULE_NAME, defaults={"func": TEND, "schedule_type": "I", "minutes": 1, "repeats": -1}
    )


class Migration(migrations.Migration):
    """The schedule is a row of django-q2's; removing it again is left to a person."""

    dependencies = [
        ("workflow", "0001_initial"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
