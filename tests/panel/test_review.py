"""Links for reviewers: the whole study in preview, nothing else, and nothing stored."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform.models import ReviewLink
from surveys.models import Participant, Study, Submission
from tests.panel.conftest import SWITCHES, add_member
from tests.surveys.drawn import drawn_study


@pytest.fixture
def drawn(db, tmp_path) -> Study:
    study = drawn_study(tmp_path)
    add_member(study, "owner", **SWITCHES["owner"])
    return study


@pytest.fixture
def link(drawn, signed_in) -> str:
    page = signed_in("owner").post(reverse("panel:new-review-link", args=[drawn.slug]))
    return re.search(r"http://testserver(/panel/review/[\w-]+/)", page.content.decode()).group(1)


def test_a_reviewer_sees_every_page_of_every_arm(drawn, link):
    reviewer = Client()
    page = reviewer.get(link, follow=True)
    assert page.status_code == 200
    assert "To the study" not in page.content.decode()
    for arm in drawn.arms.all():
        for number in range(5):
            path = reverse("preview:page", args=[drawn.slug, arm.key, "en", number])
            assert reviewer.get(path).status_code == 200


def test_nothing_of_a_review_is_stored(drawn, link):
    reviewer = Client()
    reviewer.get(link)
    reviewer.post(reverse("preview:page", args=[drawn.slug, "lime", "en", 1]), {"step": "x"})
    assert not Participant.objects.exists()
    assert not Submission.objects.exists()


def test_a_reviewer_sees_nothing_else(drawn, link, tmp_path):
    other = drawn_study(tmp_path, slug="other")
    reviewer = Client()
    reviewer.get(link)
    for path in (
        reverse("panel:study", args=[drawn.slug]),
        reverse("panel:members", args=[drawn.slug]),
        reverse("preview:begin", args=[other.slug]),
        reverse("admin:index"),
    ):
        assert (
            reviewer.get(path, follow=True)
            .redirect_chain[-1][0]
            .startswith(reverse("account_login"))
        )


@pytest.mark.parametrize("end", ["expires", "is withdrawn"])
def test_a_link_ends_also_where_it_is_open_already(drawn, link, signed_in, end):
    reviewer, begin = Client(), reverse("preview:begin", args=[drawn.slug])
    reviewer.get(link)
    assert reviewer.get(begin, follow=True).status_code == 200
    if end == "expires":
        ReviewLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    else:
        row = ReviewLink.objects.get()
        signed_in("owner").post(reverse("panel:withdraw-review-link", args=[drawn.slug, row.pk]))
    assert reviewer.get(link).status_code == 404
    assert (
        reviewer.get(begin, follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    )


def test_the_secret_is_not_in_the_database(drawn, link):
    (values,) = ReviewLink.objects.values()
    assert link.rstrip("/").rpartition("/")[2] not in str(values)


@pytest.mark.parametrize(("host", "is_told"), [("testserver", False), ("localhost:8000", True)])
def test_links_that_work_only_on_this_computer_say_so(drawn, signed_in, settings, host, is_told):
    settings.ALLOWED_HOSTS = ["testserver", "localhost"]
    owner = signed_in("owner")
    owner.defaults["HTTP_HOST"] = host
    made = owner.post(reverse("panel:new-review-link", args=[drawn.slug])).content.decode()
    invited = owner.post(
        reverse("panel:invite-member", args=[drawn.slug]), {"email": "colleague@example.org"}
    ).content.decode()
    for page in (made, invited):
        assert "/panel/" in page
        assert ("The link works only on this computer." in page) is is_told
