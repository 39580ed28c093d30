"""The panel's preview shows every page of every arm, marked, and leaves nothing behind."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from studyplatform.panel import preview
from surveys import services
from surveys.models import (
    AllocationSlot,
    Answer,
    Event,
    PageView,
    Participant,
    Stimulus,
    Submission,
    Trial,
)
from surveys.simulation.browser import read_page
from tests.daily import daily
from tests.surveys import factories, shipped
from tests.surveys.drawn import drawn_study

STORED = (Participant, Trial, Stimulus, Submission, Answer, PageView, Event)


@pytest.fixture
def panel(db) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("researcher"))
    return client


def counts() -> list[int]:
    taken = AllocationSlot.objects.filter(participant__isnull=False).count()
    return [taken, *(model.objects.count() for model in STORED)]


def address(study, arm: str, number: int, language: str = "en") -> str:
    page = {"slug": study.slug, "arm": arm, "language": language, "number": number}
    return reverse("preview:page", kwargs=page)


def test_every_page_of_an_arm_is_shown_marked_with_its_pictures_and_stores_nothing(panel, tmp_path):
    study = drawn_study(tmp_path, opened=False)
    before = counts()
    sequence = preview.pages(study)
    for number in range(len(sequence)):
        response = panel.get(address(study, "lime", number))
        text = response.content.decode()
        assert response.status_code == 200
        assert "Arm “Label of lime”. Nothing is stored." in text
        assert "Stand-in." not in text
        assert "/p/preview/withdraw/" not in text
        for picture in read_page("", 200, text).pictures:
            shown = panel.get(picture)
            assert shown.status_code == 200, picture
            assert shown["Content-Type"] == "image/png"
        if sequence[number].step and sequence[number].step.kind == "trial":
            assert text.count("map.png") == 1
    assert counts() == before
    assert panel.get(address(study, "lime", len(sequence))).status_code == 404


PREFERENCE = """
[[parts]]
kind = "instructions"
[[parts]]
kind = "trials"
task = "preference"
compare = ["gradcam", "lime"]
free_text = "reason"
right = 1
wrong = 1
[[parts]]
kind = "questionnaire"
questionnaire = "trust-v1"
"""


@pytest.mark.parametrize("arm", daily(["none", "lime"], 1))
def test_two_maps_to_compare_are_shown_with_their_legends_in_every_arm(panel, tmp_path, arm):
    study = drawn_study(
        tmp_path, opened=False, parts=PREFERENCE, arms=("none", "gradcam", "lime"), right=3
    )
    number = next(
        page.number for page in preview.pages(study) if page.step and page.step.kind == "trial"
    )
    shown = panel.get(address(study, arm, number)).content.decode()
    pictures = read_page("", 200, shown).pictures
    assert len(pictures) == 5  # the image, and two maps with a legend each
    assert all(panel.get(picture).status_code == 200 for picture in pictures)
    assert "Stand-in." not in shown
    sent = {"preferred_map": "2", "sureness": "4", "free_text": "It is clearer."}
    following = panel.post(address(study, arm, number), sent, follow=True).content.decode()
    assert "<code>preferred_map</code>: 2" in following
    assert "<code>free_text</code>: It is clearer." in following


def test_the_consent_is_shown_with_its_check_boxes(panel, tmp_path):
    boxes = '[[consent.checks]]\nkey = "adult"\ntext = "I am of age."\n[[consent.details]]\n'
    boxes += 'heading = "Your data"\ntext = "Here."\n'
    study = drawn_study(tmp_path, opened=False)
    study = services.load_study(study.source.replace("[debrief]", f"{boxes}[debrief]"))
    shown = panel.get(address(study, "lime", 0)).content.decode()
    assert 'name="consent_adult"' in shown
    assert "<summary>Your data</summary>" in shown


def test_arms_differ_in_the_map_alone(panel, tmp_path):
    study = drawn_study(tmp_path)
    number = next(
        page.number for page in preview.pages(study) if page.step and page.step.kind == "trial"
    )
    shown = {arm: panel.get(address(study, arm, number)).content for arm in ("none", "gradcam")}
    images = [read_page("", 200, page.decode()).pictures for page in shown.values()]
    assert len(images[0]) == 1
    assert b"map.png" not in shown["none"]
    first = [panel.get(pictures[0]).content for pictures in images]
    assert first[0] == first[1]


def test_a_page_that_is_sent_says_what_it_would_store_or_what_is_missing(panel, tmp_path):
    study = drawn_study(tmp_path)
    before = counts()
    number = next(
        page.number for page in preview.pages(study) if page.step and page.step.kind == "trial"
    )
    place = address(study, "none", number)
    response = panel.post(place, {"agreed": "1", "sureness": "4"})
    assert response["Location"] == address(study, "none", number + 1)
    sent = panel.get(response["Location"]).content.decode()
    assert "The page before this one would have stored:" in sent
    assert "<code>sureness</code>: 4" in sent
    assert "would have stored" not in panel.get(response["Location"]).content.decode()
    assert "One answer is missing" in panel.post(place, {"agreed": "1"}).content.decode()
    assert panel.post(address(study, "none", 0)).status_code == 302
    assert counts() == before


@pytest.mark.nightly
@pytest.mark.parametrize(
    "name", ["judge-advisor", pytest.param("within", marks=pytest.mark.nightly)]
)
def test_every_page_of_a_shipped_study_can_be_previewed(panel, name):
    path = next(path for path in shipped.FILES if path.stem == name)
    study = shipped.open_study(path, shortened=True)
    arm = study.arms.last().key
    kinds = set()
    for page in preview.pages(study):
        response = panel.get(address(study, arm, page.number, "de"))
        assert response.status_code == 200
        assert "No picture yet" not in response.content.decode()
        kinds.add(page.step.kind if page.step else page.title)
    assert {"Consent", "Debrief", "instructions", "questionnaire", "trial"} <= kinds
    assert name == "within" or {"quiz", "feedback", "attention"} <= kinds


def test_a_map_that_is_lost_is_said(panel, tmp_path):
    study = drawn_study(tmp_path)
    lost = study.stimuli.first().prediction.explanations.filter(method="lime")
    lost.update(pack="")
    pages = [page for page in preview.pages(study) if page.step and page.step.kind == "trial"]
    texts = [panel.get(address(study, "lime", page.number)).content.decode() for page in pages]
    assert sum("cannot be used: it is not in the store" in text for text in texts) == 1


def test_a_map_that_is_not_computed_yet_is_marked_as_missing(panel, tmp_path):
    study = drawn_study(tmp_path, opened=False)
    study.stimuli.first().prediction.explanations.filter(method="lime").delete()
    pages = [page for page in preview.pages(study) if page.step and page.step.kind == "trial"]

    def marked(arm):
        texts = [panel.get(address(study, arm, page.number)).content.decode() for page in pages]
        return sum("The map of this picture is not computed yet." in text for text in texts)

    assert [marked(arm) for arm in ("none", "gradcam", "lime")] == [0, 0, 1]


def test_the_bar_counts_the_pages_as_participants_do(panel, tmp_path):
    study = drawn_study(tmp_path)
    for page in preview.pages(study)[1:-1]:
        text = panel.get(address(study, "lime", page.number)).content.decode()
        place = f"{page.number} of {len(preview.pages(study)) - 2}"
        assert f"page {place}: {page.title}." in text
        assert f"Page {place}<" in text


def test_members_keep_the_tabs_in_the_preview(panel, tmp_path):
    study = drawn_study(tmp_path)
    launch = reverse("panel:launch", kwargs={"slug": study.slug})
    assert launch in panel.get(address(study, "lime", 1)).content.decode()


def test_before_there_are_predictions_the_pages_without_pictures_are_shown(panel, tmp_path):
    study = factories.draft_study(tmp_path)
    for page in preview.pages(study):
        text = panel.get(address(study, "gradcam", page.number)).content.decode()
        missing = "No picture yet" in text
        assert missing is bool(page.step and page.step.kind == "trial")
    start = reverse("panel:explanations", kwargs={"slug": study.slug})
    trial = panel.get(address(study, "gradcam", 4)).content.decode()
    assert f'<a href="{start}">Compute the maps</a>' in trial
    assert not Stimulus.objects.exists()


def test_the_preview_is_for_researchers(client, tmp_path, db):
    study = drawn_study(tmp_path)
    outsider = Client()
    outsider.force_login(User.objects.create_user("outsider", is_staff=True))
    for path in (
        reverse("preview:begin", kwargs={"slug": "drawn"}),
        address(study, "none", 1),
        reverse(
            "preview:picture",
            kwargs={"slug": "drawn", "arm": "none", "picture_code": "preview-1", "picture": "map"},
        ),
    ):
        assert client.get(path).status_code == 302
        assert outsider.get(path).status_code == 403


def test_the_study_page_leads_to_the_preview(panel, tmp_path):
    study = drawn_study(tmp_path)
    begin = reverse("preview:begin", kwargs={"slug": study.slug})
    assert (
        begin in panel.get(reverse("admin:surveys_study_change", args=[study.pk])).content.decode()
    )
    assert panel.get(begin)["Location"] == address(study, "none", 0)


def test_a_preview_undoes_itself_beside_a_real_participant(study, half_way):
    before = counts()
    with preview.visitor(study, study.arms.first(), "en") as person:
        assert person.trials.count() == 5
        assert Participant.objects.filter(code=preview.CODE).exists()
    assert counts() == before
    services.enrol(study=study, arrival_key="after the preview")
    assert Participant.objects.count() == 2
