"""The participants' pages, walked like a person."""

import io
import re

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from explanations import catalogue
from explanations.models import ClassifierWeights
from surveys.models import Answer, Participant, Study
from surveys.pages import sequence
from surveys.simulation.browser import Browser
from surveys.web import signed_links
from tests.daily import daily
from tests.surveys.drawn import ARMS, drawn_study
from tests.surveys.people import begin, go_on, in_arm, who

# A token that is drawn anew each time, in which any short word turns up by chance.
DRAWN = re.compile(r"[\w-]{40,}")


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    return drawn_study(tmp_path)


def html(page) -> str:
    return Client().get(page.path).content.decode()


@pytest.mark.parametrize("arm", daily(ARMS, 2))
def test_a_person_walks_from_consent_to_completion_code_in_every_arm(drawn, arm):
    browser, page, participant = in_arm(drawn, arm)
    end = go_on(browser, page)
    participant.refresh_from_db()
    assert participant.state == "completed"
    assert "completion code" in html(end).lower()
    assert participant.completion_code in html(end)
    assert participant.submissions.count() == len(sequence.steps(drawn))
    assert Answer.objects.filter(submission__participant=participant, item="agreed").count() == 3


def test_the_trials_show_image_and_map_and_the_control_arm_the_image_alone(drawn):
    for arm, pictures in (("none", ["image"]), ("lime", ["image", "map", "legend"])):
        browser, page, _ = in_arm(drawn, arm)
        trial = go_on(browser, page, 2)
        assert [path.split("/")[-1].removesuffix(".png") for path in trial.pictures] == pictures
        for path in trial.pictures:
            response = Client().get(path)
            assert response["Content-Type"] == "image/png"
            # For good in the participant's own browser, and in no proxy's cache.
            assert set(response["Cache-Control"].split(", ")) == {
                "private", "immutable", "max-age=31536000",
            }  # fmt: skip
            assert "Set-Cookie" not in response
            assert "Cookie" not in response.get("Vary", "")


def test_the_proxy_gets_the_file_of_a_picture_once_the_participant_may_see_it(drawn, settings):
    settings.PROXY_SENDS_PICTURES = True
    browser, page, participant = in_arm(drawn, "lime")
    trial = go_on(browser, page, 2)
    for path in trial.pictures:
        response = Client().get(path)
        assert response.content == b""
        assert response["Content-Type"] == "image/png"
        assert "immutable" in response["Cache-Control"]
        file = response["X-Accel-Redirect"].removeprefix("/stored-pictures/")
        stored = (settings.DATA_DIR / "pictures" / file).read_bytes()
        settings.PROXY_SENDS_PICTURES = False
        assert Client().get(path).content == stored
        settings.PROXY_SENDS_PICTURES = True
    last = participant.trials.last().picture_code
    refused = Client().get(f"{page.path}picture/{last}/map.png")
    assert refused.status_code == 404
    assert "X-Accel-Redirect" not in refused


def test_a_screen_with_two_dots_per_pixel_gets_larger_pictures_of_all_but_tiny_images(drawn):
    browser, page, _ = in_arm(drawn, "gradcam")
    trial = go_on(browser, page, 2)
    assert "srcset" not in html(trial)  # 32 pixels: squares, however large
    assert html(trial).count('class="pixels"') == 2
    ClassifierWeights.objects.update(input_rule={"size": 128})
    assert html(trial).count('class="pixels"') == 0
    sets = re.findall(r'src="([^"]+)" srcset="([^"]+)"', html(trial))
    assert [one.split("/")[-1] for one, _ in sets] == ["image.png", "map.png"]
    for address, srcset in sets:
        assert srcset == f"{address} 1x, {address}?dense 2x"
        for asked, side in ((address, 384), (f"{address}?dense", 640)):
            content = Client().get(asked).content
            assert Image.open(io.BytesIO(content)).size == (side, side)
    following = re.search(r'data-next="([^"]+)"', html(trial)).group(1).split()
    assert [one.split("/")[-1] for one in following] == [
        "image.png?dense",
        "map.png?dense",
        "legend.png",
    ]
    assert all(one.split(",")[-1] == f"{one.split(',')[0]}?dense" for one in following[:2])


