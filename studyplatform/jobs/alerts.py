"""E-mails to a study's owners: a worker that stalls, jobs or pages that fail, places that run out.

They contain counts alone, and neither arms nor anything about a participant.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from studyplatform.jobs import presence
from studyplatform.models import Alert, Job, PageErrors
from surveys.models import AllocationSlot, Study
from surveys.study_file.stored import definition

AT_MOST_EVERY = timedelta(days=1)
AGAIN_AFTER_A_FAILURE = timedelta(hours=1)
PATIENCE = timedelta(minutes=10)
"""How long a job may wait for a worker, or be without a sign of one, before somebody is told."""
FAILURES, FAILED_WITHIN = 3, timedelta(hours=1)
ERRORS, ERRORS_WITHIN = 3, timedelta(hours=2)  # counts are stored by the hour
NEARLY_FULL = 0.9
"""Share of the places from which on they count as running out."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Kind:
    """A kind of alert. ``count`` returns by the study's primary key how much is amiss; studies that
    it leaves out are well."""

    key: str
    subject: Promise
    sentence: Promise
    cure: Promise
    count: Callable[[], Mapping[int, int]]
    url_name: str = "panel:monitor"
    """The page of the study that shows more."""


def stalled_jobs() -> Mapping[int, int]:
    """Count jobs that no worker takes, or whose worker is silent, for longer than the patience."""
    since = timezone.now() - PATIENCE
    waiting = Q(state=Job.State.QUEUED, queued_at__lt=since) & ~Q(kind__in=presence.kinds_at_work())
    silent = Q(state=Job.State.RUNNING, lease_until__lt=since)
    return _by_study(Job.objects.filter(waiting | silent).values_list("study", flat=True))


def failed_jobs() -> Mapping[int, int]:
    """Count jobs that failed lately, in studies where several did."""
    lately = timezone.now() - FAILED_WITHIN
    failed = Job.objects.filter(state=Job.State.FAILED, finished_at__gt=lately)
    counts = _by_study(failed.values_list("study", flat=True))
    return {study: count for study, count in counts.items() if count >= FAILURES}


def page_errors() -> Mapping[int, int]:
    """Count participants' pages that failed lately, in studies where several did."""
    since = timezone.now() - ERRORS_WITHIN
    rows = PageErrors.objects.filter(hour__gt=since).values("study").annotate(total=Sum("count"))
    return {row["study"]: row["total"] for row in rows.order_by() if row["total"] >= ERRORS}


def places_left() -> Mapping[int, int]:
    """Count the free places of studies that admit people and have few left."""
    studies = Study.objects.filter(state=Study.State.OPEN, is_pilot=False)
    taken = _by_study(
        AllocationSlot.objects.filter(
            study__in=studies, simulated=False, given_back=False
        ).values_list("study", flat=True)
    )
    left = {}
    for study in studies.filter(pk__in=taken):
        places = definition(study).allocation.places
        if taken[study.pk] >= NEARLY_FULL * places:
            left[study.pk] = max(0, places - taken[study.pk])
    return left


KINDS = (
    Kind(
        "stalled",
        _("no worker takes the jobs"),
        _("Jobs that wait for a worker or whose worker is silent: %(count)d."),
        _("Ask the administrator to start a worker (manage.py work)."),
        stalled_jobs,
        "panel:jobs",
    ),
    Kind(
        "failures",
        _("jobs fail"),
        _("Jobs that failed within an hour: %(count)d."),
        _("The tab “Jobs” says what went wrong and what to do."),
        failed_jobs,
        "panel:jobs",
    ),
    Kind(
        "errors",
        _("participants' pages fail"),
        _("Pages of participants that failed at the server within two hours: %(count)d."),
        _("Tell the administrator: the server's log contains the details. Consider a pause."),
        page_errors,
    ),
    Kind(
        "places",
        _("places run out"),
        _("Places that are left: %(count)d."),
        _("The tab “Monitor” shows who has come. When all are taken, nobody else is admitted."),
        places_left,
    ),
)
"""Every kind of alert. A new one is an entry here."""


def send_alerts() -> int:
    """Send what is due where e-mail is configured, and return the number of e-mails."""
    if not settings.EMAIL_HOST:
        return 0
    return sum(
        _send(kind, Study.objects.get(pk=study), count)
        for kind in KINDS
        for study, count in kind.count().items()
    )


def _send(kind: Kind, study: Study, count: int) -> bool:
    owners = study.members.filter(owner=True, user__is_active=True).exclude(user__email="")
    addresses = list(owners.values_list("user__email", flat=True))
    if not addresses or not _is_ours_to_send(kind, study):
        return False
    with override(settings.LANGUAGE_CODE):
        lines = (
            gettext("Study: %(title)s (%(slug)s)") % {"title": study.title, "slug": study.slug},
            str(kind.sentence) % {"count": count},
            str(kind.cure),
            *_link(kind, study),
            gettext("This message is sent at most once a day."),
        )
        # A title may contain line breaks, which a header must not.
        subject = " ".join(f"{study.title}: {kind.subject}".split())
    try:
        send_mail(subject, "\n\n".join(lines) + "\n", None, addresses)
    except OSError:  # SMTP's errors are among them
        log.warning("An alert (%s) on the study %s could not be sent.", kind.key, study.slug)
        retry = timezone.now() - AT_MOST_EVERY + AGAIN_AFTER_A_FAILURE
        Alert.objects.filter(study=study, kind=kind.key).update(sent_at=retry)
        return False
    return True


def _link(kind: Kind, study: Study) -> tuple[str, ...]:
    """Return the address of the page that shows more, if the installation knows its own."""
    if not settings.SITE_ADDRESS:
        return ()
    return (settings.SITE_ADDRESS + reverse(kind.url_name, kwargs={"slug": study.slug}),)


def _is_ours_to_send(kind: Kind, study: Study) -> bool:
    """Note the alert, and return whether this worker is the one that sends it now."""
    now = timezone.now()
    alert = Alert.objects.filter(study=study, kind=kind.key)
    if alert.filter(sent_at__lte=now - AT_MOST_EVERY).update(sent_at=now):
        return True
    if alert.exists():
        return False
    try:
        with transaction.atomic():
            Alert.objects.create(study=study, kind=kind.key, sent_at=now)
    except IntegrityError:  # another worker was faster
        return False
    return True


def _by_study(studies: Iterable[int | None]) -> Mapping[int, int]:
    return Counter(study for study in studies if study is not None)
