"""The API: what a token reads, what it never sees, its limits, and its documentation."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studyplatform.accounts.throttle import Limit
from studyplatform.jobs.folders import jobs_folder
from studyplatform.models import ApiToken, AuditEntry, Job
from studyplatform.panel.api_tokens import Scope, new_token
from studyplatform.security import POLICY
from surveys import services
from surveys.blinding import hidden_columns
from surveys.models import Identity, Participant, Study
from surveys.study_file.stored import definition
from tests.jobs.conftest import do_next, enqueue, researcher
from tests.panel.conftest import other_study, signed_in, signed_in_and_confirmed, study
from tests.panel.test_jobs import done
from tests.surveys import factories

__all__ = ["enqueue", "other_study", "researcher", "signed_in", "study"]  # fixtures
EVERYTHING = dict.fromkeys(Scope, True)
PAGE = "<!doctype html><html><head><style>p { color: red; }</style></head><body><p>3</p></body>"
COMMENT = "=SUM(1) I know whose map this is"


def token_of(
    study: Study, *, owner: str = "owner", lasts: int = 1, **scopes: bool
) -> dict[str, str]:
    """The header of a new token."""
    _, secret = new_token(
        study,
        name="a script",
        scopes={Scope(key): value for key, value in scopes.items()} or EVERYTHING,
        lasts=timedelta(days=lasts),
        by=User.objects.get(username=owner),
    )
    return {"Authorization": f"Bearer {secret}"}


def ask(headers: dict[str, str], name: str, /, query: str = "", **values: object):
    return Client(headers=headers).get(reverse(f"api:{name}", kwargs=values) + query)


@pytest.fixture
def exported(study, enqueue) -> Study:
    """Three people, one of them from a recruitment service, and an export of their data."""
    for number in range(3):
        factories.walk(factories.allocated(study, str(number)), choice=number)
    Identity.objects.create(
        participant=study.participants.first(), study=study,
        external_id="prolific-id-5f", external_hash="h" * 64, session_id="session-77",
    )  # fmt: skip
    enqueue("export", formats=["csv"], simulated="none")
    do_next()
    return study


def test_a_token_reads_its_study(study):
    (answer,) = ask(token_of(study), "studies").json()
    assert answer == {
        "slug": study.slug, "title": study.title, "state": "open", "unblinded": False,
        "scopes": ["progress", "tables", "reports"],
    }  # fmt: skip


def test_progress_counts_people_by_state_and_never_by_arm(exported):
    answer = ask(token_of(exported, progress=True), "progress", slug=exported.slug).json()
    assert answer.pop("at")
    assert answer == {
        "slug": exported.slug, "state": "open", "planned": 60,
        "completed": 3, "started": 0, "stopped": 0, "simulated": 0,
    }  # fmt: skip


def test_the_tables_are_those_of_the_export(exported):
    answer = ask(token_of(exported), "tables", slug=exported.slug).json()
    rows = {table["name"]: table["rows"] for table in answer["tables"]}
    assert rows["participants"] == 3
    assert {"answers", "trials", "pages", "codebook"} <= rows.keys()
    assert answer["export"]["simulated"] == "none"
    assert answer["export"]["arms_blinded"] is True
    job = Job.objects.get(kind="export")
    assert answer["export"]["data_sha256"] == job.result["provenance"]["data_sha256"]


def test_a_table_comes_page_by_page_and_the_pages_together_are_the_file(exported):
    headers, values = token_of(exported), {"slug": exported.slug, "name": "answers"}
    whole = written(exported, "answers")
    pages, rows = [], []
    for page in range(1, 1 + -(-(len(whole) - 1) // 7)):
        answer = ask(headers, "table", f"?page={page}&rows=7&format=csv", **values)
        assert answer.headers["Content-Type"].startswith("text/csv")
        header, *part = csv.reader(io.StringIO(answer.content.decode()))
        pages.append(len(part))
        rows += part
    assert [header, *rows] == whole
    assert set(pages[:-1]) == {7}
    for page in ("0", str(len(pages) + 1)):
        answer = ask(headers, "table", f"?page={page}&rows=7", **values)
        assert answer.status_code in {404, 422}
    assert ask(headers, "table", "?rows=100000", **values).status_code == 422


def test_json_has_the_types_of_the_codebook(exported):
    answer = ask(token_of(exported), "table", slug=exported.slug, name="participants").json()
    assert (answer["rows"], answer["page"], answer["pages"]) == (3, 1, 1)
    for record in answer["records"]:
        assert isinstance(record["simulated"], int)
        assert isinstance(record["seconds_total"], float)
        assert record["state"] == "completed"
    assert answer["records"][0]["participant"] in set(
        Participant.objects.values_list("pseudonym", flat=True)
    )


def test_a_text_that_a_spreadsheet_would_run_is_guarded_in_csv_and_itself_in_json(exported):
    path = file_of(exported, "participants")
    text = path.read_text()
    path.write_text(text.replace(",completed,", ",'=SUM(1),", 1))
    headers, values = token_of(exported), {"slug": exported.slug, "name": "participants"}
    assert ask(headers, "table", **values).json()["records"][0]["state"] == "=SUM(1)"
    assert "'=SUM(1)" in ask(headers, "table", "?format=csv", **values).content.decode()


def test_no_answer_shows_an_arm_while_blinded_nor_an_identifier_nor_more_than_the_export(exported):
    """Every address, with a token that may read everything."""
    headers, shown = token_of(exported), []
    for name in ("studies", "study", "progress", "tables", "reports"):
        values = {} if name == "studies" else {"slug": exported.slug}
        shown.append(ask(headers, name, **values).content.decode())
    hidden = hidden_columns(definition(exported))
    for table in json.loads(shown[3])["tables"]:
        answer = ask(headers, "table", slug=exported.slug, name=table["name"])
        if table["name"] != "codebook":
            assert not hidden & {key for row in answer.json()["records"] for key in row}
        as_csv = ask(headers, "table", "?format=csv&rows=5000", slug=exported.slug,
                     name=table["name"]).content.decode()  # fmt: skip
        # The answer is the export's own file, so there is nothing that the export does not have.
        assert list(csv.reader(io.StringIO(as_csv))) == written(exported, table["name"])
        shown += [answer.content.decode(), as_csv]
    together = "\n".join(shown)
    for secret in ("prolific-id-5f", "session-77", "h" * 64):
        assert secret not in together
    for person in exported.participants.all():
        for secret in (person.code, person.personal_code, person.completion_code):
            assert secret not in together
    assert "Arm gradcam" not in together


def test_after_the_unblinding_the_next_export_shows_arms_and_the_older_one_stays_hidden(
    exported, enqueue
):
    """A negative control of the test above: arms are found where they may be seen."""
    factories.end_and_unblind(exported)
    exported.refresh_from_db()
    enqueue("export", formats=["csv"], simulated="none")
    do_next()
    headers, values = token_of(exported), {"slug": exported.slug, "name": "participants"}
    answer = ask(headers, "table", **values).json()
    assert answer["export"]["arms_blinded"] is False
    assert {record["arm"] for record in answer["records"]} <= set(factories.ARMS)
    # As if the study were blinded: an export with arms is never given away then.
    Study.objects.filter(pk=exported.pk).update(unblinded_at=None, unblinding_reason="")
    assert "arm" not in ask(headers, "table", **values).json()["records"][0]


def test_an_export_of_simulated_people_is_given_only_if_asked_for(exported):
    headers, values = token_of(exported), {"slug": exported.slug}
    assert ask(headers, "tables", "?simulated=only", **values).status_code == 404
    Job.objects.filter(kind="export").update(arguments={"simulated": "only", "formats": ["csv"]})
    assert ask(headers, "tables", **values).status_code == 404
    assert ask(headers, "tables", "?simulated=only", **values).status_code == 200


def test_after_an_erasure_the_tables_are_gone_until_the_next_export(
    exported, enqueue, django_capture_on_commit_callbacks
):
    headers, values = token_of(exported), {"slug": exported.slug}
    with django_capture_on_commit_callbacks(execute=True):
        services.erase(participant=exported.participants.first())
    assert ask(headers, "tables", **values).status_code == 404
    enqueue("export", formats=["csv"], simulated="none")
    do_next()
    answer = ask(headers, "table", **values, name="participants").json()
    assert len(answer["records"]) == 2


@pytest.mark.parametrize("scope", Scope)
def test_what_is_not_in_the_scopes_answers_as_if_it_did_not_exist(exported, scope):
    report = done(exported, "report", {"report.html": PAGE, "results.json": "{}"})
    headers = token_of(exported, **{scope: True})
    of_scope = {
        "progress": ("progress", {}),
        "tables": ("tables", {}),
        "reports": ("report-results", {"number": report.pk}),
    }
    nowhere = ask(headers, "progress", slug="no-such-study")
    assert nowhere.status_code == 404
    for name, (url_name, values) in of_scope.items():
        answer = ask(headers, url_name, slug=exported.slug, **values)
        assert (answer.status_code == 200) == (name == scope)
        if name != scope:
            assert (answer.status_code, answer.content) == (404, nowhere.content)


def test_another_studys_objects_answer_404_under_ones_own_token(exported, other_study):
    foreign = done(other_study, "report", {"report.html": PAGE, "results.json": "{}"})
    own = done(exported, "report", {"report.html": PAGE, "results.json": "{}"})
    headers = token_of(exported)
    for name, values in (
        ("study", {}), ("progress", {}), ("tables", {}), ("table", {"name": "participants"}),
        ("reports", {}), ("report-results", {"number": foreign.pk}),
        ("report-page", {"number": foreign.pk}),
    ):  # fmt: skip
        assert ask(headers, name, slug=other_study.slug, **values).status_code == 404, name
    for name in ("report-results", "report-page"):
        assert ask(headers, name, slug=exported.slug, number=foreign.pk).status_code == 404
        assert ask(headers, name, slug=exported.slug, number=own.pk).status_code == 200
    assert [study["slug"] for study in ask(headers, "studies").json()] == [exported.slug]


def test_a_report_is_listed_with_its_numbers_and_its_page(study):
    report = done(study, "report", {"report.html": PAGE, "results.json": '{"n": 3}'})
    headers = token_of(study, reports=True)
    (entry,) = ask(headers, "reports", slug=study.slug).json()["reports"]
    assert entry["report"]["number"] == report.pk
    assert entry["report"]["data_sha256"] == "d" * 64
    client = Client(headers=headers)
    assert client.get(entry["results"]).json() == {"n": 3}
    page = client.get(entry["page"])
    assert page.content.decode() == PAGE
    # The page's own style works, and nothing else that somebody might smuggle into it.
    policy = page.headers["Content-Security-Policy"]
    assert "'sha256-" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_a_report_that_shows_arms_is_hidden_while_the_study_is_blinded(study):
    report = done(study, "report", {"report.html": PAGE, "results.json": "{}"}, reveals=True)
    headers, values = token_of(study), {"slug": study.slug, "number": report.pk}
    assert ask(headers, "reports", slug=study.slug).json()["count"] == 0
    for name in ("report-results", "report-page"):
        assert ask(headers, name, **values).status_code == 404
    factories.end_and_unblind(study)
    assert ask(headers, "report-results", **values).status_code == 200


def test_only_listed_files_are_given(study):
    report = done(study, "report", {"results.json": "{}"})
    assert ask(token_of(study), "report-page", slug=study.slug, number=report.pk).status_code == 404
    assert ask(token_of(study), "table", slug=study.slug, name="participants").status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer xst_" + "a" * 43]
)
def test_without_a_valid_token_nothing_is_answered(study, header):
    headers = {"Authorization": header} if header else {}
    answer = ask(headers, "progress", slug=study.slug)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Make one on the study's tab" in answer.json()["detail"]


def test_a_session_is_not_a_token(study, signed_in):
    assert signed_in("owner").get(reverse("api:studies")).status_code == 401


def test_a_token_ends_when_it_expires_is_revoked_or_its_maker_is_no_owner_any_more(
    study, signed_in
):
    member = study.members.get(user__username="owner")
    headers = token_of(study)
    works = lambda: ask(headers, "studies").status_code == 200  # noqa: E731
    assert works()
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not works()
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    study.members.filter(pk=member.pk).update(owner=False)
    assert not works()
    study.members.filter(pk=member.pk).update(owner=True)
    assert works()
    User.objects.filter(username="owner").update(is_active=False)
    assert not works()
    User.objects.filter(username="owner").update(is_active=True)
    path = reverse("panel:revoke-api-token", args=[study.slug, ApiToken.objects.get().pk])
    assert signed_in("owner").post(path).status_code == 302
    assert not works()


def test_a_token_that_asks_too_often_waits_and_others_do_not(study, monkeypatch):
    few = Limit("API by token", 3, timedelta(minutes=1))
    monkeypatch.setattr("studyplatform.api.tokens.PER_TOKEN", few)
    first, second = token_of(study), token_of(study)
    assert [ask(first, "studies").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = ask(first, "studies")
    assert refused.headers["Retry-After"] == "60"
    assert "Ask again in 60 seconds" in refused.json()["detail"]
    assert ask(second, "studies").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(study, method):
    client = Client(headers=token_of(study))
    assert getattr(client, method)(reverse("api:studies")).status_code == 405


def test_an_owner_makes_a_token_that_is_shown_once_and_stored_as_a_hash(study):
    owner = signed_in_and_confirmed("owner")
    path = reverse("panel:api-tokens", args=[study.slug])
    page = owner.post(path, {"name": "notebook", "tables": "on", "lasts": "30"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    token = ApiToken.objects.get()
    assert (token.progress, token.tables, token.reports) == (False, True, False)
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    assert token.last_used_at is None
    assert all(secret not in str(value) for value in ApiToken.objects.values_list().get())
    assert secret not in owner.get(path).content.decode()
    headers = {"Authorization": f"Bearer {secret}"}
    assert ask(headers, "studies").json()[0]["scopes"] == ["tables"]
    assert "never" not in owner.get(path).content.decode()


def test_a_token_is_made_only_by_somebody_who_has_just_confirmed_who_it_is(study, signed_in):
    path = reverse("panel:api-tokens", args=[study.slug])
    answer = signed_in("owner").post(path, {"name": "notebook", "tables": "on", "lasts": "30"})
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not ApiToken.objects.exists()


def test_a_token_needs_a_name_and_a_scope(study):
    owner = signed_in_and_confirmed("owner")
    path = reverse("panel:api-tokens", args=[study.slug])
    page = owner.post(path, {"name": "", "lasts": "30"})
    assert page.status_code == 422
    assert "Choose at least one thing that the token may read." in page.content.decode()
    assert not ApiToken.objects.exists()


def test_making_revoking_and_reading_are_in_the_audit_without_the_secret(exported):
    headers = token_of(exported)
    for _ in range(3):
        ask(headers, "table", slug=exported.slug, name="participants")
    reading = AuditEntry.objects.get(act="read over the API")  # once, though it was read thrice
    assert (reading.way, reading.who) == ("api", "owner")
    assert reading.after == {
        "token": "a script", "job": Job.objects.get().pk, "file": "participants.csv",
    }  # fmt: skip
    token = ApiToken.objects.get()
    path = reverse("panel:revoke-api-token", args=[exported.slug, token.pk])
    signed_in_and_confirmed("owner").post(path)
    made, revoked = (
        AuditEntry.objects.get(act=act) for act in ("API token made", "API token revoked")
    )
    assert made.after["scopes"] == ["progress", "tables", "reports"]
    assert revoked.before == {"token": "a script"}
    secret = headers["Authorization"].removeprefix("Bearer ")
    assert secret not in json.dumps([made.after, revoked.before, reading.after])


def test_the_reference_describes_every_address_from_this_server_alone(db):
    page = Client().get(reverse("api:openapi-view"))
    text = page.content.decode()
    assert page.headers["Content-Security-Policy"] == POLICY
    schema = Client().get(reverse("api:openapi-json")).json()
    assert len(schema["paths"]) == 8
    for path, methods in schema["paths"].items():
        assert path in text
        assert list(methods) == ["get"]
        assert methods["get"]["security"] == [{"Bearer": []}]
        assert methods["get"]["description"].partition("\n")[0][:40] in text
    for part in ("Made", "TableEntry", "ReportEntry"):
        assert f'<h2 id="{part}">' in text
    assert "<script" not in text
    assert "https://" not in text


def file_of(study: Study, name: str):
    job = Job.objects.filter(kind="export").latest("pk")
    folder = jobs_folder() / str(job.pk) / str(job.result["token"]) / "output"
    return folder / study.slug / f"{name}.csv"


def written(study: Study, name: str) -> list[list[str]]:
    """The rows of a table's file, with its header."""
    with file_of(study, name).open(newline="") as file:
        return list(csv.reader(file))
