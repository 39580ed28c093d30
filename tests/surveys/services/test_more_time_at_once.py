"""More time that is asked for by two tabs at once is counted twice, because each waits."""

from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connection

from surveys import services
from surveys.models import Participant
from surveys.services import recording
from tests.surveys import factories
from tests.surveys.drawn import drawn_study, trial_parts
from tests.surveys.racing import race


@pytest.fixture
def person(transactional_db, tmp_path):
    """Somebody at a trial with a limit, whose two tabs read how much is left at the same moment."""
    if connection.vendor == "sqlite":
        pytest.skip("One writer at a time, so that nothing can race.")
    parts = trial_parts(more="limit_seconds = 20")
    study = drawn_study(tmp_path, arms=("none", "gradcam"), parts=parts)
    person = factories.walk(services.enrol(study=study, arrival_key="here"), pages=2)
    services.record_view(participant=person, step="trial:1")
    yield person
    factories.forget_ledgers()


@pytest.fixture
def at_once(monkeypatch):
    """Both tabs have read before one of them writes, unless the other has to wait."""
    both, usual = Barrier(2), recording.extensions_left

    def read(*arguments):
        left = usual(*arguments)
        with suppress(BrokenBarrierError):
            both.wait(timeout=2)
        return left

    monkeypatch.setattr(recording, "extensions_left", read)


def ask(person: Participant) -> bool:
    tab = Participant.objects.get(pk=person.pk)
    return services.extend_time(participant=tab, step="trial:1")


def test_two_tabs_at_once_get_the_time_twice(person, at_once):
    assert race(lambda: ask(person), lambda: ask(person)) == [True, True]
    assert person.views.get(step="trial:1").extensions == 2


def test_without_the_lock_two_tabs_at_once_would_count_once(person, at_once, monkeypatch):
    monkeypatch.setattr(recording, "_lock", lambda participant: None)
    assert race(lambda: ask(person), lambda: ask(person)) == [True, True]
    assert person.views.get(step="trial:1").extensions == 1
