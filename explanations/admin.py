"""Read-only admin pages of images, classifiers, predictions and explanations."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from explanations import catalogue
from explanations.models import (
    ClassifierWeights,
    Explanation,
    ImageSet,
    Prediction,
    StudyImage,
)


class ListedChangeList(ChangeList):
    """A list that can be sorted by the columns that its page names, and by no other."""

    def get_ordering_field(self, field_name: Any) -> Any:
        """Return the column's field, or None for a column that is not sortable."""
        if field_name not in self.model_admin.get_sortable_by(self.request):
            return None
        return super().get_ordering_field(field_name)

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request, *args, **kwargs)


class ListedLookups(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that a URL can filter and sort only as its page names.

    Django allows every lookup of every field of the model, so that the field's value can be found
    out letter by letter (``?code__regex=^a``) without ever being shown.
    """

    lookups: ClassVar[tuple[str, ...]] = ()
    """The filters that a URL may name, with their lookups."""
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Return whether the page names this filter."""
        return lookup in self.lookups

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Return False: an address finds a row by its primary key alone."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that sorts by the named columns alone."""
        return ListedChangeList


class ReadOnlyAdmin(ListedLookups):
    """Rows that only commands write. The admin shows them without a way to change them."""

    class Media:
        css: ClassVar = {"all": ["explanations/panel.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse everybody, because only commands add rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse everybody, because a changed row would no longer fit its hash."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse everybody, because other rows depend on these rows."""
        return False


class PredictionFilter(admin.SimpleListFilter):
    """Filter of images by whether a classifier predicts them correctly."""

    title = "prediction"
    parameter_name = "prediction"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """List the choices of the filter."""
        return [("right", "Correct"), ("wrong", "Wrong"), ("none", "Not predicted yet")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[StudyImage]
    ) -> QuerySet[StudyImage]:
        """Select the images of the chosen kind."""
        if self.value() == "none":
            return queryset.filter(predictions__isnull=True)
        if self.value() in {"right", "wrong"}:
            # A subquery lists each image once, even if several classifiers predict it.
            right = Prediction.objects.filter(is_correct=self.value() == "right")
            return queryset.filter(pk__in=right.values("image"))
        return queryset


class MethodFilter(admin.SimpleListFilter):
    """Filter of explanations by method, with the labels of the catalogue."""

    title = "method"
    parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """List the methods."""
        return catalogue.choices()

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Explanation]
    ) -> QuerySet[Explanation]:
        """Select the explanations by the chosen method."""
        return queryset.filter(method=self.value()) if self.value() else queryset


@admin.register(ImageSet)
class ImageSetAdmin(ReadOnlyAdmin):
    """Admin page of the image sets."""

    list_display = ("name", "classes", "image_count", "imported_at")
    sortable_by = ("name", "imported_at")
    fields = ("name", "classes", "image_count", "imported_at")

    @admin.display(description="classes")
    def classes(self, row: ImageSet) -> str:
        """List the names of the classes."""
        return ", ".join(row.class_names)

    @admin.display(description="images")
    def image_count(self, row: ImageSet) -> SafeString:
        """Link the number of images to their list."""
        address = reverse("admin:explanations_studyimage_changelist")
        return format_html(
            '<a href="{}?image_set__id__exact={}">{}</a>', address, row.pk, row.images.count()
        )


@admin.register(ClassifierWeights)
class ClassifierWeightsAdmin(ReadOnlyAdmin):
    """Admin page of the classifiers."""

    list_display = ("name", "test_accuracy", "path", "registered_at")
    sortable_by = ("name", "registered_at")
    fields = ("name", "path", "classes", "test_accuracy", "sha256", "registered_at")

    @admin.display(description="classes")
    def classes(self, row: ClassifierWeights) -> str:
        """List the names of the classes."""
        return ", ".join(row.class_names)

    @admin.display(description="test accuracy (model card)")
    def test_accuracy(self, row: ClassifierWeights) -> str:
        """Show the accuracy of the model card, or a dash."""
        figures = row.card.get("evaluation", {}).get("test", {})
        return f"{figures['accuracy']:.1%}" if "accuracy" in figures else "–"


@admin.register(Prediction)
class PredictionAdmin(ReadOnlyAdmin):
    """Admin page of the predictions."""

    list_display = ("thumbnail", "true_class", "predicted_class", "percent", "is_correct")
    list_filter = ("is_correct", "classifier", "predicted_class")
    lookups = (
        *("is_correct__exact", "is_correct__isnull"),
        *("classifier__id__exact", "classifier__isnull"),
        *("predicted_class", "predicted_class__isnull"),
    )
    sortable_by = ("true_class", "predicted_class", "percent", "is_correct")
    list_select_related = ("image", "classifier")
    fields = ("image_link", "classifier", "predicted_class", "percent", "is_correct")

    @admin.display(description="image")
    def thumbnail(self, row: Prediction) -> SafeString:
        """Show the image."""
        return picture_of(row.image)

    @admin.display(description="image")
    def image_link(self, row: Prediction) -> SafeString:
        """Link to the image's page."""
        return link_to(row.image)

    @admin.display(description="true class", ordering="image__true_class")
    def true_class(self, row: Prediction) -> str:
        """Show the image's true class."""
        return row.image.true_class

    @admin.display(description="probability", ordering="probability")
    def percent(self, row: Prediction) -> str:
        """Show the probability in percent."""
        return f"{row.probability:.0%}"


@admin.register(Explanation)
class ExplanationAdmin(ReadOnlyAdmin):
    """Admin page of the explanations."""

    list_display = (
        "thumbnail", "method_label", "explained_class", "prediction", "seconds", "computed_at"
    )  # fmt: skip
    list_filter = (MethodFilter, "prediction__is_correct")
    lookups = ("method", "prediction__is_correct__exact", "prediction__is_correct__isnull")
    sortable_by = ("method_label", "computed_at")
    list_select_related = ("prediction__image",)
    list_per_page = 50
    fields = (
        "image_link",
        "method_label",
        "explained_class",
        "prediction",
        "key",
        "sha256",
        "parameters",
        "diagnostics",
        "provenance",
        "computed_at",
    )

    @admin.display(description="map")
    def thumbnail(self, row: Explanation) -> SafeString:
        """Show the map."""
        address = reverse("explanations:map-picture", args=[row.pk])
        return format_html('<img class="thumbnail" src="{}" alt="" loading="lazy">', address)

    @admin.display(description="image with all its explanations")
    def image_link(self, row: Explanation) -> SafeString:
        """Link to the image's page."""
        return link_to(row.prediction.image)

    @admin.display(description="method", ordering="method")
    def method_label(self, row: Explanation) -> str:
        """Show the method's label, or its key if the catalogue no longer contains it."""
        try:
            return catalogue.get(row.method).label
        except catalogue.UnknownMethodError:
            return row.method

    @admin.display(description="seconds")
    def seconds(self, row: Explanation) -> str:
        """Show the seconds of computation, or a dash."""
        return str(row.provenance.get("seconds", "–"))


def said(prediction: Prediction) -> str:
    """Summarise a prediction in one line."""
    verdict = "correct" if prediction.is_correct else "wrong"
    return (
        f"{prediction.predicted_class} ({prediction.probability:.0%}), {verdict} – "
        f"{prediction.classifier.name}"
    )


def picture_of(image: StudyImage) -> SafeString:
    """Show a small picture of an image."""
    address = reverse("explanations:image-picture", args=[image.pk])
    # The alternative text is empty because the class is next to the picture as text.
    return format_html('<img class="thumbnail" src="{}" alt="" loading="lazy">', address)


def link_to(image: StudyImage) -> SafeString:
    """Link to the image's page, which contains its gallery."""
    address = reverse("admin:explanations_studyimage_change", args=[image.pk])
    return format_html('<a href="{}">{}</a>', address, image)
