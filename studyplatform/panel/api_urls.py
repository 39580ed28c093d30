"""URLs of a study's tokens, below /panel/studies/SLUG/api/."""

from django.urls import path

from studyplatform.panel import api_token_views

urlpatterns = [
    path("", api_token_views.show, name="api-tokens"),
    path("<int:pk>/revoke/", api_token_views.revoke, name="revoke-api-token"),
]
