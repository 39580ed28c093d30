"""The launch and the other changes of a study's state, by those who may."""

import pytest
from django.urls import reverse

from explanations.models import Explanation
from studyplatform.panel import launch, study_texts
from surveys import services
from surveys.models import Study
from surveys.study_checks import loading
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

CONSENT = "What happens here. " * 8
PROLIFIC = """
[recruitment]
kind = "prolific"
[recruitment.codes]
complete = "C1A2B3C4"
withdrawn = "C5D6E7F8"
"""


def address(name, study):
    return reverse(f"panel:{name}", args=[study.slug])


def state(study):
    return Study.objects.get(pk=study.pk).state


@pytest.fixture
def draft(db, tmp_path):
    """With its maps, a consent of some length, and an owner."""
    study = factories.ready_study(tmp_path, consent=CONSENT)
    for name in ("owner", "editor"):
        add_member(study, name, **SWITCHES[name])
    return study


def test_a_study_is_launched_paused_resumed_ended_and_unblinded(draft, signed_in):
    owner = signed_in("owner")
    acts = {"open": "open", "pause": "paused", "resume": "open", "end": "closed"}
    for act, after in acts.items():
        assert owner.post(address(act, draft)).status_code == 302
        assert state(draft) == after
        assert Study.objects.get(pk=draft.pk).unblinded_at is None
    sent = {"reason": "The sample is complete.", "confirmed": "yes"}
    assert owner.post(address("unblind", draft), sent).status_code == 302
    study = Study.objects.get(pk=draft.pk)
    assert (study.unblinded_by, study.unblinding_reason) == ("owner", sent["reason"])
    page = owner.get(address("launch", draft)).content.decode()
    assert "Unblinded by owner." in page
    assert sent["reason"] in page


def test_the_checklist_says_that_a_version_is_newer_than_the_one_in_use(draft, signed_in):
    owner = draft.members.get(user__username="owner").user
    text = study_texts.text_of(draft, owner)

    def lines():
        shown = signed_in("owner").get(address("launch", draft)).context["warnings"]
        return [line for line in shown if "newer than the one in use" in line.sentence]

    assert lines() == []
    changed = f"{draft.source}# a thought\n"
    study_texts.save(text, changed, after=1, user=owner)
    (line,) = lines()
    assert line.sentence.startswith("Version 2 ")
    assert line.address == address("study-file", draft)
    study_texts.use(text, changed, owner)
    assert lines() == []
    # A command's file is newer than the versions, whichever number they have.
    services.load_study(f"{draft.source}# by a command\n")
    assert lines() == []


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("open", {"owner", "administrator"}),
        ("pause", {"editor", "owner", "administrator"}),
        ("resume", {"editor", "owner", "administrator"}),
        ("end", {"owner", "administrator"}),
        ("unblind", {"owner", "administrator"}),
    ],
)
def test_who_may_change_the_state(study, other_study, administrator, signed_in, act, allowed):
    """The unblinding is one before the end of collection."""
    for name in (*SWITCHES, "outsider", "administrator"):
        Study.objects.update(state="paused" if act == "resume" else "open", unblinded_at=None)
        status = signed_in(name).post(address(act, study)).status_code
        assert (status != 404) == (name in allowed), name


def test_after_the_end_whoever_may_see_data_unblinds(study, signed_in):
    services.close_study(study=study)
    sent = {"reason": "The end.", "confirmed": "yes"}
    assert signed_in("editor").post(address("unblind", study), sent).status_code == 404
    assert signed_in("analyst").post(address("unblind", study), sent).status_code == 302
    assert Study.objects.get(pk=study.pk).unblinded_by == "analyst"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"reason": "The end."}, "Confirm that you want to see the arms"),
        ({"reason": " ", "confirmed": "yes"}, "State the reason"),
    ],
)
def test_an_unblinding_needs_a_reason_and_a_confirmation(study, signed_in, sent, sentence):
    services.close_study(study=study)
    response = signed_in("owner").post(address("unblind", study), sent)
    assert response.status_code == 409
    assert sentence in response.content.decode()
    assert Study.objects.get(pk=study.pk).unblinded_at is None


def test_a_faulty_draft_is_not_launched_by_a_request_either(draft, signed_in):
    draft.stimuli.all().delete()
    response = signed_in("owner").post(address("open", draft))
    assert response.status_code == 409
    assert "Images chosen for participants: 0 of 5." in response.content.decode()
    assert state(draft) == "draft"


def test_a_complete_draft_has_nothing_to_mend(draft):
    assert launch.checklist(draft).blocking == ()


def test_images_in_two_splits_are_in_the_checklist_and_with_the_images(draft, signed_in):
    sentence = "3 groups are in test and in train: anna."
    draft.image_set.warnings = [sentence]
    draft.image_set.save()
    assert sentence in [line.sentence for line in launch.checklist(draft).warnings]
    assert sentence in signed_in("editor").get(address("images", draft)).content.decode()


