"""The bonus as participants read it: the rule in the consent and the instructions, and the amount
at the end.
"""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from surveys.models import Participant, Study
from surveys.study_file.bonus import Bonus
from surveys.study_file.stored import definition


def rule_in_words(study: Study) -> str:
    """Return how the bonus is earned, in the language of the page. Empty without a bonus."""
    bonus = definition(study).bonus
    return words_of_rule(bonus) if bonus else ""


def words_of_rule(bonus: Bonus) -> str:
    """Return how the bonus is earned, in the language of the page."""
    bounds = {
        "least": money(bonus, bonus.minimum),
        "most": money(bonus, bonus.maximum),
        "each": money(bonus, bonus.per_right),
    }
    if bonus.rule == "accuracy":
        earned = _("You can earn a bonus: %(each)s for each right decision, %(most)s at most.")
    else:
        earned = _(
            "You can earn a bonus of up to %(most)s. It is higher, the closer the probabilities "
            "that you give are to what is true. Over many pictures you earn most if you always say "
            "how sure you really are."
        )
    sentences = [earned % bounds]
    if bonus.minimum:
        sentences.append(_("Everybody who finishes gets %(least)s at least.") % bounds)
    sentences.append(_("Practice does not count. A picture without an answer earns nothing."))
    return " ".join(sentences)


def earned_in_words(participant: Participant) -> str:
    """Return the amount that the participant has earned. Empty without a bonus."""
    bonus = definition(participant.study).bonus
    if bonus is None or participant.bonus is None:
        return ""
    return money(bonus, participant.bonus)


def most_in_words(study: Study) -> str:
    """Return the largest amount that anybody can earn, which previews show. Empty without a
    bonus.
    """
    bonus = definition(study).bonus
    return money(bonus, bonus.maximum) if bonus else ""


def money(bonus: Bonus, amount: float | Decimal) -> str:
    """Return the amount with its currency, as the language of the page writes numbers."""
    exact = Decimal(str(amount)).quantize(bonus.unit)
    return f"{number_format(exact)}\N{NO-BREAK SPACE}{bonus.currency}"
