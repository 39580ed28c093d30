"""Uploaded files, which the data folder keeps unchanged."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('explanations', '0004_help_texts'),
    ]

    operations = [
        migrations.CreateModel(
            name='OriginalFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64, verbose_name='hash of the file')),
                ('name', models.CharField(max_length=250)),
                ('size', models.PositiveIntegerField(help_text='In bytes.')),
                ('uploaded_at', models.DateTimeField(auto_now_add=True)),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='originals', to='explanations.studyimage')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('image', 'sha256'), name='one_row_per_file_of_an_image')],
            },
        ),
    ]
