"""The API's operations. Each checks the token's study and scope, and reads."""

from datetime import timedelta
from typing import Annotated, Literal

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from analysis.study_data.csv_lines import csv_lines
from studyplatform.api import results
from studyplatform.api.answers import (
    People,
    Problem,
    Progress,
    ReportEntry,
    Reports,
    StudyAnswer,
    TableEntry,
    TablePage,
    Tables,
)
from studyplatform.api.tokens import token_for, token_of
from studyplatform.audit.writing import acting_for, record
from studyplatform.models import ApiToken, AuditEntry, Job
from studyplatform.panel.api_tokens import Scope, scopes_of
from studyplatform.panel.overview import overviews
from studyplatform.panel.report_page import policy_of
from surveys.blinding import is_blinded

ROWS_PER_PAGE, MOST_ROWS = 1000, 5000
REPORTS_PER_PAGE = 50
AUDITED_EVERY = timedelta(days=1)
"""A script that reads a table page by page, or every minute, is one act in the audit."""


router = Router()
NOTHING = {401: Problem, 404: Problem, 429: Problem}


class PageQuery(Schema):
    """Which page of a list."""

    page: Annotated[int, Field(ge=1, description="Number of the page, from 1")] = 1


class ExportQuery(Schema):
    """Which export."""

    simulated: People = Field(
        "none", description="Export of real people (none), of simulated ones (only), or of both"
    )


class TableQuery(PageQuery, ExportQuery):
    """Which part of which table, and in which form."""

    format: Literal["json", "csv"] = Field("json", description="Form of the answer")
    rows: Annotated[int, Field(ge=1, le=MOST_ROWS, description="Rows of a page")] = ROWS_PER_PAGE


@router.get("studies", response={200: list[StudyAnswer], **NOTHING}, url_name="studies")
def studies(request: HttpRequest) -> list[StudyAnswer]:
    """List the studies that the token may read: always one."""
    return [_study(token_of(request))]


@router.get("studies/{slug:slug}", response={200: StudyAnswer, **NOTHING}, url_name="study")
def study(request: HttpRequest, slug: str) -> StudyAnswer:
    """Describe the study."""
    return _study(token_for(request, slug))


@router.get(
    "studies/{slug:slug}/progress", response={200: Progress, **NOTHING}, url_name="progress"
)
def progress(request: HttpRequest, slug: str) -> Progress:
    """Count the participants by state. Scope: progress."""
    token = token_for(request, slug, Scope.PROGRESS)
    (overview,) = overviews([token.study])
    people = overview.people
    return Progress(
        slug=slug,
        state=token.study.state,
        planned=overview.planned,
        completed=people.completed,
        started=people.started,
        stopped=people.stopped,
        simulated=people.simulated,
        at=timezone.now(),
    )


@router.get("studies/{slug:slug}/tables", response={200: Tables, **NOTHING}, url_name="tables")
def tables(request: HttpRequest, slug: str, query: Query[ExportQuery]) -> Tables:
    """List the tables of the latest export with csv files. Scope: tables.

    Exports are made in the panel, on “Data and reports”. Until the study is unblinded they contain
    no arms.
    """
    token = token_for(request, slug, Scope.TABLES)
    job = results.latest_export(token.study, query.simulated)
    listed = [
        TableEntry(
            name=table.name,
            rows=table.rows,
            sha256=table.sha256,
            address=_address(request, "table", slug=slug, name=table.name),
        )
        for table in results.tables_of(job, token.study)
    ]
    return Tables(export=results.made(job), tables=listed)


@router.get(
    "studies/{slug:slug}/tables/{slug:name}",
    response={200: TablePage, **NOTHING},
    url_name="table",
)
def table(
    request: HttpRequest, slug: str, name: str, query: Query[TableQuery]
) -> TablePage | HttpResponse:
    """Return a page of a table of the latest export, as JSON or csv. Scope: tables."""
    token = token_for(request, slug, Scope.TABLES)
    job = results.latest_export(token.study, query.simulated)
    found = results.table_of(job, token.study, name)
    pages = found.pages(query.rows)
    if query.page > pages:
        raise Http404(f"The table has {pages} pages.")
    _audit(token, job, f"{name}.csv")
    header, rows = found.page(query.page, query.rows)
    if query.format == "csv":
        return _csv(header, rows)
    typed = results.records(header, rows, results.types_of(job, token.study, name))
    return TablePage(
        name=name,
        export=results.made(job),
        rows=found.rows,
        page=query.page,
        pages=pages,
        records=list(typed),
    )


@router.get("studies/{slug:slug}/reports", response={200: Reports, **NOTHING}, url_name="reports")
def reports(request: HttpRequest, slug: str, query: Query[PageQuery]) -> Reports:
    """List the reports, the newest first. Scope: reports."""
    token = token_for(request, slug, Scope.REPORTS)
    paginator = Paginator(results.reports_of(token.study), REPORTS_PER_PAGE)
    if query.page > paginator.num_pages:
        raise Http404(f"There are {paginator.num_pages} pages.")
    return Reports(
        count=paginator.count,
        page=query.page,
        pages=paginator.num_pages,
        reports=[
            ReportEntry(
                report=results.made(job),
                plan_sha256=(job.result or {})["provenance"].get("plan_sha256", ""),
                results=_address(request, "report-results", slug=slug, number=job.pk),
                page=_address(request, "report-page", slug=slug, number=job.pk),
            )
            for job in paginator.page(query.page)
        ],
    )


@router.get(
    "studies/{slug:slug}/reports/{int:number}/results.json",
    response=NOTHING,
    url_name="report-results",
)
def report_results(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Return all numbers of a report, the file results.json. Scope: reports."""
    return _report_file(request, slug, number, "results.json", "application/json")


@router.get(
    "studies/{slug:slug}/reports/{int:number}/report.html",
    response=NOTHING,
    url_name="report-page",
)
def report_page(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Return a report as an HTML page with its figures inside. Scope: reports."""
    response = _report_file(request, slug, number, "report.html", "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy_of(response.content.decode())
    return response


def _report_file(
    request: HttpRequest, slug: str, number: int, name: str, content_type: str
) -> HttpResponse:
    token = token_for(request, slug, Scope.REPORTS)
    path = results.report_file(token.study, number, name)
    _audit(token, token.study.jobs.get(pk=number), name)
    return HttpResponse(path.read_bytes(), content_type=content_type)


def _study(token: ApiToken) -> StudyAnswer:
    return StudyAnswer(
        slug=token.study.slug,
        title=token.study.title,
        state=token.study.state,
        unblinded=not is_blinded(token.study),
        scopes=[str(scope) for scope in scopes_of(token)],
    )


def _csv(header: list[str], rows: list[list[str]]) -> HttpResponse:
    # The cells are guarded against formulas already, as the export's own file is.
    return HttpResponse(csv_lines([header, *rows]), content_type="text/csv; charset=utf-8")


def _audit(token: ApiToken, job: Job, file: str) -> None:
    """Write that the token's maker has read the file, once a day."""
    act, after = "read over the API", {"token": token.name, "job": job.pk, "file": file}
    told = AuditEntry.objects.filter(
        study=token.study.slug, act=act, after=after, at__gt=timezone.now() - AUDITED_EVERY
    )
    if not told.exists():
        with acting_for(token.created_by.get_username(), AuditEntry.Way.API):
            record(token.study, act, after=after)


def _address(request: HttpRequest, url_name: str, **values: object) -> str:
    return request.build_absolute_uri(reverse(f"api:{url_name}", kwargs=values))
