"""Which studies at Prolific belong to a study of ours."""

from surveys.models import Study
from surveys.recruitment.prolific import PanelError
from surveys.study_file.stored import definition


def panel_studies(study: Study) -> list[str]:
    """The id that the study file declares, else those with which people came.

    Raises PanelError where there is nothing to compare with.
    """
    recruitment = definition(study).recruitment
    if recruitment.kind != "prolific":
        raise PanelError(
            f"The study {study.slug!r} recruits by {recruitment.kind!r}. Only Prolific can be "
            "asked for its submissions."
        )
    if recruitment.panel_study:
        return [recruitment.panel_study]
    came = study.identities.exclude(panel_study="").order_by("panel_study")
    found = list(came.values_list("panel_study", flat=True).distinct())
    if not found:
        raise PanelError(
            f"Nobody has come to the study {study.slug!r} yet, or the ids are forgotten. Name "
            "Prolific's id of the study with --panel-study."
        )
    return found
