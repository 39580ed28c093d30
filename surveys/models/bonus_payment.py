"""Bonuses that were paid, or sent to be paid, so that nobody is paid twice."""

from typing import ClassVar

from django.db import models

from surveys.models.participant import Participant


class BonusPayment(models.Model):
    """The payment of a participant's bonus. It goes with the participant, who has only one.

    It is written before anything is sent, so that an error on the way leaves it SENT: whether the
    person was paid is then known by the recruitment service alone.
    """

    class State(models.TextChoices):
        """What is known of the payment."""

        SENT = "sent"
        PAID = "paid"

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="bonus_payment"
    )
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    state = models.CharField(max_length=4, choices=State, default=State.SENT)
    payment = models.CharField(
        max_length=128, blank=True, help_text="The service's id of the bulk payment, if any."
    )
    by = models.CharField(max_length=150, help_text="Name of the researcher.")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["participant"]

    def __str__(self) -> str:
        return f"{self.participant}: {self.state}"