def test_maps_with_a_flag_are_in_the_checklist_with_a_link_to_exchange_their_images(
    draft, signed_in
):
    seen = Explanation.objects.filter(prediction__stimulus__study=draft).first()
    seen.diagnostics = {"flags": ["no_patch_matters"]}
    seen.save()
    page = signed_in("owner").get(address("launch", draft)).content.decode()
    assert "1 image that participants see has a map with a flag" in page
    link = f"{address('choose-images', draft)}?chosen=yes&amp;flags=flagged"
    assert f'<a href="{link}">Look at them, or exchange them</a>' in page
    shown = signed_in("owner").get(link.replace("&amp;", "&")).context["pictures"]
    assert [picture.image for picture, _ in shown] == [seen.prediction.image]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (CONSENT.strip(), "Welcome.", "has fewer than 20 words"),
        ("What it was about.", "Write to [contact address].", "still contains [contact address]"),
        ("[allocation]", PROLIFIC.replace("C1A2B3C4", "XXXXXX") + "[allocation]", "placeholder"),
        ("[allocation]", "[allocation]\nquotas = { lime = 20 }", "There are quotas"),
    ],
)
def test_each_fault_of_the_file_blocks_the_launch(draft, old, new, sentence):
    assert old in draft.source
    Study.objects.filter(pk=draft.pk).update(source=draft.source.replace(old, new))
    blocking = launch.checklist(Study.objects.get(pk=draft.pk)).blocking
    assert [line for line in blocking if sentence in line.sentence], blocking
    assert len(blocking) == 1


def test_the_service_is_told_what_to_enter(draft):
    declared = loading.parse(draft.source.replace("[allocation]", PROLIFIC + "[allocation]"))
    fields = launch.recruitment_fields(declared, "https://lab.org/s/small/")
    (link,) = [field.value for field in fields if field.name == "Address of the study"]
    assert link.startswith("https://lab.org/s/small/?PROLIFIC_PID={{%PROLIFIC_PID%}}&")
    assert fields[0].value == declared.title
    assert [field.value for field in fields[4:]] == ["60", "C1A2B3C4", "C5D6E7F8"]


def test_the_service_is_told_time_and_pay_if_the_file_states_them(draft):
    prolific = PROLIFIC.replace("[recruitment]\n", '[recruitment]\npay = 3.5\ncurrency = "GBP"\n')
    source = draft.source.replace("[allocation]", prolific + "[allocation]")
    source = source.replace(CONSENT.strip(), f"{CONSENT.strip()} It takes about 12 minutes.")
    fields = launch.recruitment_fields(loading.parse(source), "https://lab.org/s/small/")
    values = {field.name: field.value for field in fields}
    assert values["Time that it takes"] == "12"
    assert values["Pay of each person"] == "3.50 GBP"
    assert values["Description"].startswith(CONSENT.split()[0])


def test_the_qr_code_is_that_of_the_link():
    code = launch.qr_code("http://localhost:8000/s/demo/")
    dark = code.path.count("M")
    assert code.size == 37  # version 3 with a margin of 4
    assert dark > 300
    assert launch.qr_code("http://localhost:8000/s/other/").path != code.path


def test_each_act_says_first_what_it_does_and_changes_nothing_before(draft, signed_in):
    owner = signed_in("owner")
    asked = owner.get(address("open", draft)).content.decode()
    assert "Launch the study?" in asked
    assert "60 people are admitted at most." in asked
    assert state(draft) == "draft"
    owner.post(address("open", draft))
    assert "Arms stay hidden" in owner.get(address("end", draft)).content.decode()
    assert state(draft) == "open"
    owner.post(address("end", draft))
    asked = owner.get(address("unblind", draft)).content.decode()
    assert "for good" in asked
    assert Study.objects.get(pk=draft.pk).unblinded_at is None


def test_an_act_that_is_not_possible_offers_no_button(draft, signed_in):
    asked = signed_in("owner").get(address("end", draft)).content.decode()
    assert "This is not possible now. State of the study: Draft." in asked
    assert "<button>End collection" not in asked


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "The link works only on this computer."),
        pytest.param(
            "de", "Der Link funktioniert nur auf diesem Computer.", marks=pytest.mark.nightly
        ),
    ],
)
def test_a_link_that_reaches_only_this_computer_says_so(
    draft, signed_in, settings, language, sentence
):
    settings.ALLOWED_HOSTS = ["*"]
    browser = signed_in("owner")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language

    def told(name: str, host: str) -> int:
        page = browser.get(address(name, draft), HTTP_HOST=host).content.decode()
        return page.count(sentence)

    assert told("launch", "localhost:8741") == 1  # among the warnings, not again at the link
    assert told("open", "127.0.0.1:8741") == 1
    assert told("study", "[::1]:8741") == 1
    assert [told(name, "lab.example.org") for name in ("launch", "open", "study")] == [0, 0, 0]


def test_the_link_of_an_ended_study_is_not_offered_any_more(draft, signed_in):
    services.open_study(study=draft)
    browser = signed_in("owner")
    for is_ended in (False, True):
        if is_ended:
            services.close_study(study=draft)
        for name in ("launch", "study"):
            page = browser.get(address(name, draft)).content.decode()
            assert ("data-copied" in page) is not is_ended, name
            assert ("admits nobody any more" in page) is (is_ended and name == "launch")


def test_each_line_of_the_checklist_leads_to_the_place_that_mends_it(draft, signed_in):
    draft.stimuli.all().delete()
    page = signed_in("owner").get(address("launch", draft)).content.decode()
    maps = address("explanations", draft)
    assert f'<a href="{maps}">Compute what is missing</a>' in page
    assert f'<a href="{address("members", draft)}">Invite a colleague</a>' not in page
    draft.members.filter(user__username="editor").delete()
    page = signed_in("owner").get(address("launch", draft)).content.decode()
    assert f'<a href="{address("members", draft)}">Invite a colleague</a>' in page


def test_every_place_of_the_checklist_is_a_page(draft):
    for _words, name, values, _right in launch.MENDED_AT.values():
        assert reverse(name, kwargs={"slug": draft.slug, **values})
