"""The studies at Prolific that belong to a study here."""

from surveys.models import Study
from surveys.recruitment.prolific import ProlificError
from surveys.study_file.stored import definition


def study_ids(study: Study) -> list[str]:
    """Return the id that the study file declares, else the ids that participants brought.

    Raises ProlificError if there is nothing to compare with.
    """
    recruitment = definition(study).recruitment
    if recruitment.kind != "prolific":
        raise ProlificError(
            f"The study {study.slug!r} recruits through {recruitment.kind!r}. Only Prolific can be "
            "asked for submissions."
        )
    if recruitment.service_study:
        return [recruitment.service_study]
    came = study.identities.exclude(service_study="").order_by("service_study")
    service_ids = list(came.values_list("service_study", flat=True).distinct())
    if not service_ids:
        raise ProlificError(
            f"Nobody has come to the study {study.slug!r} yet, or the ids were deleted. Name "
            "Prolific's id of the study with --service-study."
        )
    return service_ids
