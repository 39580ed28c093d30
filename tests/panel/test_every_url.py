"""Every URL of the installation, by every kind of visitor. A URL without a row fails."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from explanations.attribution import Attribution
from explanations.models import Explanation, ImageSet, Prediction, StudyImage
from explanations.pipeline.data_folder import artefact_store, image_store
from studyplatform.accounts.links import INVITATION_LASTS, _sha256
from studyplatform.models import AccountLink, ApiToken, Job, ReviewLink, StudyImageSet, StudyMember
from studyplatform.panel.api_tokens import Scope
from studyplatform.panel.study_texts import text_of
from surveys import services
from surveys.models import Identity, Participant, Study
from tests.panel.conftest import SWITCHES, add_member
from tests.panel.test_jobs import done
from tests.surveys import factories
from tests.surveys.drawn import CLASSES, drawn_study

ADMINISTRATOR = frozenset({"administrator"})
OWNERS = ADMINISTRATOR | {"owner"}
CHANGING = OWNERS | {"editor"}
SEEING_DATA = OWNERS | {"analyst"}
MEMBERS = CHANGING | SEEING_DATA | {"viewer"}
SIGNED_IN = MEMBERS | {"outsider"}
TOKENS = frozenset({"progress token", "tables token", "reports token", "foreign token"})
WITHOUT_ACCOUNT = TOKENS | {"anonymous", "participant"}
EVERYBODY = SIGNED_IN | WITHOUT_ACCOUNT
VISITORS = tuple(sorted(EVERYBODY))
BY_RIGHTS = (
    "anonymous", "participant", *sorted(TOKENS),
    "outsider", "viewer", "analyst", "editor", "owner", "administrator",
)  # fmt: skip
"""From those who may do the least to those who may do the most."""
TOKEN = "the-secret-of-an-invitation"
CSV = {
    "participants.csv": "participant,state\nanna,completed\n",
    "codebook.csv": "file,column,type\nparticipants.csv,state,category\n",
}


def nothing(study: Study) -> dict[str, object]:
    return {}


@dataclass(frozen=True, eq=False)
class Row:
    """Who may open the URL; everybody else gets 404 or, without an account, the sign-in."""

    seen_by: frozenset[str]
    objects: Callable[[Study], dict[str, object]] = nothing
    """Values of the URL's parameters, other than the slug, that belong to the study."""
    method: str = "get"
    data: dict[str, str] = field(default_factory=dict)
    may_lack: bool = False
    """Whether there is nothing at this address even for those who may open it."""


def person_of(study: Study) -> Participant:
    return study.participants.order_by("pk").first()


def of_participant(study: Study) -> dict[str, object]:
    person = person_of(study)
    trial = person.trials.first()
    return {"code": person.code, "picture_code": trial.picture_code if trial else "x"}


def a_member(study: Study) -> dict[str, object]:
    return {"pk": study.members.order_by("pk").first().pk}


def a_pseudonym(study: Study) -> dict[str, object]:
    return {"pseudonym": person_of(study).pseudonym}


def a_note(study: Study) -> dict[str, object]:
    return a_pseudonym(study) | {"pk": person_of(study).notes.get().pk}


def an_invitation(study: Study) -> dict[str, object]:
    return {"pk": study.invitations.get().pk}


def a_review_link(study: Study) -> dict[str, object]:
    return {"pk": study.review_links.get().pk}


def a_text(study: Study) -> dict[str, object]:
    return {"pk": text_of(study, User.objects.get(username="owner")).pk}


def a_version(study: Study) -> dict[str, object]:
    return a_text(study) | {"number": 1}


def a_job(study: Study, kind: str = "maps") -> dict[str, object]:
    return {"pk": study.jobs.filter(kind=kind).order_by("pk").first().pk}


def a_power_job(study: Study) -> dict[str, object]:
    return a_job(study, "power")


def a_data_job(study: Study) -> dict[str, object]:
    return a_job(study, "export")


def a_table(study: Study) -> dict[str, object]:
    return {"name": "participants"}


def a_report(study: Study) -> dict[str, object]:
    return {"number": study.jobs.get(kind="report").pk}


