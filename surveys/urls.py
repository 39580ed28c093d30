"""Addresses of the participants' pages; none names an arm, a method or a class."""

from django.urls import path

from surveys import views

urlpatterns = [
    path("", views.home, name="home"),
    path("s/<slug:slug>/", views.landing, name="landing"),
    path("p/<slug:code>/", views.page, name="page"),
    path("p/<slug:code>/withdraw/", views.withdraw, name="withdraw"),
    path("p/<slug:code>/legend.png", views.legend, name="legend"),
    path(
        "p/<slug:code>/picture/<slug:picture_code>/image.png",
        views.picture,
        {"picture": "image"},
        name="picture",
    ),
    path(
        "p/<slug:code>/picture/<slug:picture_code>/map.png",
        views.picture,
        {"picture": "map"},
        name="picture",
    ),
]
