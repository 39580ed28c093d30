"""Pilots rehearse a draft without touching it; archived studies are out of the way."""

import pytest
from django.test import Client
from django.urls import reverse

from studyplatform.models import AuditEntry
from studyplatform.panel import launch, pilots
from studyplatform.panel.overview import overviews
from surveys import services
from surveys.models import Participant, Study
from surveys.services import StudyClosedError, StudyError
from surveys.services.stimuli import choose_stimuli
from surveys.web import signed_links
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

CONSENT = "What happens here. " * 8


@pytest.fixture
def draft(db, tmp_path):
    """Ready for the launch, with members of each kind."""
    study = factories.ready_study(tmp_path, consent=CONSENT)
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


@pytest.fixture
def twin(draft) -> Study:
    return pilots.begin(draft)


def address(name, study):
    return reverse(f"panel:{name}", args=[study.slug])


def rehearsed(twin, key="rehearsal"):
    """Somebody who went through the whole pilot."""
    return factories.walk(factories.allocated(twin, key, simulated=True))


def test_an_editor_begins_a_pilot_of_a_draft(draft, signed_in):
    response = signed_in("editor").post(address("pilot", draft))
    assert response["Location"] == address("pilot", draft)
    twin = Study.objects.get(slug="small-pilot")
    assert (twin.state, twin.is_pilot, twin.pilot_of) == ("open", True, draft)
    assert Study.objects.get(pk=draft.pk).state == "draft"
    assert twin.source == draft.source.replace('slug = "small"', 'slug = "small-pilot"')
    members = {(one.user.username, one.owner, one.see_data) for one in twin.members.all()}
    assert members == {(one.user.username, one.owner, one.see_data) for one in draft.members.all()}
    page = signed_in("editor").get(address("pilot", draft)).content.decode()
    assert "rehearsal=small-pilot" in page
    entry = AuditEntry.objects.get(act="pilot begun")
    assert (entry.study, entry.who, entry.after) == ("small", "editor", {"pilot": "small-pilot"})


def test_the_pilot_shows_the_images_of_the_study(draft, twin):
    def shown(study):
        return list(study.stimuli.order_by("position").values_list("part", "prediction"))

    assert len(shown(draft)) == 5
    assert shown(twin) == shown(draft)


def test_nobody_real_gets_into_a_pilot(twin):
    closed = Client().get(signed_links.landing_path(twin))
    assert closed.status_code == 403
    with pytest.raises(StudyClosedError, match="is a pilot"):
        services.enrol(study=twin, arrival_key="real")
    assert not twin.participants.exists()


def test_whoever_uses_the_link_for_rehearsals_is_marked(twin):
    visitor = Client()
    assert visitor.get(signed_links.rehearsal_path(twin)).status_code == 200
    sent = {"consent": "yes", "arrival_key": signed_links.new_arrival_key(twin)}
    visitor.post(signed_links.rehearsal_path(twin), sent)
    assert twin.participants.get().simulated


def test_the_study_can_be_changed_after_its_pilot_and_piloted_again(draft, twin):
    rehearsed(twin)
    changed = services.load_study(draft.source.replace("places = 60", "places = 80"))
    choose_stimuli(changed)
    assert "places = 80" in Study.objects.get(pk=draft.pk).source
    second = pilots.begin(Study.objects.get(pk=draft.pk))
    assert second.slug == "small-pilot-2"
    assert "places = 80" in second.source
    assert not Participant.objects.filter(study=draft).exists()


def test_a_study_without_maps_is_not_piloted(draft, signed_in):
    draft.stimuli.first().prediction.explanations.filter(method="lime").delete()
    response = signed_in("editor").post(address("pilot", draft))
    assert response.status_code == 409
    assert not Study.objects.filter(is_pilot=True).exists()
    assert "Images and maps come first" in response.content.decode()


def test_neither_a_running_study_nor_a_pilot_has_pilots(draft, twin):
    with pytest.raises(StudyError, match="Only a draft has pilots"):
        pilots.begin(twin)
    services.open_study(study=draft)
    with pytest.raises(StudyError, match="rehearsed with its own rehearsal link"):
        pilots.begin(draft)


