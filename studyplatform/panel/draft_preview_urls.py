"""URLs of the preview of a study file under work, below /panel/files/PK/preview/."""

from django.urls import path

from studyplatform.panel import draft_preview_views
from surveys.web.pictures import PICTURES

urlpatterns = [
    path("", draft_preview_views.begin, name="draft-begin"),
    path("<slug:arm>/<slug:language>/<int:number>/", draft_preview_views.page, name="draft-page"),
    *(
        path(
            f"<slug:arm>/picture/<slug:picture_code>/{picture}.png",
            draft_preview_views.picture,
            {"picture": picture},
            name="draft-picture",
        )
        for picture in PICTURES
    ),
]
