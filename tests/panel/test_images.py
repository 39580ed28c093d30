"""Images in the panel: uploaded, looked at and chosen by those who may, and by nobody else."""

import io
import os
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from explanations.attribution import Attribution
from explanations.models import Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import (
    artefact_store,
    image_store,
    original_store,
    picture_path,
)
from explanations.pipeline.pictures import picture_name
from explanations.rendering.viewing import DEFAULT
from studyplatform.models import AuditEntry, Job, StudyImageSet, StudyText
from studyplatform.panel import image_edits, study_texts
from studyplatform.panel.guide import OWN_IMAGES_LATER
from surveys import services
from surveys.models import Study
from surveys.services.stimuli import choose_stimuli
from surveys.study_checks.images_and_weights import shortage
from surveys.study_file.stored import definition
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.drawn import CLASSES, drawn_study


def png(seed: int, size: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def packed(count: int = 12, first: int = 100) -> SimpleUploadedFile:
    """A zip file of images, in folders named after the classes in turn."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(count):
            name = CLASSES[number % len(CLASSES)]
            archive.writestr(f"mine/{name}/{number}.png", png(first + number))
    return SimpleUploadedFile("mine.zip", buffer.getvalue())


@pytest.fixture
def study(db, tmp_path) -> Study:
    """A draft of three images, with members of each kind."""
    study = drawn_study(tmp_path, opened=False, arms=("none", "gradcam"))
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
    return study


@pytest.mark.nightly
def test_a_study_without_any_image_uses_its_first_upload_at_once(study, signed_in):
    """The only images there are need no further word."""
    browser = signed_in("editor")
    study.stimuli.all().delete()
    study.image_set.images.all().delete()
    response = upload(browser, study, packed())
    assert response.status_code == 302
    study.refresh_from_db()
    assert study.image_set == own_set(study)
    shown = browser.get(response.url)
    assert "Use these images" not in shown.content.decode()
    assert "Next: compute predictions and maps" in shown.content.decode()


@pytest.mark.nightly
def test_a_study_that_waits_for_its_researchers_images_uses_the_first_upload_at_once(
    study, signed_in
):
    """The guide has asked which images are wanted, although others are stored."""
    study.source = study.source.replace("[images]\n", f"[images]\n{OWN_IMAGES_LATER}\n")
    study.save()
    browser = signed_in("editor")
    overview = browser.get(page(study, "study")).content.decode()
    assert "Until you upload your own, the study shows the images of" in overview
    response = upload(browser, study, packed())
    study.refresh_from_db()
    assert study.image_set == own_set(study)
    assert "Until your own images" not in study.source
    assert "Next: compute predictions and maps" in browser.get(response.url).content.decode()
    overview = browser.get(page(study, "study")).content.decode()
    assert "Until you upload your own" not in overview


def test_too_few_wrong_predictions_of_uploaded_images_are_told_without_a_command(study, signed_in):
    upload(signed_in("editor"), study, packed())
    declared = definition(study)
    declared = replace(declared, images=replace(declared.images, set=own_set(study).name))
    sentence = str(shortage(declared, 99, 0))
    assert "Upload more images and compute their predictions, or ask for fewer." in sentence
    assert "manage.py" not in sentence


@pytest.fixture
def other(study, tmp_path) -> Study:
    """Somebody else's study."""
    other = drawn_study(tmp_path, slug="other", opened=False, arms=("none", "gradcam"))
    add_member(other, "outsider", **SWITCHES["owner"])
    return other


def page(study, name="images", **values):
    return reverse(f"panel:{name}", kwargs={"slug": study.slug, **values})


def upload(browser, study, *files, **sent):
    return browser.post(page(study, "upload-images"), {"images": list(files), **sent})


def own_set(study) -> ImageSet:
    return StudyImageSet.objects.get(study=study).image_set


def use(browser, study, image_set, split="test"):
    return browser.post(page(study, "use-images"), {"set": image_set.pk, "split": split})


def said(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def predict(study, image_set, wrong=4):
    """Predictions of the set by the study's classifier, the first ``wrong`` of them wrong."""
    for number, image in enumerate(
        image_set.images.filter(split="test", predictions=None).order_by("pk")
    ):
        at = (CLASSES.index(image.true_class) + (number < wrong)) % len(CLASSES)
        Prediction.objects.create(
            image=image,
            classifier=study.classifier,
            predicted_class=CLASSES[at],
            probability=0.5 + number / 100,
            probabilities=[0.25] * 4,
            is_correct=number >= wrong,
        )


def test_an_editor_uploads_images_and_the_study_uses_them(study, signed_in):
    browser = signed_in("editor")
    response = upload(browser, study, packed(), SimpleUploadedFile("x.png", png(1)), **{
        "class": "boat"
    })  # fmt: skip
    image_set = own_set(study)
    assert response.url == f"{page(study)}?set={image_set.pk}"
    assert image_set.name == "drawn-images"
    gallery = browser.get(response.url)
    assert "13 images were stored" in said(gallery)
    assert len(gallery.context["pictures"]) == 13
    assert b"The study does not use these images" in gallery.content
    use(browser, study, image_set)
    study.refresh_from_db()
    assert study.image_set == image_set
    assert definition(study).images.set == "drawn-images"
    assert b"0 of 13 images" in browser.get(page(study)).content
    acts = list(AuditEntry.objects.filter(study="drawn").values_list("act", "who"))
    assert ("images uploaded", "editor") in acts


def test_the_file_keeps_its_comments_and_every_other_line(study, signed_in):
    browser = signed_in("owner")
    upload(browser, study, packed())
    before = study.source
    use(browser, study, own_set(study))
    study.refresh_from_db()
    changed = study_texts.difference(before, study.source)
    assert [line.text for line in changed if line.kind in ("added", "removed")] == [
        '-set = "drawn"',
        '+set = "drawn-images"',
    ]
    text = StudyText.objects.get(study=study)
    assert text.versions.count() == 2
    assert text.versions.first().who == "owner"


def test_predictions_are_computed_by_one_button(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed())
    use(browser, study, own_set(study))
    assert b"Compute predictions" in browser.get(page(study)).content
    sent = {"predictions_only": "on", "verify": "0"}
    browser.post(reverse("panel:start-job", args=[study.slug, "maps"]), sent)
    job = Job.objects.get(study=study)
    wanted = {"predictions_only": True, "every_method": False, "layers": False, "verify": 0}
    assert job.arguments == wanted


def test_a_refused_upload_names_each_file_and_stores_nothing(study, signed_in):
    def sent(**chosen):
        files = (
            SimpleUploadedFile("page.png", b"<html><script>alert(1)</script></html>"),
            SimpleUploadedFile("1.png", png(1)),
        )
        return upload(signed_in("editor"), study, *files, **chosen)

    response = sent()
    assert response.status_code == 422
    (problem,) = response.context["problems"]
    assert problem.startswith("The class of 2 files is not known: page.png, 1.png. Put each image")
    response = sent(**{"class": "car"})
    assert response.context["problems"] == [
        "page.png is not a readable image. Save it as PNG or JPEG or WEBP or remove it."
    ]
    assert not own_set(study).images.exists()
    assert "<option selected>car</option>" in response.content.decode()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        (
            "en",
            "The class of 24 files is not known: pic_0.png, pic_1.png, pic_2.png, … Put each image",
        ),
        (
            "de",
            "Die Klasse von 24 Dateien ist nicht bekannt: pic_0.png, pic_1.png, pic_2.png, … Leg",
        ),
    ],
)
def test_many_images_without_a_class_are_told_once(study, signed_in, language, sentence):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(24):
            archive.writestr(f"pic_{number}.png", b"x")
    browser = signed_in("editor")
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    response = upload(browser, study, SimpleUploadedFile("all.zip", buffer.getvalue()))
    (problem,) = response.context["problems"]
    assert problem.startswith(sentence)


