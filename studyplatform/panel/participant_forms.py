"""The forms on a participant's page."""

from django import forms
from django.utils.translation import gettext_lazy as _

from studyplatform.models import SubmissionDecision
from surveys.models import HandExclusion

SCOPES = (
    (
        HandExclusion.Scope.PER_PROTOCOL,
        _("the per-protocol set: took part, but not as planned"),
    ),
    (
        HandExclusion.Scope.ALL,
        _("every set: never was a participant, such as a colleague's test"),
    ),
)


class ExclusionForm(forms.Form):
    """Why a participant is excluded from the analysis, and from which sets."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "Printed in the report. Equal reasons are counted together. Write nothing that tells "
            "who the person is."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label=_("Leave the person out of"), choices=SCOPES)


class NoteForm(forms.Form):
    """A note on a participant."""

    text = forms.CharField(
        label=_("Note"),
        max_length=2000,
        help_text=_("Seen by members who see data. Never exported, and erased with the person."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    """What is to happen to the person's submission."""

    decision = forms.ChoiceField(
        label=_("Submission"),
        choices=(("", _("not decided")), *SubmissionDecision.Decision.choices),
        required=False,
    )
