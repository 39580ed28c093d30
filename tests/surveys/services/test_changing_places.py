"""Places, quotas and hold_minutes of a study that runs: raised with a reason, and replayed."""

import json

import pytest

from surveys import services
from surveys.allocation.replay import ReplayError
from surveys.models import LedgerEntry, Study
from surveys.services import ledger_audit
from surveys.study_file.stored import definition
from tests.surveys import factories
from tests.surveys.factories import allocated

REASON = "The funder paid for more people."
QUOTAS = "quotas = { none = 2, gradcam = 2, lime = 2, placebo = 2 }"


def change(study: Study, old: str, new: str, reason: str = REASON) -> Study:
    assert old in study.source
    return services.load_study(study.source.replace(old, new), reason=reason)


def fill(study: Study, people: range) -> list[str]:
    return [allocated(study, f"person {number}").arm.key for number in people]


@pytest.fixture
def full(db, tmp_path) -> Study:
    """Four places, all taken."""
    study = factories.small_study(tmp_path, places=4)
    fill(study, range(4))
    return study


def test_places_are_raised_while_the_study_runs(full):
    with pytest.raises(services.StudyFullError):
        fill(full, range(4, 5))
    changed = change(full, "places = 4", "places = 6")
    assert changed.state == Study.State.OPEN
    fill(changed, range(4, 6))
    with pytest.raises(services.StudyFullError, match="All 6 places"):
        fill(changed, range(6, 7))
    assert ledger_audit.verify(changed)


@pytest.mark.nightly
def test_the_arms_after_a_raise_are_those_of_a_study_that_began_with_as_many(full, tmp_path):
    changed = change(full, "places = 4", "places = 40")
    arms = fill(changed, range(4, 12))
    other = factories.small_study(tmp_path, slug="other", places=40)
    Study.objects.filter(pk=other.pk).update(allocation_secret=full.allocation_secret)
    other.refresh_from_db()
    assert fill(other, range(100, 112))[4:] == arms


def test_a_change_is_a_version_with_its_reason(full):
    changed = change(full, "places = 4", "places = 6")
    version = changed.versions.last()
    assert (version.number, version.reason, version.people_before) == (2, REASON, 4)


def test_the_reason_is_in_the_manifest(full, tmp_path):
    changed = change(full, "places = 4", "places = 6")
    factories.export_closed(study=changed, output=tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert [one.get("reason") for one in manifest["versions"]] == [None, REASON]
    assert manifest["places_given_back"] == 0


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_changes(full, reason):
    with pytest.raises(services.StudyError, match="State why"):
        change(full, "places = 4", "places = 6", reason)
    full.refresh_from_db()
    assert definition(full).allocation.places == 4
    assert full.versions.count() == 1


def test_places_are_never_lowered_below_those_taken(db, tmp_path):
    study = factories.small_study(tmp_path, places=9)
    fill(study, range(5))
    with pytest.raises(services.StudyError, match=r"places is 4, but 5 places .* are taken"):
        change(study, "places = 9", "places = 4")
    fewer = change(study, "places = 9", "places = 5")
    with pytest.raises(services.StudyFullError):
        fill(fewer, range(5, 6))
    assert ledger_audit.verify(fewer)


def test_quotas_are_raised_and_filled_exactly(db, tmp_path):
    study = factories.small_study(tmp_path, allocation=QUOTAS, places=8)
    fill(study, range(8))
    text = study.source.replace("lime = 2", "lime = 4").replace("places = 8", "places = 10")
    changed = services.load_study(text, reason=REASON)
    assert fill(changed, range(8, 10)) == ["lime", "lime"]
    with pytest.raises(services.StudyFullError):
        fill(changed, range(10, 11))
    assert ledger_audit.verify(changed)


@pytest.mark.parametrize("people", [1, 8])
def test_a_quota_is_not_lowered_whatever_the_arm_holds(db, tmp_path, people):
    # A refusal from some number on would tell, while blinded, how many people the arm has.
    study = factories.small_study(tmp_path, allocation="quotas = { lime = 5 }")
    fill(study, range(people))
    with pytest.raises(services.StudyError, match=r"it is 5\. Raise it, or remove it"):
        change(study, "lime = 5", "lime = 4")


def test_a_quota_is_not_added_but_can_be_removed(db, tmp_path):
    study = factories.small_study(tmp_path, allocation="quotas = { lime = 2 }")
    fill(study, range(1))
    with pytest.raises(services.StudyError, match=r"it has none\. Leave it out"):
        change(study, "lime = 2", "lime = 2, gradcam = 5")
    changed = change(study, "quotas = { lime = 2 }", "")
    assert definition(changed).allocation.quotas == {}
    assert ledger_audit.verify(changed)


@pytest.mark.nightly
def test_hold_minutes_change_without_an_entry_that_the_draw_depends_on(full):
    changed = change(full, "places = 4", "places = 4\nhold_minutes = 5")
    assert definition(changed).allocation.hold_minutes == 5
    assert ledger_audit.verify(changed)


@pytest.mark.parametrize(
    ("old", "new"),
    [("block_multiples = [1, 2]", "block_multiples = [3]"), ("seed = 5", "seed = 6")],
)
def test_what_the_next_draw_depends_on_stays_frozen_even_with_a_reason(full, old, new):
    with pytest.raises(services.StudyError, match="can no longer change"):
        change(full, old, new)


def test_a_ledger_whose_raise_is_missing_is_found(full):
    # The control: without the entry, the replay meets an arrival that had no place.
    changed = change(full, "places = 4", "places = 6")
    fill(changed, range(4, 6))
    with factories.without_triggers():
        (raised,) = (row for row in LedgerEntry.objects.all() if '"changed"' in row.content)
        raised.delete()
    with pytest.raises(ReplayError, match="is missing"):
        ledger_audit.verify(changed)


def test_a_raise_that_the_ledger_does_not_know_is_found(full):
    text = full.source.replace("places = 4", "places = 6")
    Study.objects.update(source=text)
    full.refresh_from_db()
    with pytest.raises(ReplayError, match="a different scheme"):
        ledger_audit.verify(full)