def a_token(study: Study) -> dict[str, object]:
    return {"pk": study.api_tokens.order_by("pk").first().pk}


def an_own_image(study: Study) -> dict[str, object]:
    """An image that was uploaded for the study."""
    return {"pk": StudyImage.objects.get(image_set__owned__study=study).pk}


def a_map_of_its_own(study: Study) -> dict[str, object]:
    """A map of the image that was uploaded for the study."""
    maps = Explanation.objects.filter(prediction__image__image_set__owned__study=study)
    return {"pk": maps.get().pk}


def of_preview(study: Study) -> dict[str, object]:
    return {"arm": "gradcam", "language": "en", "number": 1, "picture_code": "example-image"}


ROWS = {
    "health": Row(EVERYBODY),
    "metrics": Row(frozenset()),  # whoever has the server's token (tests/jobs/test_metrics.py)
    # Participants' pages: whoever has the address or the code may come.
    "home": Row(EVERYBODY),
    "landing": Row(EVERYBODY),
    "withdraw-later": Row(EVERYBODY),
    "declined": Row(EVERYBODY),
    "information": Row(EVERYBODY, may_lack=True),
    "deleted": Row(EVERYBODY),
    "anew": Row(EVERYBODY),
    "go-on": Row(EVERYBODY),
    "prolific-news": Row(EVERYBODY, method="post", may_lack=True),
    "page": Row(EVERYBODY, of_participant),
    "withdraw": Row(EVERYBODY, of_participant),
    "next-session": Row(EVERYBODY, of_participant),
    "picture": Row(EVERYBODY, of_participant, may_lack=True),
    "kept-picture": Row(
        EVERYBODY, lambda study: of_participant(study) | {"files": "x"}, may_lack=True
    ),
    "legend": Row(EVERYBODY, lambda study: {"name": "x"}, may_lack=True),
    # Accounts
    "account_login": Row(EVERYBODY),
    "account_reset_password": Row(EVERYBODY),
    "account-link": Row(EVERYBODY, lambda study: {"token": f"{TOKEN}-{study.slug}"}),
    "account_set_password": Row(EVERYBODY),
    "mfa_authenticate": Row(SIGNED_IN),
    "mfa_login_webauthn": Row(SIGNED_IN),
    "account_logout": Row(SIGNED_IN),
    "mfa_index": Row(SIGNED_IN),
    "account_reauthenticate": Row(SIGNED_IN),
    "mfa_reauthenticate": Row(SIGNED_IN),
    "mfa_reauthenticate_webauthn": Row(SIGNED_IN),
    "account_change_password": Row(SIGNED_IN),
    "mfa_activate_totp": Row(SIGNED_IN),
    "mfa_deactivate_totp": Row(SIGNED_IN, may_lack=True),
    "mfa_list_webauthn": Row(SIGNED_IN),
    "mfa_add_webauthn": Row(SIGNED_IN),
    "mfa_remove_webauthn": Row(SIGNED_IN, lambda study: {"pk": 1}, may_lack=True),
    "mfa_view_recovery_codes": Row(SIGNED_IN, may_lack=True),
    "mfa_generate_recovery_codes": Row(SIGNED_IN),
    "mfa_download_recovery_codes": Row(SIGNED_IN, may_lack=True),
    "end-session": Row(SIGNED_IN, method="post", data={"session": "all"}),
    "time-zone": Row(SIGNED_IN, method="post", data={"time_zone": "Europe/Berlin"}),
    "panel:questionnaires": Row(SIGNED_IN),
    "panel:load-questionnaire": Row(SIGNED_IN),
    "panel:questionnaire": Row(SIGNED_IN, lambda study: {"key": "trust-v1"}),
    "people": Row(ADMINISTRATOR),
    "person": Row(ADMINISTRATOR, lambda study: {"pk": User.objects.get(username="viewer").pk}),
    # The panel
    "panel:home": Row(SIGNED_IN),
    "panel:source-report": Row(SIGNED_IN),
    "panel:published": Row(SIGNED_IN),
    "panel:published-study": Row(SIGNED_IN, lambda study: {"name": "nesl"}),
    "panel:published-report": Row(SIGNED_IN, lambda study: {"name": "alienzoo"}),
    "panel:published-plan": Row(SIGNED_IN, lambda study: {"name": "nesl", "plan": "text.toml"}),
    "panel:study": Row(MEMBERS),
    "panel:delete-study": Row(OWNERS),
    "panel:new-study": Row(SIGNED_IN),
    "panel:guide": Row(SIGNED_IN),
    "panel:study-file": Row(CHANGING),
    "panel:study-text": Row(CHANGING, a_text),
    "panel:study-section": Row(CHANGING, lambda study: {"section": "texts"}),
    "panel:edit-section": Row(CHANGING, lambda study: a_text(study) | {"section": "texts"}),
    "panel:live-preview": Row(
        CHANGING, lambda study: a_text(study) | {"section": "texts"}, method="post"
    ),
    "panel:draft-begin": Row(CHANGING, a_text),
    "panel:draft-page": Row(CHANGING, lambda study: a_text(study) | of_preview(study)),
    "panel:draft-picture": Row(
        CHANGING, lambda study: a_text(study) | of_preview(study), may_lack=True
    ),
    "panel:consent-pdf": Row(CHANGING, a_text),
    "panel:consent-pdf-file": Row(
        CHANGING, lambda study: a_text(study) | {"language": "en"}, may_lack=True
    ),
    "panel:compare-versions": Row(CHANGING, a_version),
    "panel:download-version": Row(CHANGING, a_version),
    "panel:jobs": Row(MEMBERS),
    "panel:start-job": Row(CHANGING, lambda study: {"key": "maps"}),
    "panel:job": Row(MEMBERS, a_job),
    "panel:job-progress": Row(MEMBERS, a_job),
    "panel:cancel-job": Row(CHANGING, a_job, method="post"),
    "panel:retry-job": Row(CHANGING, a_job, method="post"),
    "panel:delete-job": Row(CHANGING, a_job, method="post"),
    "panel:job-file": Row(MEMBERS, lambda study: a_job(study) | {"name": "x.csv"}, may_lack=True),
    "panel:feedback": Row(SEEING_DATA),
    "panel:feedback-csv": Row(SEEING_DATA, may_lack=True),  # a study may not ask what is wrong
    "panel:feedback-json": Row(SEEING_DATA, may_lack=True),
    "panel:feedback-picture": Row(
        SEEING_DATA,
        lambda study: {"stimulus": study.stimuli.order_by("pk").first().pk, "name": "image"},
    ),
    "panel:data": Row(SEEING_DATA),
    "panel:compare-reports": Row(SEEING_DATA, may_lack=True),
    "panel:monitor": Row(SEEING_DATA),
    "panel:session-links": Row(OWNERS, lambda study: {"session": "week"}, may_lack=True),
    "panel:audit": Row(CHANGING),
    "panel:audit-csv": Row(CHANGING),
    "panel:participants": Row(SEEING_DATA),
    "panel:participant": Row(SEEING_DATA, a_pseudonym),
    "panel:erase-participant": Row(OWNERS, a_pseudonym, method="post"),
    "panel:exclude-participant": Row(
        SEEING_DATA,
        a_pseudonym,
        method="post",
        data={"reason": "The phone broke.", "scope": "per_protocol"},
    ),
    "panel:include-participant": Row(SEEING_DATA, a_pseudonym, method="post"),
    "panel:note-on-participant": Row(
        SEEING_DATA, a_pseudonym, method="post", data={"text": "Called us."}
    ),
    # Analysts delete notes of their own alone, and this one is the owner's.
    "panel:delete-note": Row(OWNERS, a_note, method="post"),
    "panel:decide-submission": Row(
        OWNERS, a_pseudonym, method="post", data={"decision": "approve"}
    ),
    "panel:submissions": Row(OWNERS),
    "panel:approve-submissions": Row(OWNERS, method="post"),
    "panel:refresh-statuses": Row(OWNERS, method="post"),
    "panel:compare-submissions": Row(OWNERS, method="post"),
    "panel:prepare-decisions": Row(OWNERS, method="post", may_lack=True),
    "panel:send-decisions": Row(OWNERS, method="post", may_lack=True),
    "panel:prepare-service-places": Row(OWNERS, method="post", may_lack=True),
    "panel:send-service-places": Row(OWNERS, method="post", may_lack=True),
    "panel:bonuses": Row(OWNERS, may_lack=True),
    "panel:pay-bonuses": Row(OWNERS, method="post", may_lack=True),
    "panel:images": Row(MEMBERS),
    "panel:upload-images": Row(CHANGING),
    "panel:use-images": Row(
        CHANGING,
        method="post",
        # The set that the study uses already.
        data={"split": "test"},
    ),
    "panel:choose-images": Row(CHANGING),
    "panel:write-images": Row(CHANGING, method="post"),
    "panel:draw-from-all": Row(CHANGING, method="post"),
    "panel:delete-image": Row(CHANGING, an_own_image, method="post"),
    "panel:image-picture": Row(MEMBERS, an_own_image),
    "panel:plan": Row(MEMBERS),
    "panel:write-sample": Row(CHANGING, a_power_job, method="post"),
    "panel:write-registration": Row(
        CHANGING,
        method="post",
        data={"url": "https://osf.io/abcde", "registered_at": "2026-12-01T09:30"},
    ),
    "panel:preregistration": Row(MEMBERS, lambda study: {"name": "registered.json"}),
    "panel:explanations": Row(MEMBERS),
    "panel:register-classifier": Row(CHANGING),
    "panel:explained-image": Row(MEMBERS, an_own_image),
    "panel:map-picture": Row(MEMBERS, a_map_of_its_own),
    "panel:legend-picture": Row(MEMBERS, lambda study: {"method": "gradcam"}),
    "panel:launch": Row(MEMBERS),
    "panel:pilot": Row(CHANGING),
    "panel:archive": Row(OWNERS, method="post"),
    "panel:open": Row(OWNERS, method="post"),
    "panel:schedule": Row(OWNERS),
    "panel:places": Row(OWNERS),
    "panel:pause": Row(CHANGING, method="post"),
    "panel:resume": Row(CHANGING, method="post"),
    "panel:end": Row(OWNERS, method="post"),
    # The study is running; after the end of collection, whoever sees data may.
    "panel:unblind": Row(OWNERS, method="post", data={"reason": "The analysis begins."}),
    "panel:members": Row(MEMBERS),
    "panel:invite-member": Row(OWNERS, method="post", data={"email": "new@example.org"}),
    "panel:withdraw-invitation": Row(OWNERS, an_invitation, method="post"),
    "panel:new-review-link": Row(OWNERS, method="post"),
    "panel:withdraw-review-link": Row(OWNERS, a_review_link, method="post"),
    "panel:review": Row(EVERYBODY, lambda study: {"token": f"{TOKEN}-{study.slug}"}),
    "panel:member": Row(OWNERS, a_member),
    "panel:remove-member": Row(OWNERS, a_member, method="post"),
    "panel:api-tokens": Row(OWNERS),
    "panel:revoke-api-token": Row(OWNERS, a_token, method="post"),
    # The API, which knows tokens alone, whoever is signed in
    "api:openapi-json": Row(EVERYBODY),
    "api:openapi-view": Row(EVERYBODY),
    "api:api-root": Row(frozenset()),
    "api:studies": Row(TOKENS),
    "api:study": Row(TOKENS - {"foreign token"}),
    "api:progress": Row(frozenset({"progress token"})),
    "api:tables": Row(frozenset({"tables token"})),
    "api:table": Row(frozenset({"tables token"}), a_table),
    "api:reports": Row(frozenset({"reports token"})),
    "api:report-results": Row(frozenset({"reports token"}), a_report),
    "api:report-page": Row(frozenset({"reports token"}), a_report),
    # Pages under /admin/ that belong to the panel
    "preview:begin": Row(MEMBERS),
    "preview:phone-style": Row(EVERYBODY),  # of the participants' public style sheet
    "preview:page": Row(MEMBERS, of_preview),
    "preview:picture": Row(MEMBERS, of_preview, may_lack=True),
    "explanations:image-picture": Row(
        ADMINISTRATOR, lambda study: {"pk": StudyImage.objects.first().pk}
    ),
    "explanations:map-picture": Row(
        ADMINISTRATOR, lambda study: {"pk": Explanation.objects.first().pk}
    ),
    "explanations:legend-picture": Row(ADMINISTRATOR, lambda study: {"method": "gradcam"}),
    "questionnaires:list": Row(SIGNED_IN),  # earlier addresses, which lead to the panel's
    "questionnaires:preview": Row(SIGNED_IN, lambda study: {"key": "trust-v1"}),
    "draft-study": Row(ADMINISTRATOR),
}
FURTHER_ROWS = [
    # Pages that say what an act does before it is done.
    ("panel:pilot", Row(CHANGING, method="post")),
    ("panel:open", Row(OWNERS)),
    ("panel:end", Row(OWNERS)),
    ("panel:unblind", Row(OWNERS)),
    ("panel:delete-study", Row(OWNERS, method="post")),
    # Jobs made from people's answers are for those alone who may see data.
    ("panel:start-job", Row(SEEING_DATA, lambda study: {"key": "export"})),
    ("panel:job", Row(SEEING_DATA, a_data_job)),
    ("panel:job-progress", Row(SEEING_DATA, a_data_job)),
    ("panel:cancel-job", Row(SEEING_DATA, a_data_job, method="post")),
    ("panel:retry-job", Row(SEEING_DATA, a_data_job, method="post")),
    ("panel:delete-job", Row(SEEING_DATA, a_data_job, method="post")),
    (
        "panel:job-file",
        Row(SEEING_DATA, lambda study: a_data_job(study) | {"name": "x.csv"}, may_lack=True),
    ),
]
"""Further rows of URLs that several kinds of objects have."""
# The stock admin adds a URL for each table; all of them are the administrators'.
ADMIN = Row(
    ADMINISTRATOR,
    lambda study: {
        "object_id": 1,
        "id": 1,
        "url": "x",
        "content_type_id": 1,
        "app_label": "surveys",
    },
    may_lack=True,
)
TOLD_APART = ("owner", "administrator")  # visitors without an account are sent away like owners
ADMIN_ROWS = {
    # It sends visitors to the sign-in, and somebody who is signed in already nowhere.
    "admin:login": Row(frozenset()),
}


