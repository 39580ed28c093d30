"""URLs of a study's members, below /panel/studies/SLUG/members/."""

from django.urls import path

from studyplatform.panel import member_views

urlpatterns = [
    path("", member_views.show, name="members"),
    path("invite/", member_views.invite, name="invite-member"),
    path("invitations/<int:pk>/withdraw/", member_views.withdraw, name="withdraw-invitation"),
    path("<int:pk>/", member_views.edit, name="member"),
    path("<int:pk>/remove/", member_views.remove, name="remove-member"),
]
