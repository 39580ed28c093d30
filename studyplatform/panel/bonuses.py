"""Bonuses to pay: what would be paid, the payment through Prolific, and payments made elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from studyplatform.audit.writing import record
from surveys.models import BonusPayment, Participant, Study
from surveys.recruitment import prolific_bonuses
from surveys.recruitment.bonus_list import bonus_list
from surveys.recruitment.prolific import ProlificError
from surveys.recruitment.prolific_studies import study_ids

Plan = Mapping[str, str]
"""Amounts by id, as the page listed them."""


@dataclass(frozen=True)
class Paid:
    """How many bonuses were paid and their sum, and the problem that left them unclear, if any."""

    people: int
    total: Decimal
    problem: str = ""
    is_unclear: bool = False


@dataclass(frozen=True)
class SoFar:
    """Bonuses that were paid, and those of which only the service knows whether they were."""

    paid: int
    paid_total: Decimal
    unclear: tuple[str, ...]


def so_far(study: Study) -> SoFar:
    """Return what was paid, and the service's ids of payments that ended with an error."""
    payments = BonusPayment.objects.filter(participant__study=study)
    paid = payments.filter(state=BonusPayment.State.PAID)
    sent = payments.filter(state=BonusPayment.State.SENT).order_by("payment")
    return SoFar(
        paid.count(),
        sum(paid.values_list("amount", flat=True), Decimal()),
        tuple(sent.values_list("payment", flat=True).distinct()),
    )


def mark_paid(study: Study, plan: Plan, by: User) -> Paid:
    """Note that the listed bonuses were paid elsewhere, so that they are not paid again."""
    with transaction.atomic():
        claimed = _claim(study, plan, by, BonusPayment.State.PAID)
        total = sum((one.amount for one in claimed), Decimal())
        _tell(study, "bonuses marked as paid", claimed)
    return Paid(len(claimed), total)


def pay_at_prolific(study: Study, plan: Plan, by: User) -> Paid:
    """Pay the listed bonuses through Prolific.

    Each bonus is claimed and committed before anything is sent, so that neither a second click nor
    a crash can pay it twice. If Prolific refuses the list, nothing was paid and the claims are
    given up. If it fails afterwards, they stay, and the page says so.
    """
    services = study_ids(study)
    if len(services) != 1:
        raise ProlificError(
            f"People came from {len(services)} studies at Prolific. Name one as study_id in "
            "[recruitment], or pay the list by hand."
        )
    with transaction.atomic():
        claimed = _claim(study, plan, by, BonusPayment.State.SENT)
    if not claimed:
        return Paid(0, Decimal())
    mine = BonusPayment.objects.filter(pk__in=[one.pk for one in claimed])
    text = "".join(f"{key},{amount}\n" for key, amount in sorted(_lines(claimed).items()))
    try:
        payment = prolific_bonuses.set_up(services[0], text)
    except ProlificError as error:
        mine.delete()  # only the second request pays
        return Paid(0, Decimal(), str(error))
    mine.update(payment=payment)
    total = sum((one.amount for one in claimed), Decimal())
    try:
        prolific_bonuses.pay(payment)
    except ProlificError as error:
        _tell(study, "bonuses sent", claimed, {"stopped": "yes"})
        return Paid(len(claimed), total, str(error), is_unclear=True)
    mine.update(state=BonusPayment.State.PAID)
    _tell(study, "bonuses sent", claimed)
    return Paid(len(claimed), total)


def _claim(study: Study, plan: Plan, by: User, state: str) -> list[BonusPayment]:
    """Write a payment for each listed bonus that is still due with the same amount."""
    Study.objects.select_for_update().get(pk=study.pk)
    due = {one.id: one for one in bonus_list(study).due if plan.get(one.id) == str(one.amount)}
    people = Participant.objects.filter(pk__in=[one.participant for one in due.values()])
    amounts = {one.participant: one.amount for one in due.values()}
    return BonusPayment.objects.bulk_create(
        BonusPayment(
            participant=person,
            amount=amounts[person.pk],
            state=state,
            by=by.get_username(),
            at=timezone.now(),
        )
        for person in people.select_related("identity")
    )


def _lines(claimed: list[BonusPayment]) -> dict[str, str]:
    """Return the amounts by the ids that Prolific knows."""
    return {
        one.participant.identity.session_id or one.participant.identity.external_id: str(one.amount)
        for one in claimed
    }


def _tell(
    study: Study, act: str, claimed: list[BonusPayment], more: Mapping[str, str] | None = None
) -> None:
    # Counts alone: an id in the audit would outlive the erasure of the person.
    if claimed:
        record(study, act, {}, {"people": len(claimed), **(more or {})})
