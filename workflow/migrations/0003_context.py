"""Keeps what later chapters may know of earlier ones: a line, exact facts, and which chapters are before which."""

import django.db.models.deletion
from django.db import migrations, models

from workflow.context.ancestors import find_ancestors


def note_what_is_before(apps, editor):
    """Work out for the sessions that go by links what new ones are made with."""
    items = apps.get_model("workflow", "ChapterWorkflowItem").objects
    needs_of = apps.get_model("workflow", "ItemDependency").objects
    for session in apps.get_model("workflow", "ProcessingSession").objects.filter(dependencies="graph"):
        needs = {number: [] for number in items.filter(session=session).values_list("number", flat=True)}
        for number, needed in needs_of.filter(item__session=session).values_list("item__number", "needs__number"):
            needs[number].append(needed)
        before = find_ancestors(needs)
        for item in items.filter(session=session).only("number"):
            item.nearest_before = list(before[item.number].nearest)
            item.before_count = before[item.number].count
            item.save(update_fields=["nearest_before", "before_count"])


class Migration(migrations.Migration):
    """New columns and a table; the lines and facts of chapters written before stay empty."""

    dependencies = [
        ('workflow', '0002_schedule'),
    ]

    operations = [
        migrations.AddField(
            model_name='chapterworkflowitem',
            name='before_count',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='chapterworkflowitem',
            name='nearest_before',
            field=models.JSONField(blank=True, default=list, editable=False),
        ),
        migrations.AddField(
            model_name='chapterworkflowitem',
            name='story_line',
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.RunPython(note_what_is_before, migrations.RunPython.noop),
        migrations.CreateModel(
            name='FactEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('position', models.PositiveIntegerField()),
                ('key', models.CharField(max_length=120)),
                ('name', models.CharField(max_length=120)),
                ('kind', models.CharField(choices=[('introduction', 'First mention'), ('figure', 'Number or date')], max_length=12)),
                ('sentence', models.TextField()),
                ('chunk_ids', models.JSONField(blank=True, default=list)),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='workflow.chapterworkflowitem')),
                ('session', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='facts', to='workflow.processingsession')),
            ],
            options={
                'verbose_name': 'fact',
                'ordering': ['session', 'number', 'position'],
                'indexes': [models.Index(fields=['session', 'key', 'number'], name='fact_by_name')],
            },
        ),
    ]
