"""URLs of the launch and of the other changes of a study's state."""

from django.urls import path

from studyplatform.panel import launch_views, pilot_views, places_views, schedule_views

urlpatterns = [
    path("", launch_views.launch, name="launch"),
    path("open/", launch_views.open_study, name="open"),
    path("schedule/", schedule_views.schedule, name="schedule"),
    path("places/", places_views.places, name="places"),
    path("pause/", launch_views.pause, name="pause"),
    path("resume/", launch_views.resume, name="resume"),
    path("end/", launch_views.end, name="end"),
    path("pilot/", pilot_views.pilot, name="pilot"),
    path("archive/", pilot_views.archive, name="archive"),
    path("unblind/", launch_views.unblind, name="unblind"),
]
