"""The frame of a study's pages: its tabs, of which a member sees only those that are allowed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from studyplatform.panel.access import Right, rights_in
from surveys.models import Study


@dataclass(frozen=True)
class Tab:
    """A tab of a study's pages: the URL's name, and the right that the page needs.

    ``group`` is the stage of a study at which it is needed.
    """

    group: Promise
    key: str
    label: Promise
    url_name: str
    right: Right = Right.VIEW


DESIGN, COLLECTION = _("Design"), _("Collection")
RESULTS, TEAM = _("Results"), _("Team and jobs")
TABS = (
    Tab(DESIGN, "overview", _("Overview"), "panel:study"),
    Tab(DESIGN, "file", _("Study file"), "panel:study-file", Right.MAKE_CHANGES),
    Tab(DESIGN, "images", _("Images"), "panel:images"),
    Tab(DESIGN, "explanations", _("Explanations"), "panel:explanations"),
    Tab(DESIGN, "preview", _("Preview"), "preview:begin"),
    Tab(DESIGN, "plan", _("Power and plan"), "panel:plan"),
    Tab(COLLECTION, "launch", _("Launch"), "panel:launch"),
    Tab(COLLECTION, "monitor", _("Monitor"), "panel:monitor", Right.SEE_DATA),
    Tab(COLLECTION, "participants", _("Participants"), "panel:participants", Right.SEE_DATA),
    Tab(COLLECTION, "feedback", _("Feedback"), "panel:feedback", Right.SEE_DATA),
    Tab(RESULTS, "data", _("Data and reports"), "panel:data", Right.SEE_DATA),
    Tab(TEAM, "members", _("Members"), "panel:members"),
    Tab(TEAM, "jobs", _("Jobs"), "panel:jobs"),
    Tab(TEAM, "audit", _("Audit"), "panel:audit", Right.MAKE_CHANGES),
    Tab(TEAM, "api", _("API"), "panel:api-tokens", Right.OWN),
)
"""Every tab, in order. A new page of studies is a line here and a view."""


def tabs_of(rights: Collection[Right], study: Study, tab: str) -> list[tuple[Tab, str, bool]]:
    """Return the tabs that somebody with the rights sees, with URLs, and which one is current."""
    return [
        (entry, reverse(entry.url_name, kwargs={"slug": study.slug}), entry.key == tab)
        for entry in TABS
        if entry.right in rights
    ]


def render_study_page(
    request: HttpRequest,
    study: Study,
    tab: str,
    template: str,
    context: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render a page of the study, with the tab of this key marked as the current one.

    The template extends panel/study_page.html and gets, besides the context, ``study`` and ``may``,
    which has one entry for each right, such as ``may.make_changes``.
    """
    rights = rights_in(request.user, study)
    frame = {
        "study": study,
        "tabs": tabs_of(rights, study, tab),
        "may": {right.name.lower(): right in rights for right in Right},
    }
    return render(request, template, {**frame, **(context or {})}, status=status)
