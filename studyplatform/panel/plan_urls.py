"""URLs of a study's plan, below /panel/studies/SLUG/plan/."""

from django.urls import path

from studyplatform.panel import plan_views

urlpatterns = [
    path("", plan_views.show, name="plan"),
    path("sample/<int:pk>/", plan_views.write_sample, name="write-sample"),
    path("registration/", plan_views.write_registration, name="write-registration"),
    path("preregistration/<str:name>", plan_views.document, name="preregistration"),
]
