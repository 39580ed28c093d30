"""URLs of the gallery's pictures, below the panel's own URL."""

from django.urls import path

from studyplatform.panel import gallery_views

app_name = "explanations"
urlpatterns = [
    path("pictures/image/<int:pk>.png", gallery_views.image_picture, name="image-picture"),
    path("pictures/map/<int:pk>.png", gallery_views.map_picture, name="map-picture"),
    path("pictures/legend/<slug:method>.png", gallery_views.legend_picture, name="legend-picture"),
]
