"""URLs of a study's images, below /panel/studies/SLUG/images/."""

from django.urls import path

from studyplatform.panel import choice_views, image_views, upload_views

urlpatterns = [
    path("", image_views.images, name="images"),
    path("upload/", upload_views.upload, name="upload-images"),
    path("choose/", choice_views.choose, name="choose-images"),
    path("choose/write/", choice_views.write, name="write-images"),
    path("choose/all/", choice_views.draw_from_all, name="draw-from-all"),
    path("use/", image_views.use, name="use-images"),
    path("<int:pk>/delete/", image_views.delete, name="delete-image"),
    path("pictures/<int:pk>.png", image_views.picture, name="image-picture"),
]
