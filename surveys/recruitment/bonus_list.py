"""The list of bonuses for the recruitment service: an id and an amount for each person.

It names people, so that only those who pay them may have it. Amounts are listed by id, and nothing
in the list leads from an id to a pseudonym.
"""

from dataclasses import dataclass
from decimal import Decimal

from surveys.models import Participant, Study
from surveys.study_file.stored import definition


@dataclass(frozen=True)
class Due:
    """A bonus to pay to the person with this id of the recruitment service."""

    id: str
    amount: Decimal
    participant: int
    """Primary key of the participant, which no list shows."""


@dataclass(frozen=True)
class BonusList:
    """The bonuses above 0 by id, their sum, and how many people cannot be named or earned 0."""

    currency: str
    due: tuple[Due, ...]
    without_id: int
    nothing: int

    @property
    def total(self) -> Decimal:
        return sum((one.amount for one in self.due), Decimal())

    def text(self, separator: str) -> str:
        """Return a line for each person, without a heading, as Prolific's bulk bonuses ask."""
        return "".join(f"{one.id}{separator}{one.amount}\n" for one in self.due)

    def __str__(self) -> str:
        line = f"{len(self.due)} bonuses, {self.total} {self.currency} in total."
        if self.nothing:
            line += f" {self.nothing} people earned nothing."
        if self.without_id:
            line += f" {self.without_id} people have no id here, or it was forgotten."
        return line


def bonus_list(study: Study) -> BonusList:
    """Return the bonuses of the real people who completed and were not paid yet, sorted by id.

    With Prolific the id is the submission's, else the person's.
    """
    bonus = definition(study).bonus
    people = study.participants.filter(
        simulated=False,
        state=Participant.State.COMPLETED,
        bonus__isnull=False,
        bonus_payment__isnull=True,
    ).select_related("identity")
    due, nothing, without_id = [], 0, 0
    for person in people:
        amount = person.bonus or Decimal()
        identity = getattr(person, "identity", None)
        named = (identity.session_id or identity.external_id) if identity else ""
        if not amount:
            nothing += 1
        elif not named:
            without_id += 1
        else:
            exact = amount.quantize(bonus.unit) if bonus else amount
            due.append(Due(named, exact, person.pk))
    due.sort(key=lambda one: one.id)
    return BonusList(bonus.currency if bonus else "", tuple(due), without_id, nothing)
