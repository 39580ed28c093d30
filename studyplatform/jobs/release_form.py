"""The form of a release: who gives the data away, how, and which free texts somebody has read."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from analysis.release.declaration import LICENCES
from analysis.release.free_texts import WRITTEN, digest_of
from studyplatform.jobs.forms import PeopleForm, data_of
from surveys import questionnaires
from surveys.models import Answer, Study
from surveys.study_file.stored import definition
from surveys.tasks.items import diagnosis, free_text


class ReleaseForm(PeopleForm):
    """A release. Values of the study file's [release] are filled in."""

    reveals = True
    k = forms.IntegerField(
        label=_("People who share each combination of describing answers"),
        help_text=_(
            "Answers such as age and education are made coarser until at least so many people "
            "share them. More people are safer, and coarser."
        ),
        min_value=2,
        max_value=1000,
        initial=5,
    )
    licence = forms.ChoiceField(
        label=_("Licence"), choices=[(key, key) for key in LICENCES], initial="CC-BY-4.0"
    )
    authors = forms.CharField(
        label=_("Authors of the data"),
        help_text=_("One name per line, in the order of the citation."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
    )
    texts = forms.MultipleChoiceField(
        label=_("Texts that participants wrote"),
        help_text=_(
            "Read each text, and tick it only if it identifies nobody. All other texts are "
            "withheld."
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        if study is None:
            return
        declared = definition(study).release
        self.fields["k"].initial = declared.k
        self.fields["licence"].initial = declared.licence or "CC-BY-4.0"
        self.fields["authors"].initial = "\n".join(author.name for author in declared.authors)
        texts = dict.fromkeys(written_texts(study).values_list("value", flat=True))
        if texts:
            choices = [(digest_of(text), text) for text in texts]
            self.fields["texts"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["texts"]

    def clean_authors(self) -> list[str]:
        """Return the names."""
        names = [line.strip() for line in self.cleaned_data["authors"].splitlines()]
        if not any(names):
            raise forms.ValidationError(_("Enter the name of at least one author."))
        return [name for name in names if name]

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        return gettext("%(who)s; k = %(k)d; %(licence)s") % {
            "who": data_of(arguments), "k": arguments.get("k", 0),
            "licence": arguments.get("licence", ""),
        }  # fmt: skip


def written_texts(study: Study) -> QuerySet[Answer]:
    """Return the answers that participants wrote, in an order that says nothing about who came
    when."""
    in_trials = (*diagnosis(), *free_text("reason", required=False))
    written = [item.id for item in in_trials if item.kind in WRITTEN]
    asked = Q(questionnaire="", item__in=written)
    for key in definition(study).questionnaires:
        items = [item.id for item in questionnaires.get(key).items if item.kind in WRITTEN]
        asked |= Q(questionnaire=key, item__in=items)
    answers = Answer.objects.filter(asked, submission__participant__study=study)
    return answers.exclude(value="").order_by("value")
