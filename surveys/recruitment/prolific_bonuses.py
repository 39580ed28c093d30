"""A client that pays bonuses at Prolific, in two requests: the first announces them, and only the
second pays. Only an act that a person has confirmed may call it.

Source: docs.prolific.com, API reference, Bonuses: Set up bonus payments, Pay bonus payments.
"""

from urllib.parse import quote

from django.conf import settings

from surveys.recruitment.prolific import ProlificError, ask


def set_up(service_study: str, text: str) -> str:
    """Announce the bonuses in the text, a line "id,amount" for each, and return the payment's id.

    Nothing is paid yet. Raises ProlificError.
    """
    address = f"{settings.PROLIFIC_API}/submissions/bonus-payments/"
    answer = ask(address, {"study_id": service_study, "csv_bonuses": text})
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str) or not answer["id"]:
        raise ProlificError(
            "Prolific's answer to the list of bonuses contains no id of a payment, so that nothing "
            "was paid. Look at the study's page at Prolific before you try again."
        )
    payment: str = answer["id"]
    return payment


def pay(payment: str) -> None:
    """Pay the bonuses that were announced under this id.

    Raises ProlificError, after which only Prolific knows whether they were paid.
    """
    ask(f"{settings.PROLIFIC_API}/bulk-bonus-payments/{quote(payment, safe='')}/pay/", {})
