"""URLs of a study's jobs, below /panel/studies/SLUG/jobs/."""

from django.urls import path

from studyplatform.panel import job_views, result_views

urlpatterns = [
    path("", job_views.jobs, name="jobs"),
    path("start/<slug:key>/", job_views.start, name="start-job"),
    path("<int:pk>/", job_views.job, name="job"),
    path("<int:pk>/progress/", job_views.progress, name="job-progress"),
    path("<int:pk>/cancel/", job_views.change, {"action": "cancel"}, name="cancel-job"),
    path("<int:pk>/retry/", job_views.change, {"action": "retry"}, name="retry-job"),
    path("<int:pk>/delete/", job_views.delete, name="delete-job"),
    path("<int:pk>/files/<path:name>", result_views.file, name="job-file"),
]
