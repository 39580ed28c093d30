"""The small cast of the tests behind the pages: a study, and people who came different ways."""

import pytest

from surveys import services
from surveys.models import Participant, Study
from tests.postgres import postgres
from tests.surveys import factories

__all__ = ["postgres"]  # a fixture that starts a server


@pytest.fixture
def study(db, tmp_path) -> Study:
    """Open, four arms, 3 right and 2 wrong predictions."""
    return factories.small_study(tmp_path)


@pytest.fixture
def newcomer(study) -> Participant:
    """Has consented, and answered nothing."""
    return services.enrol(study=study, arrival_key="first visit")


@pytest.fixture
def half_way(study) -> Participant:
    """Has answered the first questionnaire, read the instructions, and judged one picture."""
    person = services.enrol(study=study, arrival_key="second visit")
    return factories.walk(person, pages=3, choice=1)


@pytest.fixture
def finished(study) -> Participant:
    """Has answered every page."""
    return factories.walk(services.enrol(study=study, arrival_key="third visit"), choice=2)


@pytest.fixture
def stopped(study) -> Participant:
    """Has judged two pictures and stopped."""
    person = factories.walk(services.enrol(study=study, arrival_key="fourth visit"), pages=4)
    services.stop(participant=person)
    return person