def patterns(resolver: URLResolver, names: str = "", route: str = "") -> Iterator[tuple[str, str]]:
    """The name and the route of every URL below the resolver."""
    for pattern in resolver.url_patterns:
        place = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield names + (pattern.name or ""), place
        else:
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from patterns(pattern, names + space, place)


ALL = list(patterns(get_resolver()))


def rows_of(name: str) -> list[Row]:
    if name.startswith("admin:"):
        return [ADMIN_ROWS.get(name, ADMIN)]
    further = [row for other, row in FURTHER_ROWS if other == name]
    return [ROWS[name], *further] if name in ROWS else []


def every_row() -> Iterator[tuple[str, str, Row]]:
    for name, route in ALL:
        for row in rows_of(name):
            yield name, route, row


def address(route: str, values: dict[str, object]) -> str:
    """The route with its parameters filled in."""
    filled = re.sub(r"\(\?P<(\w+)>[^)]*\)\$?", lambda found: str(values[found[1]]), route)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), filled)


def test_every_url_has_a_row_and_every_row_a_url():
    names = {name for name, _ in ALL if not name.startswith("admin:")}
    assert (sorted(names - ROWS.keys()), sorted(ROWS.keys() - names)) == ([], [])


def two_studies(folder: Path) -> tuple[Study, Study]:
    """Two studies with members of all kinds, a participant and an invitation each."""
    study = drawn_study(folder)
    other = drawn_study(folder, slug="other")
    for name, switches in SWITCHES.items():
        add_member(study, name, **switches)
        add_member(other, f"other {name}", **switches)
    StudyMember.objects.create(
        study=other,
        user=User.objects.create_user("outsider", password="a phrase"),
        **SWITCHES["owner"],
    )
    User.objects.create_superuser("administrator", password="a phrase")
    for each in (study, other):
        person = services.enrol(study=each, arrival_key=each.slug)
        factories.allocate(person)
        person.notes.create(text="A note.", by="owner")
        Identity.objects.create(study=each, participant=person, external_hash=each.slug)
        AccountLink.objects.create(
            purpose="invitation",
            token_sha256=_sha256(f"{TOKEN}-{each.slug}"),
            email=f"somebody@{each.slug}.example.org",
            study=each,
            expires_at=timezone.now() + INVITATION_LASTS,
        )
        Job.objects.create(
            kind="power", study=each, request_sha256=f"power {each.slug}", state="done",
            queued_at=timezone.now(), finished_at=timezone.now(), started_at=timezone.now(),
            result={"token": 1, "files": []},
        )  # fmt: skip
        for kind in ("maps", "export"):
            Job.objects.create(
                kind=kind,
                study=each,
                request_sha256=f"{kind} {each.slug}",
                queued_at=timezone.now(),
            )
        job = done(each, "export", {f"{each.slug}/{name}": text for name, text in CSV.items()})
        job.result["provenance"]["rows"] = dict.fromkeys(CSV, 1)
        job.save()
        done(each, "report", dict.fromkeys(("report.html", "results.json"), "{}"))
        for scope in Scope:
            ApiToken.objects.create(
                study=each,
                name="a script",
                token_sha256=_sha256(f"{TOKEN}-{scope}-{each.slug}"),
                created_by=User.objects.get(username="owner" if each == study else "other owner"),
                expires_at=timezone.now() + INVITATION_LASTS,
                **{scope.value: True},
            )
        uploaded = ImageSet.objects.create(name=f"{each.slug}-images", class_names=list(CLASSES))
        StudyImageSet.objects.create(image_set=uploaded, study=each)
        pixels = np.full((32, 32, 3), each.pk, dtype=np.uint8)
        image = StudyImage.objects.create(
            image_set=uploaded,
            sha256=image_store().write(pixels),
            split="test",
            true_class=CLASSES[0],
            source="car/1.png",
            width=32,
            height=32,
        )
        prediction = Prediction.objects.create(
            image=image,
            classifier=each.classifier,
            predicted_class=CLASSES[0],
            probability=1,
            probabilities=[1, 0, 0, 0],
            is_correct=True,
        )
        relevance = np.zeros((32, 32), dtype=np.float32)
        stored = artefact_store().write(f"{each.pk:064}", Attribution(relevance))
        Explanation.objects.create(
            prediction=prediction, method="saliency", parameters={}, **asdict(stored)
        )
        ReviewLink.objects.create(
            study=each,
            token_sha256=_sha256(f"{TOKEN}-{each.slug}"),
            expires_at=timezone.now() + INVITATION_LASTS,
        )
    return study, other


