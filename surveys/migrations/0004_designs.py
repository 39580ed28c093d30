"""Conditions as a table next to arms; nullable at first, see the two migrations that follow."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('surveys', '0003_leaving_and_timings'),
    ]

    operations = [
        migrations.AddField(
            model_name='participant',
            name='rotation',
            field=models.PositiveSmallIntegerField(default=0, editable=False, help_text='Number of the image set that the first block shows.'),
        ),
        migrations.AddField(
            model_name='stimulus',
            name='image_set_number',
            field=models.PositiveSmallIntegerField(default=0, help_text='Which of the rotated sets it is in, from 0.'),
        ),
        migrations.AddField(
            model_name='stimulus',
            name='part',
            field=models.CharField(default='trials', help_text='Key of the part of the study that shows it.', max_length=80),
        ),
        migrations.AddField(
            model_name='submission',
            name='block',
            field=models.PositiveSmallIntegerField(default=0, help_text='Block that the page belongs to; 0 outside of blocks.'),
        ),
        migrations.AddField(
            model_name='submission',
            name='timed_out',
            field=models.BooleanField(default=False, help_text='Sent by the page itself when its time was up.'),
        ),
        migrations.AddField(
            model_name='trial',
            name='block',
            field=models.PositiveSmallIntegerField(default=1, help_text='Counts from 1.'),
        ),
        migrations.AlterField(
            model_name='arm',
            name='label',
            field=models.CharField(max_length=200),
        ),
        migrations.AlterField(
            model_name='submission',
            name='trial',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='submissions', to='surveys.trial'),
        ),
        migrations.CreateModel(
            name='Condition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('key', models.SlugField()),
                ('label', models.CharField(max_length=80)),
                ('method', models.CharField(blank=True, help_text='Key of a method, placebo, or empty for no map.', max_length=40)),
                ('shows_prediction', models.BooleanField(default=True)),
                ('shows_probability', models.BooleanField(default=False)),
                ('factors', models.JSONField(blank=True, default=dict, help_text='Level by name of each declared factor.')),
                ('study', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='conditions', to='surveys.study')),
            ],
            options={
                'ordering': ['study', 'position'],
            },
        ),
        migrations.CreateModel(
            name='ArmBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='Counts from 1.')),
                ('arm', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='surveys.arm')),
                ('condition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='surveys.condition')),
            ],
            options={
                'ordering': ['arm', 'number'],
            },
        ),
        migrations.AddField(
            model_name='trial',
            name='condition',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='surveys.condition'),
        ),
        migrations.AddConstraint(
            model_name='condition',
            constraint=models.UniqueConstraint(fields=('study', 'key'), name='condition_keys_differ_in_a_study'),
        ),
        migrations.AddConstraint(
            model_name='armblock',
            constraint=models.UniqueConstraint(fields=('arm', 'number'), name='one_condition_per_block'),
        ),
    ]
