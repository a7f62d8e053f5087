from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('workflow', '0004_spending'),
    ]

    operations = [
        migrations.AddField(
            model_name='chapterworkflowitem',
            name='quality_score',
            field=models.FloatField(blank=True, editable=False, null=True),
        ),
    ]
