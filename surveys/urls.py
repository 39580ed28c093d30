"""Addresses of the participants' pages; none names an arm, a method or a class."""

from django.urls import path

from surveys import leavingviews, pictureviews, views
from surveys.recruitment import views as recruitmentviews

urlpatterns = [
    path("", views.home, name="home"),
    path("s/<slug:slug>/", views.landing, name="landing"),
    path("s/<slug:slug>/withdraw/", leavingviews.withdraw_later, name="withdraw-later"),
    path("s/<slug:slug>/deleted/", leavingviews.deleted, name="deleted"),
    path("s/<slug:slug>/anew/", leavingviews.anew, name="anew"),
    path("s/<slug:slug>/go-on/", recruitmentviews.go_on, name="go-on"),
    path("recruitment/prolific/", recruitmentviews.prolific_news, name="prolific-news"),
    path("p/<slug:code>/", views.page, name="page"),
    path("p/<slug:code>/withdraw/", leavingviews.withdraw, name="withdraw"),
    *(
        path(
            f"p/<slug:code>/picture/<slug:picture_code>/{picture}.png",
            pictureviews.picture,
            {"picture": picture},
            name="picture",
        )
        for picture in pictureviews.PICTURES
    ),
]
