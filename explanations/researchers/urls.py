"""Addresses of the panel's pictures, below the panel's own address."""

from django.urls import path

from explanations.researchers import views

app_name = "explanations"
urlpatterns = [
    path("pictures/image/<int:pk>.png", views.image_picture, name="image-picture"),
    path("pictures/map/<int:pk>.png", views.map_picture, name="map-picture"),
    path("pictures/legend/<slug:method>.png", views.legend_picture, name="legend-picture"),
]
