"""The title and the short name of a new study, which two forms ask for."""

from itertools import count

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from surveys.models import Study
from surveys.study_file.reading.conditions import KEY

LONGEST = 50
GERMAN = str.maketrans(
    {"ß": "ss", "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
)


def short_name_of(title: str) -> str:
    """Return a short name made of the title, without regard to other studies."""
    words = slugify(title.lower().translate(GERMAN)) or "study"
    if not words[0].isalpha():  # the study file wants a letter first
        words = f"study-{words}"
    return words[:LONGEST].strip("-_")


def free_short_name(title: str) -> str:
    """Return a short name made of the title that no study has."""
    name = short_name_of(title)
    taken = set(Study.objects.filter(slug__startswith=name[:40]).values_list("slug", flat=True))
    # The number must fit into the longest short name.
    names = (name if number == 1 else f"{name[:40]}-{number}" for number in count(1))
    return next(name for name in names if name not in taken)


class NamingForm(forms.Form):
    """The title and the short name of a new study."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        help_text=_(
            "Participants read it at the top of every page. Do not give away what is studied."
        ),
    )
    slug = forms.CharField(
        label=_("Short name"),
        max_length=LONGEST,
        required=False,
        help_text=_(
            "In the address of the study: small letters, digits and hyphens, such as "
            "heatmaps-2027. Empty: it is made of the title."
        ),
    )

    def clean_slug(self) -> str:
        """Make a missing short name of the title. Refuse one that no address can contain or that
        is in use."""
        slug = str(self.cleaned_data["slug"]).lower()
        if not slug:
            return free_short_name(self.cleaned_data.get("title", ""))
        if not KEY.fullmatch(slug):
            sentence = gettext(
                "“%(written)s” cannot be in an address. Begin with a small letter, and use small "
                "letters, digits and hyphens, such as %(possible)s, or leave the field empty."
            )
            possible = free_short_name(slug)
            raise ValidationError(sentence % {"written": slug, "possible": possible})
        if Study.objects.filter(slug=slug).exists():
            raise ValidationError(gettext("This short name belongs to another study."))
        return slug