@pytest.fixture
def world(db, tmp_path) -> tuple[Study, Study]:
    return two_studies(tmp_path)


@pytest.fixture
def browsers(world) -> dict[str, Client]:
    """A browser for each kind of visitor."""
    found = {}
    for name in VISITORS:
        found[name] = Client(raise_request_exception=True)
        if name in TOKENS:
            scope = name.removesuffix(" token").replace("foreign", "progress")
            secret = f"{TOKEN}-{scope}-{world[name == 'foreign token'].slug}"
            found[name] = Client(headers={"Authorization": f"Bearer {secret}"})
        elif name == "participant":
            found[name].post(f"/s/{world[0].slug}/", {"consent": "yes"}, follow=True)
        elif name != "anonymous":
            found[name].force_login(User.objects.get(username=name))
            found[name].get(reverse("panel:home"))  # notes the browser
    return found


def outcome(client: Client, path: str, row: Row) -> str:
    """What the visitor gets, and nothing stays of it: "page", "sign-in" or "hidden"."""
    before = client.cookies.copy()
    with transaction.atomic():
        response: HttpResponse = getattr(client, row.method)(path, row.data, follow=True)
        transaction.set_rollback(True)
    client.cookies = before
    at = response.redirect_chain[-1][0] if response.redirect_chain else path
    if response.status_code in {401, 403, 404}:
        return "hidden"
    sign_in = reverse("account_login")
    if at.partition("?")[0] == sign_in and path != sign_in:
        return "sign-in"
    return "page"


