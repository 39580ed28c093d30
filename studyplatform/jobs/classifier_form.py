"""The arguments of a registration as a form: a file or an entry point, and what is declared."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations.classifier import architectures, factories
from explanations.classifier.architectures import UnknownArchitectureError
from explanations.classifier.declaration import DeclarationError, is_a_name
from explanations.classifier.header import HeaderError
from explanations.classifier.offer import Offer
from explanations.imagesets.input_rule import LARGEST_SIZE
from explanations.pipeline.weights_registry import registered_names
from studyplatform.jobs import uploaded_weights
from studyplatform.jobs.forms import JobForm
from surveys.models import Study

CROPS = (
    ("centre", _("the centred square")),
    ("none", _("the whole image, squeezed to a square")),
    ("pad", _("the whole image, filled up to a square with its mean colour")),
)


class ClassifierForm(JobForm):
    name = forms.CharField(
        label=_("Name"),
        help_text=_("Study files name the classifier by it. Letters, digits, - and _."),
        max_length=60,
    )
    factory = forms.ChoiceField(
        label=_("Network of an installed package"),
        help_text=_("In place of a file. Packages are installed by whoever runs the server."),
        required=False,
    )
    architecture = forms.ChoiceField(
        label=_("Network of the file"),
        help_text=_("Files that the platform has written record it."),
        choices=[
            ("", _("recorded in the file")),
            *((kind.key, _(kind.label)) for kind in architectures.ARCHITECTURES),
        ],
        required=False,
    )
    class_names = forms.CharField(
        label=_("Classes"),
        help_text=_("One name per line, in the order of the network's outputs."),
        widget=forms.Textarea(attrs={"rows": 5}),
        required=False,
    )
    size = forms.IntegerField(
        label=_("Size of the input in pixels"),
        help_text=_("Width and height. Empty: the network's usual size."),
        min_value=1,
        max_value=LARGEST_SIZE,
        required=False,
    )
    crop = forms.ChoiceField(label=_("Part of the image"), choices=CROPS, required=False)
    resize = forms.IntegerField(
        label=_("Shorter side before the square is cut out"),
        help_text=_("In pixels, such as 256. Empty: the largest square."),
        min_value=1,
        max_value=LARGEST_SIZE,
        required=False,
    )
    mean = forms.CharField(
        label=_("Mean per channel"),
        help_text=_("Three numbers from 0 to 1. Empty: ImageNet's, 0.485 0.456 0.406."),
        required=False,
    )
    std = forms.CharField(
        label=_("Standard deviation per channel"),
        help_text=_("Three numbers. Empty: ImageNet's, 0.229 0.224 0.225."),
        required=False,
    )

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        points = [(point.name, f"{point.name} ({point.package})") for point in _installed()]
        self.fields["factory"].choices = [("", _("none")), *points]  # type: ignore[attr-defined]
        if study is not None:
            self.fields["class_names"].initial = "\n".join(study.image_set.class_names)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not is_a_name(name):
            raise forms.ValidationError(
                _("Use letters, digits, - and _, beginning with a letter or a digit.")
            )
        if name in registered_names():
            raise forms.ValidationError(
                _("Another classifier has this name, and studies may use it. Choose another.")
            )
        return name

    def clean_mean(self) -> list[float]:
        return self._numbers("mean")

    def clean_std(self) -> list[float]:
        return self._numbers("std")

    def clean_class_names(self) -> list[str]:
        lines = self.cleaned_data["class_names"].splitlines()
        return [line.strip() for line in lines if line.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        # No field of the page: the view stores the file and names it by its hash.
        cleaned["upload"] = str(self.data.get("upload", ""))
        if self.errors:
            return cleaned
        if bool(cleaned["upload"]) == bool(cleaned["factory"]):
            raise forms.ValidationError(
                _("Choose a file, or the network of an installed package, and not both.")
            )
        if cleaned["upload"] and uploaded_weights.uploaded(cleaned["upload"]) is None:
            raise forms.ValidationError(_("The file is no longer there. Choose it again."))
        try:
            offer = offer_of(cleaned)
            offer.check()
        except (DeclarationError, HeaderError, UnknownArchitectureError) as error:
            raise forms.ValidationError(str(error)) from error
        return cleaned

    def _numbers(self, name: str) -> list[float]:
        text: str = self.cleaned_data[name].replace(",", " ")
        try:
            return [float(part) for part in text.split()]
        except ValueError:
            raise forms.ValidationError(
                gettext("“%(text)s” is not a list of numbers. Write them as 0.485 0.456 0.406.")
                % {"text": text[:80]}
            ) from None

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        return str(arguments.get("name", ""))


def offer_of(arguments: Mapping[str, Any]) -> Offer:
    """Return what the form's values offer for registration.

    A file that records its classes and preprocessing keeps them, whatever else the form says.
    """
    path = uploaded_weights.uploaded(arguments["upload"]) if arguments["upload"] else None
    if path is not None and Offer(path).records_itself:
        return Offer(path, architecture=arguments["architecture"])
    declared: dict[str, Any] = {}
    for name in ("class_names", "mean", "std"):
        if arguments[name]:
            declared[name] = tuple(arguments[name])
    # A factory declares its own classes; the form's are those of the study's images.
    if arguments["factory"]:
        declared.pop("class_names", None)
    for name in ("size", "resize"):
        if arguments[name]:
            declared[name] = arguments[name]
    if arguments["crop"] == "none":
        declared["crop"] = "none"
    return Offer(path, arguments["factory"], arguments["architecture"], declared)


def _installed() -> list[factories.Factory]:
    return list(factories.installed().values())
