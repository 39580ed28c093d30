"""Base classes of the admin's pages."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from explanations.admin import ReadOnlyAdmin
from surveys.models import Arm, Participant, Study

HIDDEN = "hidden until the study is unblinded"


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]
    """A table of another model's rows on a page, without any way to change them."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StyledAdmin(ReadOnlyAdmin):
    """A page that shows rows of other tables."""

    class Media:
        css: ClassVar = {"all": ["surveys/panel.css"]}


def people_in(owner: Study | Arm, state: Participant.State) -> int:
    """Return how many real participants of the study are in the state."""
    return owner.participants.filter(simulated=False, state=state).count()
