"""Admin pages that use several apps: an image with the gallery of its explanations."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from explanations.admin import (
    ListedLookups,
    PredictionFilter,
    ReadOnlyAdmin,
    picture_of,
    said,
)
from explanations.models import StudyImage
from explanations.rendering.viewing import VIEWS
from studyplatform.panel.gallery import gallery

admin.site.unregister((User, Group))


@admin.register(User)
class PersonAdmin(ListedLookups, UserAdmin):  # type: ignore[type-arg]
    """Django's page of accounts, whose filters cannot tell anything about a password."""

    lookups = (
        *("is_staff__exact", "is_staff__isnull", "is_superuser__exact", "is_superuser__isnull"),
        *("is_active__exact", "is_active__isnull", "groups__id__exact", "groups__isnull"),
    )
    sortable_by = ("username", "email", "first_name", "last_name", "is_staff")


@admin.register(Group)
class NamedGroupAdmin(ListedLookups, GroupAdmin):
    """Django's page of groups."""

    list_display = ("name",)
    sortable_by = ("name",)


@admin.register(StudyImage)
class StudyImageAdmin(ReadOnlyAdmin):
    """Admin page of the images, with the gallery of their explanations."""

    list_display = ("thumbnail", "true_class", "said", "image_set", "split", "short_hash")
    list_display_links = ("thumbnail", "true_class")
    list_filter = (PredictionFilter, "image_set", "split", "true_class")
    lookups = (
        "prediction",
        *("image_set__id__exact", "image_set__isnull"),
        *("split", "split__isnull", "true_class", "true_class__isnull"),
    )
    sortable_by = ("true_class", "image_set", "split", "short_hash")
    search_fields = ("sha256", "true_class", "source")
    list_per_page = 50
    fields = (("true_class", "image_set", "split"), "source", ("width", "height"), "sha256")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StudyImage]:
        """Prefetch the predictions, which every row of the list shows."""
        return super().get_queryset(request).prefetch_related("predictions__classifier")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show an image with all its explanations, in the view that ``?view=`` names."""
        image = self.get_object(request, object_id)
        view = request.GET.get("view", "usual")
        shown = {
            "gallery": gallery(image) if image else [],
            "study_image": image,
            "views": [(name, words) for name, (words, _) in VIEWS.items()],
            "view": view if view in VIEWS else "usual",
        }
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    @admin.display(description="image")
    def thumbnail(self, row: StudyImage) -> SafeString:
        """Show the image."""
        return picture_of(row)

    @admin.display(description="predictions")
    def said(self, row: StudyImage) -> SafeString | str:
        """List the predictions, one per line."""
        return format_html_join("", "<div>{}</div>", ((said(p),) for p in row.predictions.all()))

    @admin.display(description="hash", ordering="sha256")
    def short_hash(self, row: StudyImage) -> str:
        """Show the first twelve digits of the content hash."""
        return row.sha256[:12]
