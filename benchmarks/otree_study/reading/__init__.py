"""The seven pages of the comparison, for oTree: consent, questions, three pictures, questions, end.

The numbers of fields and of pictures are those of the study that benchmarks/load_against_otree.py
opens on this platform. Every second person sees a map with its legend next to each picture.
"""

from otree.api import BaseConstants, BaseGroup, BasePlayer, BaseSubsession, Page, models, widgets

BEFORE, AFTER, TRIALS = 3, 7, 3


class C(BaseConstants):
    NAME_IN_URL = "reading"
    PLAYERS_PER_GROUP = None
    NUM_ROUNDS = 1


class Subsession(BaseSubsession):
    pass


class Group(BaseGroup):
    pass


def scale(label: str) -> models.IntegerField:
    return models.IntegerField(
        label=label, choices=[1, 2, 3, 4, 5, 6, 7], widget=widgets.RadioSelectHorizontal
    )


class Player(BasePlayer):
    before_1 = scale("How often do you use such programs?")
    before_2 = scale("How much do you know about them?")
    before_3 = scale("How much have you read about them?")
    trial_1 = scale("Is the classifier right?")
    trial_2 = scale("Is the classifier right?")
    trial_3 = scale("Is the classifier right?")
    after_1 = scale("I trust the classifier.")
    after_2 = scale("I can rely on it.")
    after_3 = scale("It is predictable.")
    after_4 = scale("It is safe.")
    after_5 = scale("It is efficient.")
    after_6 = scale("I am wary of it.")
    after_7 = scale("It does better than a novice.")


class Consent(Page):
    pass


class Before(Page):
    form_model = "player"
    form_fields = [f"before_{number}" for number in range(1, BEFORE + 1)]  # noqa: RUF012


def trial(number: int) -> type[Page]:
    def shown(player: Player) -> dict[str, object]:
        has_map = player.id_in_subsession % 2
        names = ["image", "map", "legend"] if has_map else ["image"]
        return {"pictures": [f"reading/{name}{number}.png" for name in names]}

    return type(
        f"Trial{number}",
        (Page,),
        {
            "__module__": __name__,
            "form_model": "player",
            "form_fields": [f"trial_{number}"],
            "template_name": "reading/Trial.html",
            "vars_for_template": staticmethod(shown),
        },
    )


Trial1, Trial2, Trial3 = (trial(number) for number in range(1, TRIALS + 1))


class After(Page):
    form_model = "player"
    form_fields = [f"after_{number}" for number in range(1, AFTER + 1)]  # noqa: RUF012


class End(Page):
    pass


page_sequence = [Consent, Before, Trial1, Trial2, Trial3, After, End]