def test_a_hundred_and_one_single_files_are_refused_in_words(study, signed_in):
    files = [SimpleUploadedFile(f"{n}.png", b"x") for n in range(101)]
    response = upload(signed_in("editor"), study, *files)
    assert response.status_code == 400
    assert "Pack them into a zip file" in response.context["problems"][0]


class WatchedBody(io.BytesIO):
    """A request's body that counts how often it is read."""

    reads = 0

    def read(self, *args):
        self.reads += 1
        return super().read(*args)

    def readline(self, *args):
        self.reads += 1
        return super().readline(*args)


def send_watched(browser: Client, study: Study, length: int | None = None) -> tuple[int, int]:
    """The status of an upload, and how often its body was read."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="images"; filename="1.png"\r\n\r\nx\r\n--b--'
    )
    body = WatchedBody(content)
    response = browser.generic(
        "POST",
        page(study, "upload-images"),
        CONTENT_TYPE="multipart/form-data; boundary=b",
        CONTENT_LENGTH=str(length or len(content)),
        **{"wsgi.input": body},
    )
    return response.status_code, body.reads


@pytest.mark.parametrize("name", ["viewer", "analyst", "outsider", None])
def test_the_body_is_not_read_before_permission_is_known(study, other, signed_in, name):
    browser = signed_in(name) if name else Client()
    assert send_watched(browser, study) == (404 if name else 302, 0)


def test_a_body_that_says_it_is_too_large_is_not_read(study, signed_in):
    assert send_watched(signed_in("editor"), study, 200_000_001) == (413, 0)


def test_the_watch_would_see_a_body_that_is_read(study, signed_in):
    status, reads = send_watched(signed_in("editor"), study)
    assert status == 422
    assert reads > 0


def test_a_forged_upload_is_refused(study):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(User.objects.get(username="editor"))
    assert upload(browser, study, packed()).status_code == 403
    assert not StudyImageSet.objects.exists()
    token = browser.get(page(study, "upload-images")).cookies["csrftoken"].value
    sent = upload(browser, study, packed(), csrfmiddlewaretoken=token)
    assert sent.status_code == 302


def test_another_studys_images_are_nowhere_under_ones_own_address(study, other, signed_in):
    upload(signed_in("outsider"), other, packed())
    theirs = own_set(other)
    image = theirs.images.filter(split="test").first()
    assert signed_in("outsider").get(page(other, "image-picture", pk=image.pk)).status_code == 200
    browser = signed_in("owner")
    assert browser.get(page(study, "image-picture", pk=image.pk)).status_code == 404
    assert browser.get(page(study), {"set": theirs.pk}).status_code == 404
    assert use(browser, study, theirs).status_code == 404
    assert theirs not in browser.get(page(study)).context["sets"]


def test_another_studys_set_cannot_be_named_in_a_file(study, other, signed_in):
    """The answer is the same as for a set that does not exist."""
    upload(signed_in("outsider"), other, packed())
    owner = User.objects.get(username="owner")
    text = study_texts.text_of(study, owner)

    def problems(name: str, user: User = owner) -> tuple[str, ...]:
        source = study.source.replace('set = "drawn"', f'set = "{name}"')
        found = study_texts.problems_of(text, source, user)
        return tuple(problem.replace(name, "NAME") for problem in found)

    assert problems("other-images") == problems("nowhere-images")
    assert "none are stored" in problems("other-images")[0]
    add_member(other, "owner")
    assert problems("other-images") == ()


def test_a_set_whose_study_is_gone_is_nobodys(study, other, signed_in):
    upload(signed_in("outsider"), other, packed())
    theirs = own_set(other)
    other.stimuli.all().delete()
    other.delete()
    source = study.source.replace('set = "drawn"', f'set = "{theirs.name}"')
    owner = User.objects.get(username="owner")
    assert study_texts.problems_of(study_texts.text_of(study, owner), source, owner)
    assert signed_in("owner").get(page(study), {"set": theirs.pk}).status_code == 404


def test_installation_sets_may_be_used_by_every_study(study, signed_in):
    offered = ImageSet.objects.create(name="offered", class_names=list(CLASSES))
    for number in range(12):
        pixels = np.full((32, 32, 3), number, dtype=np.uint8)
        StudyImage.objects.create(
            image_set=offered, sha256=image_store().write(pixels), split="val",
            true_class=CLASSES[number % 4], source=f"val/{number}", width=32, height=32,
        )  # fmt: skip
    ImageSet.objects.create(name="misfit", class_names=["dog"])
    browser = signed_in("editor")
    assert [one.name for one in browser.get(page(study)).context["sets"]] == ["drawn", "offered"]
    assert use(browser, study, offered, "nowhere").status_code == 404
    use(browser, study, offered, "val")
    study.refresh_from_db()
    images = definition(study).images
    assert (images.set, images.split) == ("offered", "val")


def test_a_study_that_needs_more_images_stays_as_it_is_and_is_told_why(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed(2))
    response = browser.get(use(browser, study, own_set(study)).url)
    assert "2 are stored. Upload more images, or ask for fewer." in said(response)
    study.refresh_from_db()
    assert study.image_set.name == "drawn"


@pytest.mark.nightly
def test_more_images_are_used_after_too_few_were_refused(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed(2))
    use(browser, study, own_set(study))
    upload(browser, study, packed(12, first=200))
    response = browser.get(use(browser, study, own_set(study)).url)
    assert "does not use yet" not in said(response)
    study.refresh_from_db()
    assert study.image_set == own_set(study)


def test_unused_changes_of_the_file_are_not_used_by_the_way(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed())
    editor = User.objects.get(username="editor")
    text = study_texts.text_of(study, editor)
    study_texts.save(text, study.source + "\n# unfinished", after=1, user=editor)
    response = browser.get(use(browser, study, own_set(study)).url)
    assert "changes that the study does not use yet" in said(response)
    assert text.versions.count() == 2


def names_of(response) -> list[str]:
    return [picture.image.source for picture in response.context["pictures"]]


def test_the_gallery_is_filtered(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed())
    image_set = own_set(study)
    predict(study, image_set)

    def shown(**query):
        return names_of(browser.get(page(study), {"set": image_set.pk, **query}))

    assert len(shown()) == 12
    assert shown(**{"class": "boat"}) == ["boat/2.png", "boat/6.png", "boat/10.png"]
    assert shown(predicted="wrong") == ["car/0.png", "truck/1.png", "boat/2.png", "tree/3.png"]
    assert shown(predicted="right", lowest=58, highest=59) == ["car/8.png", "truck/9.png"]
    assert shown(predicted="right", **{"class": "car"}) == ["car/4.png", "car/8.png"]
    assert shown(flags="flagged") == []
    prediction = Prediction.objects.get(image__source="car/4.png")
    prediction.explanations.create(
        method="gradcam", key="k", sha256="0", parameters={}, diagnostics={"flags": ["empty"]}
    )
    assert shown(flags="flagged") == ["car/4.png"]
    assert "“Flagged map” means" in browser.get(page(study), {"set": image_set.pk}).content.decode()
    assert len(shown(flags="clear")) == 11
    assert len(shown(predicted="nonsense", lowest="x", page="9")) == 12


def test_before_predictions_the_gallery_has_no_filters_of_them(study, signed_in):
    browser = signed_in("viewer")
    upload(signed_in("editor"), study, packed())
    response = browser.get(page(study), {"set": own_set(study).pk})
    assert b'name="predicted"' not in response.content
    assert b"Filters by prediction appear" in response.content
    assert b"Use these images" not in response.content  # a viewer changes nothing


def test_the_gallery_asks_the_database_as_often_for_many_images(
    study, signed_in, django_assert_max_num_queries
):
    browser = signed_in("editor")

    def queries() -> int:
        with django_assert_max_num_queries(40) as asked:
            browser.get(page(study), {"set": own_set(study).pk})
        return len(asked)

    upload(browser, study, packed(4))
    predict(study, own_set(study))
    few = queries()
    upload(browser, study, packed(40, first=500))
    predict(study, own_set(study))
    assert queries() == few


def test_a_picture_is_encoded_anew_from_its_pixels(study, signed_in):
    upload(signed_in("editor"), study, packed(4))
    image = own_set(study).images.filter(split="test").first()
    response = signed_in("viewer").get(page(study, "image-picture", pk=image.pk))
    assert response["Content-Type"] == "image/png"
    assert "no-store" in response["Cache-Control"]  # nothing stays in a browser that others use
    assert Image.open(io.BytesIO(response.content)).size == (32, 32)


@pytest.fixture
def predicted(study, signed_in) -> Study:
    """The study with twelve images of its own, of which the classifier is wrong about four."""
    browser = signed_in("editor")
    upload(browser, study, packed())
    use(browser, study, own_set(study))
    study.refresh_from_db()
    predict(study, study.image_set)
    return study


def tick(browser, study, *sources, there=None, query=""):
    """Keep the ticks of a page that shows the images ``there``, by default all."""
    images = study.image_set.images.filter(split="test")
    shown = images if there is None else images.filter(source__in=there)
    sent = {
        "act": "tick",
        "there": [image.pk for image in shown],
        "ticked": [image.pk for image in images.filter(source__in=sources)],
    }
    return browser.post(page(study, "choose-images") + query, sent)


def chosen(browser, study) -> list[str]:
    choice = browser.get(page(study, "choose-images")).context["choice"]
    return [image.source for image in choice.images]


def test_images_are_ticked_page_by_page(predicted, signed_in):
    browser = signed_in("editor")
    response = tick(browser, predicted, "car/0.png", "boat/2.png", query="?class=car")
    assert response.url.endswith("/choose/?class=car")
    tick(browser, predicted, "tree/3.png", there=["tree/3.png", "boat/2.png"])
    assert chosen(browser, predicted) == ["car/0.png", "tree/3.png"]
    only = browser.get(page(predicted, "choose-images"), {"chosen": "yes"})
    assert sorted(p.image.source for p, _ in only.context["pictures"]) == [
        "car/0.png",
        "tree/3.png",
    ]
    assert chosen(signed_in("owner"), predicted) == []  # each person's choice is their own
    browser.post(page(predicted, "choose-images"), {"act": "clear"})
    assert chosen(browser, predicted) == []


RULE = {"act": "rule", "right": 4, "wrong": 2, "lowest": 0, "highest": 100, "seed": 3,
        "balanced": "on"}  # fmt: skip


def test_a_rule_draws_the_same_images_every_time(predicted, signed_in):
    drawn = []
    for name in ("editor", "owner"):
        browser = signed_in(name)
        browser.post(page(predicted, "choose-images"), RULE)
        choice = browser.get(page(predicted, "choose-images")).context["choice"]
        assert (choice.right, choice.wrong) == (4, 2)
        counts = dict(choice.classes)
        assert set(counts) == set(CLASSES)
        assert max(counts.values()) - min(counts.values()) <= 1
        drawn.append([image.pk for image in choice.images])
    assert drawn[0] == drawn[1]
    other = signed_in("editor")
    other.post(page(predicted, "choose-images"), RULE | {"seed": 4})
    assert [
        image.pk for image in other.get(page(predicted, "choose-images")).context["choice"].images
    ] != drawn[0]


@pytest.mark.nightly
def test_a_rule_keeps_to_the_range_of_confidence(predicted, signed_in):
    browser = signed_in("editor")
    rule = RULE | {"right": 3, "wrong": 1, "lowest": 53, "highest": 57}
    browser.post(page(predicted, "choose-images"), rule)
    numbers = [int(source.partition("/")[2][:-4]) for source in chosen(browser, predicted)]
    assert len(numbers) == 4
    assert all(3 <= number <= 7 for number in numbers)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"wrong": 5}, "only 8 right and 4 wrong ones match"),
        ({"lowest": 60, "highest": 50}, "below the lower end"),
        ({"right": 0, "wrong": 0}, "Choose at least one image"),
        ({"seed": "x"}, "Enter a whole number"),
    ],
)
def test_a_rule_that_draws_nothing_is_told(predicted, signed_in, change, sentence):
    response = signed_in("editor").post(page(predicted, "choose-images"), RULE | change)
    assert response.status_code == 422
    assert sentence in response.content.decode()


def test_the_choice_is_written_into_the_study_file_and_shown(predicted, signed_in):
    browser = signed_in("editor")
    before = predicted.source
    browser.post(page(predicted, "choose-images"), RULE)
    names = chosen(browser, predicted)
    response = browser.post(page(predicted, "write-images"), follow=True)
    assert "names 6 images now. Each person sees 4 right and 2 wrong ones." in said(response)
    predicted.refresh_from_db()
    declared = definition(predicted)
    assert sorted(name.partition("#")[0] for name in declared.images.names) == sorted(names)
    assert declared.predictions_shown == (4, 2)
    assert sorted(s.prediction.image.source for s in choose_stimuli(predicted)) == sorted(names)
    changed = study_texts.difference(before, predicted.source)
    removed = [line.text for line in changed if line.kind == "removed"]
    assert removed == ["-right = 2", "-wrong = 1"]
    assert chosen(browser, predicted) == names  # the next choice begins with what the file names


@pytest.mark.nightly
def test_the_study_may_draw_from_all_images_again(predicted, signed_in):
    browser = signed_in("editor")
    browser.post(page(predicted, "choose-images"), RULE)
    browser.post(page(predicted, "write-images"))
    assert b"The study file names 6 images" in browser.get(page(predicted)).content
    browser.post(page(predicted, "draw-from-all"))
    predicted.refresh_from_db()
    assert definition(predicted).images.names == ()
    assert browser.get(page(predicted, "choose-images")).context["is_the_studys_own"]


@pytest.mark.nightly
def test_images_without_predictions_are_chosen_as_well(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed())
    use(browser, study, own_set(study))
    study.refresh_from_db()
    response = browser.get(page(study, "choose-images"))
    assert b"A rule needs predictions" in response.content
    tick(browser, study, "car/0.png", "boat/2.png", "tree/3.png", "car/4.png")
    browser.post(page(study, "write-images"))
    study.refresh_from_db()
    assert len(definition(study).images.names) == 4
    assert definition(study).predictions_shown == (2, 1)  # as it was


def test_the_page_of_choice_says_how_many_images_the_study_needs(predicted, signed_in):
    right, wrong = definition(predicted).predictions_shown
    text = signed_in("editor").get(page(predicted, "choose-images")).content.decode()
    assert f"needs {right} right and {wrong} wrong predictions, {right + wrong} images" in text


@pytest.mark.nightly
def test_the_choice_begins_with_the_images_that_the_study_shows(predicted, signed_in):
    shown = {stimulus.prediction.image_id for stimulus in choose_stimuli(predicted)}
    browser = signed_in("editor")
    response = browser.get(page(predicted, "choose-images"))
    assert {image.pk for image in response.context["choice"].images} == shown
    assert "images that the study shows now" in response.content.decode()
    browser.post(page(predicted, "choose-images"), {"act": "clear"})
    response = browser.get(page(predicted, "choose-images"))
    assert "images chosen by you" in response.content.decode()
    assert not response.context["choice"].images


@pytest.mark.nightly
def test_no_image_is_no_choice(predicted, signed_in):
    response = signed_in("editor").post(page(predicted, "write-images"), follow=True)
    assert "No image is chosen" in said(response)


@pytest.mark.nightly
def test_a_study_with_participants_keeps_its_images(predicted, signed_in):
    choose_stimuli(predicted)
    for prediction in Prediction.objects.filter(image__image_set=predicted.image_set):
        prediction.explanations.create(method="gradcam", key="k", sha256="0", parameters={})
    services.open_study(study=predicted)
    services.enrol(study=predicted, arrival_key="a")
    browser = signed_in("editor")
    browser.post(page(predicted, "choose-images"), RULE)
    response = browser.post(page(predicted, "write-images"), follow=True)
    assert "has participants (1)" in said(response)
    predicted.refresh_from_db()
    assert definition(predicted).images.names == ()


def test_another_studys_images_cannot_be_ticked(predicted, other, signed_in):
    upload(signed_in("outsider"), other, packed(4))
    image = own_set(other).images.filter(split="test").first()
    browser = signed_in("editor")
    sent = {"act": "tick", "there": [image.pk], "ticked": [image.pk]}
    browser.post(page(predicted, "choose-images"), sent)
    assert chosen(browser, predicted) == []
    response = browser.post(page(predicted, "write-images"), follow=True)
    assert "No image is chosen" in said(response)


def test_a_file_with_parts_gets_its_numbers_in_the_part(study):
    class Named:
        source, sha256 = "car/1.png", "a" * 64

    text = '[images]\nset = "x" # ours\n\n[[parts]]\nkind = "instructions"\n[[parts]]\n' + (
        'kind = "trials"\nright = 1\nwrong = 0 # for now\n'
    )
    changed = image_edits.with_names(text, [Named()], (8, 4))
    assert changed == (
        '[images]\nset = "x" # ours\nnames = [\n    "car/1.png#aaaaaaaaaaaa",\n]\n\n[[parts]]\n'
        'kind = "instructions"\n[[parts]]\nkind = "trials"\nright = 8\nwrong = 4 # for now\n'
    )
    assert image_edits.without_names(image_edits.with_names(text, [Named()], None)) == text


def files_of(image) -> list:
    """The stored pixels, the uploaded files and the drawn pictures of an image."""
    maps = Explanation.objects.filter(prediction__image=image)
    return [
        image_store().path(image.sha256),
        *(original_store().path(kept.sha256) for kept in image.originals.all()),
        *(picture_path(picture_name(one, DEFAULT)) for one in maps),
    ]


def explain(image, study) -> None:
    """A map of the image, drawn once."""
    relevance = np.eye(32, dtype=np.float32)
    stored = artefact_store().write(f"{image.pk:064}", Attribution(relevance))
    prediction = Prediction.objects.get(image=image, classifier=study.classifier)
    prediction.explanations.create(method="saliency", parameters={}, **asdict(stored))


@pytest.mark.nightly
def test_an_uploaded_image_is_deleted_with_its_files_maps_and_pictures(
    predicted, signed_in, django_capture_on_commit_callbacks
):
    browser = signed_in("editor")
    image, other = predicted.image_set.images.filter(split="test")[:2]
    for one in (image, other):
        explain(one, predicted)
        explanation = Explanation.objects.get(prediction__image=one)
        browser.get(page(predicted, "map-picture", pk=explanation.pk))
    files, others = files_of(image), files_of(other)
    assert len(files) == 3
    assert all(path.is_file() for path in [*files, *others])
    with django_capture_on_commit_callbacks(execute=True):
        response = browser.post(page(predicted, "delete-image", pk=image.pk), follow=True)
    assert "car/0.png” was deleted" in said(response)
    assert not any(path.exists() for path in files)
    assert all(path.is_file() for path in others)
    assert not StudyImage.objects.filter(pk=image.pk).exists()
    assert AuditEntry.objects.filter(act="image deleted", study="drawn").exists()


@pytest.mark.nightly
def test_a_file_that_another_set_has_too_stays(
    predicted, other, signed_in, django_capture_on_commit_callbacks
):
    upload(signed_in("outsider"), other, packed(1))
    image = predicted.image_set.images.get(source="car/0.png")
    files = files_of(image)
    with django_capture_on_commit_callbacks(execute=True):
        signed_in("editor").post(page(predicted, "delete-image", pk=image.pk))
    assert all(path.is_file() for path in files)
    assert own_set(other).images.filter(sha256=image.sha256).exists()


@pytest.mark.nightly
@pytest.mark.parametrize("way", ["shown", "named", "launched"])
def test_an_image_in_use_is_not_deleted(predicted, signed_in, way):
    browser = signed_in("editor")
    if way == "named":
        tick(browser, predicted, *[f"{CLASSES[n % 4]}/{n}.png" for n in range(8)])
        browser.post(page(predicted, "write-images"))
        predicted.refresh_from_db()
    elif way == "shown":
        choose_stimuli(predicted)
    else:
        Study.objects.filter(pk=predicted.pk).update(state="open")
    shown = [row.prediction.image.source for row in predicted.stimuli.all()]
    name = shown[0] if shown else "car/0.png"
    image = predicted.image_set.images.get(source=name)
    response = browser.post(page(predicted, "delete-image", pk=image.pk), follow=True)
    assert "cannot be deleted" in said(response)
    assert StudyImage.objects.filter(pk=image.pk).exists()


def test_images_of_the_installation_are_not_deleted_by_a_study(study, signed_in):
    image = study.image_set.images.last()
    assert signed_in("owner").post(page(study, "delete-image", pk=image.pk)).status_code == 404


def test_a_deleted_study_takes_its_own_images_along_unless_another_uses_them(
    predicted, other, signed_in, django_capture_on_commit_callbacks
):
    def delete(one, name):
        address = reverse("panel:delete-study", args=[one.slug])
        with django_capture_on_commit_callbacks(execute=True):
            assert signed_in(name).post(address, {"typed": one.slug}).status_code == 302
        assert not Study.objects.filter(pk=one.pk).exists()

    upload(signed_in("outsider"), other, packed(4, first=900))
    theirs, ours = own_set(other), own_set(predicted)
    files = [path for image in theirs.images.filter(split="test") for path in files_of(image)]
    kept = [path for image in ours.images.all() for path in files_of(image)]
    assert all(path.is_file() for path in [*files, *kept])
    Study.objects.filter(pk=other.pk).update(image_set=ours)
    delete(predicted, "owner")
    assert ImageSet.objects.filter(pk=ours.pk).exists()
    delete(other, "outsider")
    assert not ImageSet.objects.filter(pk=theirs.pk).exists()
    assert not any(path.exists() for path in files)
    assert all(path.is_file() for path in kept)


@pytest.mark.nightly
def test_the_last_rule_is_in_the_form_again(predicted, signed_in):
    browser = signed_in("editor")
    browser.post(page(predicted, "choose-images"), RULE | {"lowest": 51})
    form = browser.get(page(predicted, "choose-images")).context["form"]
    assert (form["lowest"].value(), form["right"].value(), form["seed"].value()) == (51, 4, 3)


def test_the_last_image_of_a_set_leads_back_to_the_images_of_the_study(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed(1))
    image = own_set(study).images.get(split="test")
    response = browser.post(page(study, "delete-image", pk=image.pk), follow=True)
    assert response.status_code == 200
    assert response.context["shown"] == study.image_set


def test_folders_on_the_server_are_offered_where_there_are_any(study, signed_in, settings):
    browser = signed_in("editor")
    assert b"Folders on the server" not in browser.get(page(study)).content
    (settings.IMAGE_FOLDERS / "photos").mkdir(parents=True)
    assert b"Folders on the server" in browser.get(page(study)).content
    assert b"Folders on the server" not in signed_in("viewer").get(page(study)).content
    start = reverse("panel:start-job", args=[study.slug, "folder"])
    assert b"photos" in browser.get(start).content
    browser.post(start, {"folder": "photos", "split": "test"})
    arguments = Job.objects.get(study=study).arguments
    assert {"folder": "photos", "split": "test"}.items() <= arguments.items()
    jobs = browser.get(reverse("panel:jobs", args=[study.slug])).context["kinds"]
    assert "folder" not in [kind.key for kind in jobs]


def test_what_a_killed_upload_has_left_is_removed_by_the_next(study, signed_in, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "uploading"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir()
    old, new = (settings.FILE_UPLOAD_TEMP_DIR / f"{name}.upload.zip" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    upload(signed_in("editor"), study, packed(1))
    assert [path.name for path in settings.FILE_UPLOAD_TEMP_DIR.iterdir()] == [new.name]


def test_groups_of_images_such_as_difficulty_are_a_filter(study, signed_in):
    browser = signed_in("editor")
    upload(browser, study, packed())
    image_set = own_set(study)
    assert b'name="group"' not in browser.get(page(study), {"set": image_set.pk}).content
    image_set.images.filter(source__in=["car/0.png", "boat/2.png"]).update(group="hard")
    image_set.images.filter(source="car/4.png").update(group="easy")
    shown = browser.get(page(study), {"set": image_set.pk, "group": "hard"})
    assert shown.context["groups"] == ["easy", "hard"]
    assert names_of(shown) == ["car/0.png", "boat/2.png"]
    both = {"set": image_set.pk, "group": "hard", "class": "car"}
    assert names_of(browser.get(page(study), both)) == ["car/0.png"]