def test_the_instructions_speak_of_squares_only_where_there_are_some(drawn):
    browser, page, _ = in_arm(drawn, "none")
    page = go_on(browser, page, 1)
    assert "small squares" in html(page)
    ClassifierWeights.objects.update(input_rule={"size": 128})
    assert "small squares" not in html(page)
    assert "Look at the whole picture before you look at its details." in html(page)


def test_the_prediction_stands_on_the_page_in_words(drawn):
    browser, page, participant = begin(drawn)
    trial = go_on(browser, page, 2)
    shown = participant.trials.get(position=1).stimulus.prediction.predicted_class
    assert trial.prediction == shown
    assert '<h2 id="says">The classifier says:</h2>' in html(trial)
    assert f'<strong id="prediction">{shown}</strong>' in html(trial)


def test_the_example_is_the_same_image_in_all_arms_and_no_trial(drawn):
    seen = set()
    for arm in ("none", "gradcam", "placebo"):
        browser, page, _ = in_arm(drawn, arm)
        instructions = go_on(browser, page, 1)
        image = next(path for path in instructions.pictures if path.endswith("image.png"))
        seen.add(Client().get(image).content)
        assert any(path.endswith("map.png") for path in instructions.pictures) == (arm != "none")
        trials = {Client().get(path).content for path in go_on(browser, instructions, 1).pictures}
        assert not seen & trials
    assert len(seen) == 1


def test_without_the_maps_of_one_arm_no_arm_has_an_example(drawn):
    from surveys.pages.example import example_candidate

    example_candidate(drawn).explanations.filter(method="lime").delete()
    for arm in ("none", "gradcam"):
        browser, page, _ = in_arm(drawn, arm)
        instructions = go_on(browser, page, 1)
        assert not [path for path in instructions.pictures if "example" in path]
        assert Client().get(f"{page.path}picture/example/image.png").status_code == 404


@pytest.mark.nightly
def test_the_page_without_map_is_as_long_as_those_with_one(drawn):
    words = {}
    for arm in ARMS:
        browser, page, _ = in_arm(drawn, arm)
        text = html(go_on(browser, page, 1))
        between = re.search(r"</h2>(.*?)<h2>", text, re.DOTALL)
        words[arm] = len(between[1].split())
    maps = [count for arm, count in words.items() if arm != "none"]
    assert min(maps) * 0.9 <= words["none"] <= max(maps) * 1.1


@pytest.mark.parametrize("arm", daily(ARMS, 3))
def test_nothing_that_is_sent_names_method_arm_or_true_class(drawn, arm):
    browser, page, participant = in_arm(drawn, arm)
    forbidden = [method.key for method in catalogue.METHODS]
    forbidden += [method.label.lower() for method in catalogue.METHODS]
    forbidden += ["label of", "placebo", "integrated", "shap"]
    # LIME must not be found in a word such as "sublime": none of the pages has one.
    while "step" in page.hidden:
        response = Client().get(page.path)
        sent = (response.content.decode() + str(response.headers)).lower()
        sent = sent.replace(participant.code.lower(), "")
        for trial in participant.trials.all():
            sent = sent.replace(trial.picture_code.lower(), "")
        sent = DRAWN.sub("", re.sub(r"/picture/[\w-]{65}/", "", sent))  # hashes, signed
        assert not [word for word in forbidden if word in sent]
        if page.prediction:
            position = int(page.hidden["step"].split(":")[1])
            prediction = participant.trials.get(position=position).stimulus.prediction
            if not prediction.is_correct:
                assert prediction.image.true_class not in sent
            assert "correct" not in sent
        page = go_on(browser, page, 1)


