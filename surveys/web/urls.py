"""URLs of the participants' pages, none of which names an arm, a method or a class."""

from django.urls import path

from surveys.web import consent, participation, pictures, sessions, withdrawal
from surveys.web import recruitment as recruitmentviews

urlpatterns = [
    path("", participation.home, name="home"),
    path("s/<slug:slug>/", participation.landing, name="landing"),
    path("s/<slug:slug>/declined/", consent.declined, name="declined"),
    path("s/<slug:slug>/information.pdf", consent.information, name="information"),
    path("s/<slug:slug>/withdraw/", withdrawal.withdraw_later, name="withdraw-later"),
    path("s/<slug:slug>/deleted/", withdrawal.deleted, name="deleted"),
    path("s/<slug:slug>/anew/", withdrawal.anew, name="anew"),
    path("s/<slug:slug>/go-on/", recruitmentviews.go_on, name="go-on"),
    path("recruitment/prolific/", recruitmentviews.prolific_news, name="prolific-news"),
    path("p/<slug:code>/", participation.page, name="page"),
    path("p/<slug:code>/next/", sessions.next_session, name="next-session"),
    path("p/<slug:code>/withdraw/", withdrawal.withdraw, name="withdraw"),
    path("legends/<slug:name>/legend.png", pictures.legend, name="legend"),
    *(
        path(
            f"p/<slug:code>/picture/{place}/{picture}.png",
            pictures.picture,
            {"picture": picture},
            name=name,
        )
        for picture in pictures.PICTURES
        for name, place in (
            ("picture", "<slug:picture_code>"),
            ("kept-picture", "<slug:files>/<slug:picture_code>"),
        )
    ),
]
