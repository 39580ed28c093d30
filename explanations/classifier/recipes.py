"""The two training recipes of the report, a stronger recipe of this project, and fine-tuning."""

from dataclasses import dataclass

from explanations.translatable import gettext_noop as _


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run except data and seed."""

    key: str
    label: str
    epochs: int
    learning_rate: float
    weight_decay: float = 0.0
    decoupled_decay: bool = False
    batch_size: int = 128
    one_cycle: bool = False
    augment: bool = False
    batch_norm: bool = False
    """Whether the project's VGG13 is trained with batch normalisation, which is folded in later."""
    dropout: float | None = 0.5
    """Dropout of the project's VGG13. None for other networks, which have their own."""
    started_rate: float = 1.0
    """Share of the learning rate for layers that start from trained weights."""
    # The report uses a validation set but does not give its size.
    validation_share: float = 0.2

    def __post_init__(self) -> None:
        # Without an epoch, the random weights of the beginning would be stored as trained weights.
        if self.epochs < 1:
            raise ValueError(f"epochs is {self.epochs}, but training needs at least 1.")


RECIPES = {
    recipe.key: recipe
    for recipe in (
        Recipe("base", _("The report's recipe: Adam, dropout .5"), epochs=10, learning_rate=1e-3),
        Recipe(
            "l2",
            _("The report's recipe with L2 regularisation"),
            epochs=10,
            learning_rate=1e-3,
            weight_decay=1e-5,
        ),
        Recipe(
            "strong",
            _("This project's stronger recipe: shifts and mirror images; a one-cycle schedule"),
            epochs=10,
            learning_rate=2e-3,
            weight_decay=0.05,
            decoupled_decay=True,
            one_cycle=True,
            augment=True,
            batch_norm=True,
            dropout=0.25,
            validation_share=0.05,
        ),
        Recipe(
            "finetune",
            _(
                "Fine-tuning: a new last layer, a tenth of its rate for the trained layers; shifts "
                "and mirror images; a one-cycle schedule"
            ),
            epochs=12,
            learning_rate=1e-3,
            weight_decay=0.01,
            decoupled_decay=True,
            batch_size=16,
            one_cycle=True,
            augment=True,
            started_rate=0.1,
            validation_share=0.1,
        ),
    )
}
