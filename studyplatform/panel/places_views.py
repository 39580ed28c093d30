"""More places, higher quotas, or another time for which a place is held, while a study runs."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from studyplatform.panel.access import Right, study_page
from studyplatform.panel.frame import render_study_page
from studyplatform.panel.place_edits import change_places, with_places
from studyplatform.panel.toml_edits import EditError
from surveys.models import Study
from surveys.services import StudyError
from surveys.services.places import taken
from surveys.study_file.declaration import StudyFileError
from surveys.study_file.reading.allocation import MOST_PLACES
from surveys.study_file.stored import definition

QUOTA = "quota-"


class PlacesForm(forms.Form):
    """Places, minutes and the quotas that the file has, and why they change."""

    places = forms.IntegerField(label=_("Places"), min_value=1, max_value=MOST_PLACES)
    hold_minutes = forms.IntegerField(
        label=_("Minutes for which a place is held before an arm is drawn"), min_value=0
    )

    def __init__(self, study: Study, data: Any = None) -> None:
        declared = definition(study)
        allocation = declared.allocation
        initial = {"places": allocation.places, "hold_minutes": allocation.hold_minutes}
        super().__init__(data, initial=initial)
        number = taken(study, simulated=False)
        self.fields["places"].help_text = gettext(
            "%(number)d are taken. Fewer than that are refused."
        ) % {"number": number}
        self.fields["hold_minutes"].help_text = gettext("0 holds a place without limit.")
        # Other arms have no quota, and none can be added while people take part.
        self.arms = {
            QUOTA + arm.key: arm.key for arm in declared.arms if arm.key in allocation.quotas
        }
        for name, key in self.arms.items():
            quota = allocation.quotas[key]
            self.fields[name] = forms.IntegerField(
                label=gettext("Quota of the arm “%(arm)s”") % {"arm": key},
                help_text=gettext("%(quota)d or more; 0 removes the quota.") % {"quota": quota},
                initial=quota,
                min_value=0,
            )
        self.fields["reason"] = forms.CharField(
            label=gettext("Reason"), help_text=gettext("Printed in the report."), max_length=500
        )

    @property
    def quotas(self) -> dict[str, int]:
        """Return the valid quotas by arm."""
        return {key: self.cleaned_data[name] for name, key in self.arms.items()}


@require_http_methods(["GET", "HEAD", "POST"])
@study_page(Right.OWN)
def places(request: HttpRequest, study: Study) -> HttpResponse:
    """Show and change the places of a study."""
    form = PlacesForm(study, request.POST if request.method == "POST" else None)
    if form.is_valid():
        values = form.cleaned_data
        try:
            source = with_places(
                study,
                places=values["places"],
                hold_minutes=values["hold_minutes"],
                quotas=form.quotas,
            )
            changed = change_places(study, source, values["reason"])
        except (StudyError, StudyFileError, EditError) as error:
            form.add_error(None, str(error))
        else:
            said = gettext("The places are changed.") if changed else gettext("Nothing changed.")
            messages.success(request, said)
            return HttpResponseRedirect(reverse("panel:launch", args=[study.slug]))
    status = 422 if form.is_bound else 200
    return render_study_page(request, study, "launch", "panel/places.html", {"form": form}, status)