def wanted(row: Row, visitor: str) -> set[str]:
    if visitor in row.seen_by:
        return {"page", "hidden"} if row.may_lack else {"page"}
    return {"sign-in", "hidden"} if visitor in WITHOUT_ACCOUNT else {"hidden"}


def with_fewest_rights(row: Row) -> list[str]:
    """Who has the fewest rights among those who may open the URL."""
    return [visitor for visitor in BY_RIGHTS if visitor in row.seen_by][:1]


def nearly_admitted(row: Row) -> set[str]:
    """Who has the most rights among those who may not open the URL, and strangers."""
    refused = [visitor for visitor in BY_RIGHTS if visitor not in row.seen_by]
    strangers = {"anonymous", "foreign token" if TOKENS & row.seen_by else "outsider"}
    return {*refused[-1:], *strangers} & {*refused}


def departures(
    world: tuple[Study, Study],
    browsers: dict[str, Client],
    below: str = "",
    *,
    thorough: bool = False,
) -> list[str]:
    """Each URL that somebody can open but should not, or the other way round.

    Unless ``thorough``, of the URLs of one view the first alone, at the stock admin's own pages
    one visitor of each kind that it tells apart, of those who may open a URL the one with the
    fewest rights, and of those who may not, the one who comes nearest to it, and strangers.
    """
    study = world[0]
    found, seen = [], set()
    for name, route, row in every_row():
        if not route.startswith(below) or not (thorough or (name, row) not in seen):
            continue
        if not name.startswith("admin:"):
            seen.add((name, row))
        path = address(route, {"slug": study.slug, **row.objects(study)})
        for visitor, client in browsers.items():
            if not thorough and row is ADMIN and visitor not in TOLD_APART:
                continue
            if not thorough and visitor not in {*with_fewest_rights(row), *nearly_admitted(row)}:
                continue
            got = outcome(client, path, row)
            if got not in wanted(row, visitor):
                found.append(f"{visitor} at {name} {path}: {got}")
    return found


