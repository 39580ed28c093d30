"""Lookup of the study that a command line names."""

from django.core.management.base import CommandError

from analysis.toml.problems import did_you_mean
from surveys.models import Study


def study_named(slug: str) -> Study:
    """Return the study with this slug.

    Raises CommandError, which suggests the nearest slug or lists all.
    """
    study = Study.objects.filter(slug=slug).select_related("classifier", "image_set").first()
    if study is not None:
        return study
    slugs = list(Study.objects.order_by("slug").values_list("slug", flat=True))
    if not slugs:
        raise CommandError(f"There is no study {slug!r}. Load one: manage.py load_study FILE.toml")
    raise CommandError(f"There is no study {slug!r}{did_you_mean(slug, slugs)}")
