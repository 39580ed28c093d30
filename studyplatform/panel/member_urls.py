"""URLs of a study's members, below /panel/studies/SLUG/members/."""

from django.urls import path

from studyplatform.panel import member_views, review_views

urlpatterns = [
    path("", member_views.show, name="members"),
    path("invite/", member_views.invite, name="invite-member"),
    path("invitations/<int:pk>/withdraw/", member_views.withdraw, name="withdraw-invitation"),
    path("reviewers/new/", review_views.new, name="new-review-link"),
    path("reviewers/<int:pk>/withdraw/", review_views.withdraw, name="withdraw-review-link"),
    path("<int:pk>/", member_views.edit, name="member"),
    path("<int:pk>/remove/", member_views.remove, name="remove-member"),
]
