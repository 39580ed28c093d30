"""URLs of a study's explanations, below /panel/studies/SLUG/explanations/."""

from django.urls import path

from studyplatform.panel import explanation_views

urlpatterns = [
    path("", explanation_views.explanations, name="explanations"),
    path("images/<int:pk>/", explanation_views.image, name="explained-image"),
    path("maps/<int:pk>.png", explanation_views.map_picture, name="map-picture"),
    path("legends/<slug:method>.png", explanation_views.legend_picture, name="legend-picture"),
]
