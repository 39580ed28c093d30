"""The PDF of a consent: uploaded in the panel, checked, shown, and given to participants."""

import hashlib
import tomllib
import zlib

import pypdfium2
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studyplatform.panel import pdf_checks, study_texts
from studyplatform.panel.consent_pdf_views import name_of
from studyplatform.panel.pdf_checks import fault_of
from studyplatform.reference import information_pdf
from surveys.models import Study
from surveys.services import documents
from surveys.services.stimuli import choose_stimuli
from surveys.services.studies import missing_for_launch
from surveys.study_checks import loading
from surveys.study_file.stored import definition
from tests.conftest import ROOT
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys import factories

PAGES = (
    b"1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n2 0 obj <</Type /Pages /Count 0>> endobj\n"
)


def pdf(*objects: bytes, hidden: bytes = b"") -> bytes:
    """A PDF of these objects, and of others in a compressed stream."""
    packed = zlib.compress(hidden)
    stream = b"9 0 obj <</Type /ObjStm /Filter /FlateDecode>> stream\n" + packed + b"\nendstream\n"
    return b"%PDF-1.7\n" + PAGES + b"\n".join(objects) + stream + b"startxref\n0\n%%EOF\n"


@pytest.fixture
def draft(db, tmp_path):
    study = factories.draft_study(tmp_path)
    for name in ("owner", "editor"):
        add_member(study, name, **SWITCHES[name])
    return study


def text_of(study):
    return study_texts.text_of(study, User.objects.get(username="owner"))


def upload(client, study, content, name="information.pdf", language="en"):
    address = reverse("panel:consent-pdf", args=[text_of(study).pk])
    file = SimpleUploadedFile(name, content)
    return client.post(address, {"language": language, "file": file})


def newest(study):
    return text_of(study).versions.all()[0].source


def use(study):
    study_texts.use(text_of(study), newest(study), User.objects.get(username="owner"))
    return Study.objects.get(pk=study.pk)


def test_a_pdf_is_uploaded_previewed_used_and_given_to_participants(draft, signed_in):
    content = pdf()
    assert upload(signed_in("editor"), draft, content, "Über uns.PDF").status_code == 302
    named = f"Uber uns.pdf#{hashlib.sha256(content).hexdigest()}"
    assert tomllib.loads(newest(draft))["consent"]["pdf"] == named
    assert len(newest(draft).splitlines()) == len(draft.source.splitlines()) + 1
    preview = reverse(
        "panel:draft-page",
        kwargs={"pk": text_of(draft).pk, "arm": "none", "language": "en", "number": 0},
    )
    address = reverse("panel:consent-pdf-file", args=[text_of(draft).pk, "en"])
    assert f'href="{address}"' in signed_in("editor").get(preview).content.decode()
    shown = signed_in("editor").get(address)
    assert b"".join(shown.streaming_content) == content
    study = use(draft)
    answer = Client().get(f"/s/{study.slug}/information.pdf")
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Security-Policy"].startswith("sandbox")
    assert f'href="/s/{study.slug}/information.pdf?language=en"' in signed_in("owner").get(
        reverse("preview:page", kwargs={"slug": study.slug, "arm": "none", "language": "en",
                                        "number": 0})
    ).content.decode()  # fmt: skip


def test_a_pdf_is_taken_away_again(draft, signed_in):
    upload(signed_in("editor"), draft, pdf())
    address = reverse("panel:consent-pdf", args=[text_of(draft).pk])
    signed_in("editor").post(address, {"act": "remove", "language": "en"})
    assert newest(draft) == draft.source
    file = reverse("panel:consent-pdf-file", args=[text_of(draft).pk, "en"])
    assert signed_in("editor").get(file).status_code == 404
    wrong = signed_in("editor").post(address, {"act": "remove", "language": "fr"})
    assert wrong.status_code == 404


def test_the_launch_lists_the_pdf_and_refuses_one_that_was_changed_on_the_disk(draft, signed_in):
    factories.predict(draft)
    upload(signed_in("editor"), draft, pdf())
    study = use(draft)
    choose_stimuli(study)
    (document,) = documents.declared_documents(definition(study))
    page = signed_in("owner").get(reverse("panel:launch", kwargs={"slug": study.slug}))
    assert document.sha256 in page.content.decode()
    assert not [line for line in missing_for_launch(study) if "PDF" in line]
    documents.path_of(document).write_bytes(pdf(b"% another"))
    assert "was changed on the disk" in " ".join(missing_for_launch(study))
    documents.path_of(document).unlink()
    assert "is not stored" in " ".join(missing_for_launch(study))