def test_a_running_study_has_a_rehearsal_link_of_its_own(draft, signed_in):
    services.open_study(study=draft)
    page = signed_in("editor").get(address("pilot", draft)).content.decode()
    assert "rehearsal=small:" in page
    assert "Begin a pilot" not in page


def test_the_home_page_says_piloting_and_lists_no_pilot(draft, twin, signed_in):
    shown = signed_in("owner").get(reverse("panel:home")).context["overviews"]
    assert [(entry.study.slug, entry.state) for entry in shown] == [("small", "Piloting")]
    services.close_study(study=twin)
    (entry,) = signed_in("owner").get(reverse("panel:home")).context["overviews"]
    assert entry.state == "Draft"


def test_the_pages_of_a_pilot_say_what_it_is(twin, signed_in):
    for name in ("study", "launch"):
        page = signed_in("viewer").get(address(name, twin)).content.decode()
        assert "Everybody in it is marked as simulated, for ever." in page
        assert f"http://testserver{signed_links.rehearsal_path(twin)}" in page
        assert "Link for participants" not in page


def test_the_checklist_asks_for_a_pilot_until_somebody_went_through_it(draft, twin):
    def asks():
        return any(line.place == "pilot" for line in launch.checklist(draft).warnings)

    assert asks()
    factories.walk(factories.allocated(twin, "half-way", simulated=True), pages=2)
    assert asks()
    rehearsed(twin)
    assert not asks()


def test_the_monitor_of_a_pilot_counts_the_people_in_it(twin, signed_in):
    rehearsed(twin)
    page = signed_in("owner").get(address("monitor", twin))
    assert page.context["monitor"].allocated == 1
    assert "People of the pilot and synthetic people." in page.content.decode()


def test_a_pilot_outlives_the_deletion_of_its_study_and_stays_one(draft, twin):
    rehearsed(twin)
    services.delete_study(study=draft)
    left = Study.objects.get(pk=twin.pk)
    assert (left.is_pilot, left.pilot_of) == (True, None)
    assert Client().get(signed_links.landing_path(left)).status_code == 403


def test_an_unblinded_study_says_so_on_the_home_page(study, signed_in):
    factories.end_and_unblind(study)
    (entry,) = signed_in("owner").get(reverse("panel:home")).context["overviews"]
    assert (entry.state, entry.tone) == ("Unblinded", "unblinded")


def test_a_study_is_archived_listed_apart_and_restored(draft, signed_in):
    owner = signed_in("owner")
    owner.post(address("archive", draft))
    assert list(owner.get(reverse("panel:home")).context["overviews"]) == []
    assert "1 archived study" in owner.get(reverse("panel:home")).content.decode()
    (entry,) = owner.get(reverse("panel:home"), {"archived": "yes"}).context["overviews"]
    assert (entry.study.slug, entry.state) == ("small", "Archived")
    for name in ("study", "launch"):
        page = owner.get(address(name, draft)).content.decode()
        assert "The study is archived." in page
        assert "Before the launch" not in page, "nothing is asked of a study that is put away"
    owner.post(address("archive", draft))
    assert "Before the launch" in owner.get(address("launch", draft)).content.decode()
    assert len(owner.get(reverse("panel:home")).context["overviews"]) == 1
    acts = AuditEntry.objects.filter(act__in=("archived", "restored")).order_by("pk")
    assert [entry.act for entry in acts] == ["archived", "restored"]


def test_a_study_that_admits_people_is_not_archived(study, signed_in):
    page = signed_in("owner").post(address("archive", study), follow=True).content.decode()
    assert "End its collection before archiving it." in page
    assert Study.objects.get(pk=study.pk).archived_at is None


def test_an_archived_study_does_not_open(draft):
    services.archive_study(study=draft)
    with pytest.raises(StudyError, match="is archived"):
        services.open_study(study=draft)


def test_the_people_of_a_pilot_count_as_completed_in_its_overview_alone(draft, twin):
    rehearsed(twin)
    (of_twin,), (of_draft,) = overviews([twin]), overviews([draft])
    assert of_twin.people.completed == 1
    assert of_draft.people.completed == 0
