"""The arguments of a look at a running study's data."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from studyplatform.jobs.forms import JobForm
from surveys.models import Study
from surveys.services.errors import StudyError
from surveys.services.looking import check_may_look
from surveys.study_file.stored import definition

WITHOUT_LOOKS = _(
    "The plan of this study has no looks before the end. Only a plan that says beforehand when to "
    "look, and when to stop, may be looked at."
)


class LookForm(JobForm):
    unplanned = forms.CharField(
        label=_("Reason for a look that is not planned"),
        help_text=_(
            "Leave it empty for the next planned look. With a reason you look before its time, and "
            "the report lists the look as a deviation."
        ),
        max_length=500,
        required=False,
    )
    impossible = ""
    """Why no look can be held now, or an empty text."""

    def __init__(self, study: Study | None, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(study, data)
        if study is None:
            return
        if not definition(study).analysis.get("looks"):
            self.impossible = str(WITHOUT_LOOKS)
            return
        try:
            check_may_look(study)
        except StudyError as refusal:
            self.impossible = str(refusal)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.impossible:
            raise forms.ValidationError(self.impossible)
        return cleaned

    @classmethod
    def in_words(cls, arguments: Mapping[str, Any]) -> str:
        reason = arguments.get("unplanned", "")
        return gettext("not planned: %(reason)s") % {"reason": reason} if reason else ""