ACTIONS = {
    "a script": b"3 0 obj <</S /JavaScript /JS (app.alert\\(1\\))>> endobj\n",
    "a script whose name is written in codes": b"3 0 obj <</S /J#61vaScript>> endobj\n",
    "a program": b"3 0 obj <</S /Launch /F (x.exe)>> endobj\n",
    "a form that is sent": b"3 0 obj <</S /SubmitForm /F (https://example.org)>> endobj\n",
    "another file": b"3 0 obj <</Type /EmbeddedFile>> endobj\n",
}


@pytest.mark.parametrize("content", ACTIONS.values(), ids=ACTIONS.keys())
@pytest.mark.parametrize("is_hidden", [False, True], ids=["plain", "compressed"])
def test_a_pdf_that_does_more_than_show_pages_is_refused(content, is_hidden):
    made = pdf(hidden=content) if is_hidden else pdf(content)
    assert "more than show pages" in fault_of(made)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ" + pdf(), "does not begin with %PDF-"),
        (pdf()[:-40], "cut off"),
        (b"%PDF-1.7\nstartxref\n%%EOF", "has no pages"),
        (pdf(b"7 0 obj <</Encrypt 8 0 R>> endobj\n"), "encrypted"),
        (b"%PDF-" + bytes(documents.LARGEST), "At most 10 MB"),
    ],
    ids=["no PDF", "cut off", "no pages", "encrypted", "too large"],
)
def test_a_file_that_is_not_a_whole_pdf_is_refused_with_the_cure(content, said):
    assert said in fault_of(content)


def test_plain_pdfs_pass_also_real_ones():
    assert fault_of(pdf()) == ""
    report = (ROOT / "docs" / "examples" / "alienzoo" / "report.pdf").read_bytes()
    assert fault_of(report) == ""


def test_a_pdf_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(pdf_checks, "MOST_UNPACKED", 100_000)
    assert "unpacks to more" in fault_of(pdf(hidden=bytes(1_000_000)))


def test_nothing_is_stored_of_a_refused_file(draft, signed_in):
    before = sorted(documents.path_of(documents.Document("", "x")).parent.glob("*"))
    response = upload(signed_in("editor"), draft, pdf(ACTIONS["a script"]))
    assert response.status_code == 422
    assert "more than show pages (JavaScript)" in response.content.decode()
    assert newest(draft) == draft.source
    assert sorted(documents.path_of(documents.Document("", "x")).parent.glob("*")) == before


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Informationsblatt für Teilnehmende.pdf", "Informationsblatt fur Teilnehmende.pdf"),
        ("C:\\Lab\\a#b.PDF", "a-b.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("同意書.pdf", "information.pdf"),
        ("x" * 300 + ".pdf", "x" * 70 + ".pdf"),
    ],
)
def test_a_name_becomes_one_that_a_study_file_accepts(sent, kept):
    assert name_of(sent) == kept


@pytest.mark.django_db
def test_a_design_brings_its_pdf(settings):
    (design,) = [one for one in study_texts.templates() if one.name == "online-study.toml"]
    declared = loading.parse(study_texts.template_text(design.name))
    assert not list(documents.missing_documents(declared))
    for document in documents.declared_documents(declared):
        documents.path_of(document).unlink()  # the control
    assert list(documents.missing_documents(declared))


def test_the_shipped_pdf_is_what_its_script_writes_and_only_shows_a_page():
    written = information_pdf.pdf()
    assert (ROOT / "studies" / "examples" / "information.pdf").read_bytes() == written
    assert fault_of(written) == ""
    with pypdfium2.PdfDocument(written) as file:
        text = file[0].get_textpage()
        assert text.get_text_bounded().startswith(information_pdf.TITLE)
        boxes = [text.get_rect(number) for number in range(text.count_rects())]
        width, height = file[0].get_size()
    assert all(0 < x1 < x2 < width - 36 and 0 < y1 < y2 < height for x1, y1, x2, y2 in boxes)