def test_every_visitor_gets_what_the_row_says(world, browsers):
    assert set(BY_RIGHTS) == EVERYBODY
    assert departures(world, browsers) == []


@pytest.mark.nightly
def test_every_visitor_gets_what_the_row_says_at_every_single_url(world, browsers):
    assert departures(world, browsers, thorough=True) == []


def test_a_page_without_its_guard_would_be_noticed(world, browsers, monkeypatch):
    monkeypatch.setattr(
        "studyplatform.panel.access.studies_of", lambda user, right=None: Study.objects.all()
    )
    found = departures(world, browsers, below="panel/studies/<slug:slug>/members/")
    assert any(entry.startswith("outsider at panel:members ") for entry in found)
    assert any(entry.startswith("editor at panel:invite-member ") for entry in found)


def test_nobody_reaches_objects_of_another_study_under_the_own_studys_address(world, browsers):
    """Every URL with a study's slug and something else, which belongs to another study."""
    study, other = world
    tried = []
    for name, route, row in every_row():
        if "<slug:slug>" not in route or row.objects in (nothing, of_preview) or row.may_lack:
            continue
        if row.objects(other) == row.objects(study):  # the same everywhere, such as a kind of job
            continue
        path = address(route, {"slug": study.slug, **row.objects(other)})
        own = address(route, {"slug": study.slug, **row.objects(study)})
        for visitor in row.seen_by & {"owner", "administrator"} or row.seen_by:
            got = outcome(browsers[visitor], path, row), outcome(browsers[visitor], own, row)
            assert got == ("hidden", "page"), f"{visitor} at {name} {path}: {got}"
        tried.append(name)
    assert {"panel:member", "panel:remove-member", "panel:withdraw-invitation"} <= set(tried)
    assert {"panel:revoke-api-token", "api:report-results", "api:report-page"} <= set(tried)
