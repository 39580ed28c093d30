"""Addresses of the panel's preview of studies, below the panel's own address."""

from django.urls import path

from surveys import previewviews
from surveys.pictureviews import PICTURES

app_name = "preview"
urlpatterns = [
    path("<slug:slug>/", previewviews.begin, name="begin"),
    path("<slug:slug>/<slug:arm>/<slug:language>/<int:number>/", previewviews.page, name="page"),
    *(
        path(
            f"<slug:slug>/<slug:arm>/picture/<slug:picture_code>/{picture}.png",
            previewviews.picture,
            {"picture": picture},
            name="picture",
        )
        for picture in PICTURES
    ),
]
