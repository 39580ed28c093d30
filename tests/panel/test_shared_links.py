"""A link to a result with people's data is worthless to everybody else (S4)."""

from studyplatform.models import AuditEntry
from tests.panel.conftest import signed_in_and_confirmed
from tests.panel.test_jobs import address, done


def test_a_link_to_data_opens_for_its_owner_alone_and_not_after_signing_out(study):
    job = done(study, "export", {"small.zip": "all of it"})
    path = address(study, "job-file", job.pk, "small.zip")
    browser = signed_in_and_confirmed("analyst")
    given = browser.get(path)
    assert b"".join(given.streaming_content) == b"all of it"  # control
    browser.logout()
    replayed = browser.get(path)
    assert (replayed.status_code, replayed["Location"].partition("?")[0]) == (
        302, "/panel/account/sign-in/",
    )  # fmt: skip
    for role in ("viewer", "editor"):
        assert signed_in_and_confirmed(role).get(path).status_code in {403, 404}, role
    assert AuditEntry.objects.filter(act="result downloaded").count() == 1
