"""URLs of what participants say is wrong, below /panel/studies/SLUG/feedback/."""

from django.urls import path

from studyplatform.panel import feedback_views

urlpatterns = [
    path("", feedback_views.show, name="feedback"),
    path("csv/", feedback_views.download, {"form": "csv"}, name="feedback-csv"),
    path("json/", feedback_views.download, {"form": "json"}, name="feedback-json"),
    path(
        "pictures/<int:stimulus>/<slug:name>.png",
        feedback_views.picture,
        name="feedback-picture",
    ),
]
