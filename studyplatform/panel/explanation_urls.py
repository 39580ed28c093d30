"""URLs of a study's explanations, below /panel/studies/SLUG/explanations/."""

from django.urls import path

from studyplatform.panel import classifier_views, explanation_views

urlpatterns = [
    path("", explanation_views.explanations, name="explanations"),
    path("classifier/", classifier_views.register, name="register-classifier"),
    path("images/<int:pk>/", explanation_views.image, name="explained-image"),
    path("maps/<int:pk>.png", explanation_views.map_picture, name="map-picture"),
    path("legends/<slug:method>.png", explanation_views.legend_picture, name="legend-picture"),
]
