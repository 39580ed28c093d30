"""URLs of the panel's preview of studies, below the panel's own URL."""

from django.urls import path

from studyplatform.panel import phone_preview, preview_views
from surveys.web.pictures import PICTURES

app_name = "preview"
urlpatterns = [
    path("phone.css", phone_preview.style, name="phone-style"),
    path("<slug:slug>/", preview_views.begin, name="begin"),
    path("<slug:slug>/<slug:arm>/<slug:language>/<int:number>/", preview_views.page, name="page"),
    *(
        path(
            f"<slug:slug>/<slug:arm>/picture/<slug:picture_code>/{picture}.png",
            preview_views.picture,
            {"picture": picture},
            name="picture",
        )
        for picture in PICTURES
    ),
]
