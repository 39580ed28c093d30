"""Image sets that were uploaded for a study."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('explanations', '0005_original_files'),
        ('studyplatform', '0006_study_texts'),
        ('surveys', '0018_unblinding_is_an_act_of_its_own'),
    ]

    operations = [
        migrations.CreateModel(
            name='StudyImageSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('image_set', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='owned', to='explanations.imageset')),
                ('study', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='own_image_sets', to='surveys.study')),
            ],
            options={
                'ordering': ['image_set'],
            },
        ),
    ]
