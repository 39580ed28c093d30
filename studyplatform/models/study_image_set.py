"""Image sets that were uploaded for a study, which no other study's members see."""

from typing import ClassVar

from django.db import models

from explanations.models import ImageSet
from surveys.models import Study


class StudyImageSet(models.Model):
    """The study that an image set was uploaded for. Sets without a row are the installation's."""

    image_set = models.OneToOneField(ImageSet, on_delete=models.CASCADE, related_name="owned")
    study = models.ForeignKey(
        Study, on_delete=models.SET_NULL, null=True, related_name="own_image_sets"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["image_set"]

    def __str__(self) -> str:
        return f"{self.image_set} of {self.study}"
