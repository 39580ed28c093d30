"""Study files under work, with every version that was saved."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('studyplatform', '0005_audit'),
        ('surveys', '0018_unblinding_is_an_act_of_its_own'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StudyText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='study_texts', to=settings.AUTH_USER_MODEL)),
                ('study', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='text', to='surveys.study')),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='TextVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='Counts from 1.')),
                ('source', models.TextField(verbose_name='study file')),
                ('who', models.CharField(max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='studyplatform.studytext')),
            ],
            options={
                'ordering': ['text', '-number'],
                'constraints': [models.UniqueConstraint(fields=('text', 'number'), name='one_version_per_number_of_a_text')],
            },
        ),
    ]
