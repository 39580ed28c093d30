"""The researchers' panel: Django's admin with the platform's title."""

from django.contrib.admin import AdminSite


class StudyAdminSite(AdminSite):
    site_header = "Explanation studies"
    site_title = "Explanation studies"
    index_title = "Studies, images and participants"
