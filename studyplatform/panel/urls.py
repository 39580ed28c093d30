"""URLs of the panel: one list for each area, so that areas grow apart from one another."""

from django.urls import URLPattern, URLResolver, include, path

from studyplatform.panel import audit_views, home_views, monitor_views, review_views

app_name = "panel"

STUDY_AREAS: list[URLPattern | URLResolver] = [
    path("", home_views.study, name="study"),
    path("audit/", audit_views.show, name="audit"),
    path("audit/csv/", audit_views.download, name="audit-csv"),
    path("monitor/", monitor_views.show, name="monitor"),
    path("participants/", include("studyplatform.panel.participant_urls")),
    path("launch/", include("studyplatform.panel.launch_urls")),
    path("members/", include("studyplatform.panel.member_urls")),
    path("jobs/", include("studyplatform.panel.job_urls")),
    path("data/", include("studyplatform.panel.data_urls")),
]
"""Pages of a study, below /panel/studies/SLUG/. An area of several pages has its own file."""

urlpatterns = [
    path("", home_views.home, name="home"),
    path("review/<str:token>/", review_views.open_link, name="review"),
    path("studies/<slug:slug>/", include(STUDY_AREAS)),
]