def test_unknown_addresses_are_answered_in_our_style(drawn):
    for path in (
        "/p/guess/",
        "/p/guess/withdraw/",
        "/s/other/",
        "/p/guess/picture/x/legend.png",
        "/nothing",
    ):
        response = Client().get(path)
        assert response.status_code == 404
        assert "Page not found" in response.content.decode()


def test_a_form_without_its_csrf_token_is_refused_with_a_way_on(drawn):
    client = Client(enforce_csrf_checks=True)
    response = client.post("/s/drawn/", {"arrival_key": signed_links.new_arrival_key(drawn)})
    assert response.status_code == 403
    assert "Open the page again" in response.content.decode()
    assert Participant.objects.count() == 0


def test_a_failure_is_answered_in_our_style(drawn, monkeypatch):
    _, page, _ = begin(drawn)
    monkeypatch.setattr(sequence, "current_step", lambda participant: 1 / 0)
    response = Client(raise_request_exception=False).get(page.path)
    assert response.status_code == 500
    assert "This is our fault" in response.content.decode()


def test_pages_are_never_kept_by_a_cache_and_carry_the_policy(drawn):
    _browser, page, _ = begin(drawn)
    for path in ("/s/drawn/", page.path, f"{page.path}withdraw/"):
        response = Client().get(path)
        assert "no-store" in response["Cache-Control"]
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert response["Referrer-Policy"] == "same-origin"


def test_pages_hold_no_inline_script_or_style(drawn):
    browser, page, _ = in_arm(drawn, "gradcam")
    while "step" in page.hidden:
        text = html(page)
        assert " style=" not in text
        assert "<style" not in text
        assert re.findall(r"<script(?! src=\"[^\"]+\" defer></script>)", text) == []
        assert not re.findall(r"\son[a-z]+=", text)
        page = go_on(browser, page, 1)


def test_text_of_a_study_and_of_people_is_escaped(drawn):
    browser, page, _participant = begin(drawn)
    last = go_on(browser, page, len(sequence.steps(drawn)) - 1)
    Study.objects.update(title="<script>alert(1)</script>")
    assert "<script>alert" not in html(last)
    browser.send(last, {"comment": "<b>=1+1</b>"})
    assert Answer.objects.get(item="comment").value == "<b>=1+1</b>"


def test_other_methods_are_refused(drawn):
    _, page, _ = begin(drawn)
    for path in ("/s/drawn/", page.path, f"{page.path}withdraw/"):
        assert Client().put(path).status_code == 405
        assert Client().delete(path).status_code == 405
    assert Client().post(f"{page.path}picture/x/legend.png").status_code == 405


def test_a_rehearsal_is_marked_and_does_not_stand_in_the_way_of_the_real_link(drawn):
    browser = Browser()
    rehearsal = browser.send(browser.open(signed_links.rehearsal_path(drawn)), {})
    assert who(rehearsal).simulated
    assert who(browser.open(signed_links.rehearsal_path(drawn))) == who(rehearsal)
    _, _, real = begin(drawn, browser)
    assert not real.simulated


@pytest.mark.parametrize("token", ["", "drawn", "drawn:forged", "other"])
def test_a_wrong_rehearsal_token_is_no_page(drawn, token):
    assert Client().get("/s/drawn/", {"rehearsal": token}).status_code == 404
    assert Client().post("/s/drawn/?rehearsal=" + token).status_code == 404
    assert Participant.objects.count() == 0


def test_the_start_page_lists_studies_in_development_alone(drawn, settings):
    settings.DEBUG = False
    assert drawn.title not in Client().get(reverse("home")).content.decode()
    settings.DEBUG = True
    assert drawn.title in Client().get(reverse("home")).content.decode()


def test_the_pages_number_and_the_bar_say_the_same(drawn):
    browser, page, _ = begin(drawn)
    text = html(go_on(browser, page, 3))
    total = len(sequence.steps(drawn))
    assert f"Page 4 of {total}" in text
    assert f'<progress max="{total}" value="4"' in text
