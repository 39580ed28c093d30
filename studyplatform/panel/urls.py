"""URLs of the panel: one list for each area, so that areas grow apart from one another."""

from django.urls import URLPattern, URLResolver, include, path

from studyplatform.panel import (
    audit_views,
    consent_pdf_views,
    delete_views,
    guide_views,
    home_views,
    live_preview_views,
    monitor_views,
    published_views,
    questionnaire_views,
    review_views,
    session_link_views,
    source_report_views,
    study_text_views,
)
from studyplatform.panel.editor import views as editor_views

app_name = "panel"

STUDY_AREAS: list[URLPattern | URLResolver] = [
    path("", home_views.study, name="study"),
    path("delete/", delete_views.delete, name="delete-study"),
    path("file/", study_text_views.of_study, name="study-file"),
    path("file/<slug:section>/", editor_views.of_study, name="study-section"),
    path("api/", include("studyplatform.panel.api_urls")),
    path("audit/", audit_views.show, name="audit"),
    path("audit/csv/", audit_views.download, name="audit-csv"),
    path("monitor/", monitor_views.show, name="monitor"),
    path("monitor/links/<slug:session>/", session_link_views.download, name="session-links"),
    path("participants/", include("studyplatform.panel.participant_urls")),
    path("explanations/", include("studyplatform.panel.explanation_urls")),
    path("images/", include("studyplatform.panel.image_urls")),
    path("plan/", include("studyplatform.panel.plan_urls")),
    path("launch/", include("studyplatform.panel.launch_urls")),
    path("members/", include("studyplatform.panel.member_urls")),
    path("jobs/", include("studyplatform.panel.job_urls")),
    path("feedback/", include("studyplatform.panel.feedback_urls")),
    path("data/", include("studyplatform.panel.data_urls")),
]
"""Pages of a study, below /panel/studies/SLUG/. An area of several pages has its own file."""

urlpatterns = [
    path("", home_views.home, name="home"),
    path("source-report/", source_report_views.source_report, name="source-report"),
    path("published/", published_views.gallery, name="published"),
    path("published/<slug:name>/", published_views.show, name="published-study"),
    path("published/<slug:name>/report/", published_views.report, name="published-report"),
    path("published/<slug:name>/plans/<str:plan>/", published_views.plan, name="published-plan"),
    path("questionnaires/", questionnaire_views.library, name="questionnaires"),
    path("questionnaires/load/", questionnaire_views.load, name="load-questionnaire"),
    path("questionnaires/<slug:key>/", questionnaire_views.preview, name="questionnaire"),
    path("new/", study_text_views.new, name="new-study"),
    path("new/guide/", guide_views.show, name="guide"),
    path("files/<int:pk>/", study_text_views.edit, name="study-text"),
    path("files/<int:pk>/preview/", include("studyplatform.panel.draft_preview_urls")),
    path("files/<int:pk>/edit/<slug:section>/", editor_views.edit, name="edit-section"),
    path("files/<int:pk>/edit/<slug:section>/live/", live_preview_views.show, name="live-preview"),
    path("files/<int:pk>/consent-pdf/", consent_pdf_views.show, name="consent-pdf"),
    path(
        "files/<int:pk>/consent-pdf/<slug:language>/",
        consent_pdf_views.download,
        name="consent-pdf-file",
    ),
    path("files/<int:pk>/<int:number>/", study_text_views.compare, name="compare-versions"),
    path(
        "files/<int:pk>/<int:number>/download/",
        study_text_views.download,
        name="download-version",
    ),
    path("review/<str:token>/", review_views.open_link, name="review"),
    path("studies/<slug:slug>/", include(STUDY_AREAS)),
]
