"""Studies that recruit by a recruitment service, and people who came from it."""

from collections.abc import Iterator

import pytest

from surveys.models import Study
from tests.surveys.recruitment import studies
from tests.surveys.recruitment.prolificserver import TOKEN, Prolific, running


@pytest.fixture
def paid(db, tmp_path) -> Study:
    """Open, recruits by Prolific, with a code for every outcome."""
    return studies.recruited(tmp_path)


@pytest.fixture
def service(db, tmp_path) -> Study:
    """Open, recruits by some recruitment service with three addresses."""
    return studies.recruited(tmp_path, studies.SERVICE, slug="by-service")


@pytest.fixture
def sona(db, tmp_path) -> Study:
    """Open, recruits by SONA."""
    return studies.recruited(tmp_path, studies.SONA, slug="credit")


@pytest.fixture
def prolific(settings) -> Iterator[Prolific]:
    """Prolific's API as documented; the settings lead to it."""
    with running() as server:
        settings.PROLIFIC_API = server.address
        settings.PROLIFIC_API_TOKEN = TOKEN
        yield server
