"""The names of methods and of their variants in the reader's language, as the panel shows them.

The names of algorithms stay as they are. In study files, data and reports all names are English.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from explanations import catalogue
from explanations.catalogue import Method
from explanations.methods.variants import Value


def method_name(method: Method) -> str:
    """Return the method's name. A variant's name is that of the method and of its choice."""
    return ", ".join(gettext(words) for words in method.label.split(", "))


def method_choices() -> list[tuple[str, str]]:
    """Return key and name of each method for the choices of a form."""
    return [(method.key, method_name(method)) for method in catalogue.METHODS]


DESCRIPTIONS: Mapping[str, Promise] = {
    "gradcam": _("coarse regions that are evidence for the answer"),
    "saliency": _("single pixels, by how much a small change of each would change the answer"),
    "integrated_gradients": _(
        "evidence for and against in each pixel, compared with a black image"
    ),
    "deepshap": _("evidence for and against in each pixel, compared with typical images"),
    "lime": _("a few patches that are evidence for or against, found by covering patches"),
    "smoothgrad": _("a saliency map that is averaged over noisy copies of the image"),
    "gradcam_plus_plus": _("like Grad-CAM, for images with several objects of one kind"),
    "gradient_shap": _("like SHAP, estimated from random images between the two"),
    "lrp": _("evidence in each pixel, passed back through the network layer by layer"),
    "occlusion": _("regions whose covering changes the answer most"),
    "placebo": _("drawn at random in the look of Grad-CAM; a control for merely seeing a map"),
    "placebo_borrowed": _("the map of another image; a control for merely seeing a map"),
}
"""What each method shows, in a few words for people who do not know it."""


def described_methods() -> list[tuple[str, str]]:
    """Return key and name of each method with what it shows, the placebos last."""
    ordered = sorted(catalogue.METHODS, key=lambda method: method.is_placebo)
    return [
        (
            method.key,
            f"{method_name(method)}: {DESCRIPTIONS[method.key]}"
            if method.key in DESCRIPTIONS
            else method_name(method),
        )
        for method in ordered
    ]


def value_name(value: Value) -> str:
    """Return the words for a value of a method's choice."""
    unnamed = {"outlines": gettext("outlines of the five strongest patches")}
    return gettext(value.label) if value.label else unnamed.get(value.value, value.value)
