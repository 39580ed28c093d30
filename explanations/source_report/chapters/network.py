"""Claims about the network and its two recipes."""

from explanations.source_report import judging_recipes
from explanations.source_report.chapters.claim import Claim
from explanations.source_report.judging import failed, held, unknown

CLAIMS = (
    Claim(
        "vgg13",
        "We have constructed a VGG13 model",
        "network",
        failed(
            "VGG13 has 10 convolutions and 5 pools (Simonyan and Zisserman, 2015, "
            "configuration B). The printed network has 6 convolutions and 3 pools."
        ),
    ),
    Claim(
        "shapes",
        "[-1, 64, 64, 64]",
        "network",
        judging_recipes.printed_shapes,
    ),
    Claim(
        "parameters",
        "Total params: 6,400,586",
        "network",
        held("This network has 6,400,586 parameters; all 22 rows agree in kind and number."),
    ),
    Claim(
        "sizes",
        "Estimated Total Size (MB): 39.39",
        "network",
        judging_recipes.printed_sizes,
    ),
    Claim(
        "base-recipe",
        "Number of epochs: 10",
        "recipes",
        held(
            "The recipes here have the printed settings: ten epochs of Adam, a learning "
            "rate of .001, cross entropy and dropout of .5. The report does not give the "
            "batch size, the size of its validation set or a seed, so that its training "
            "cannot be repeated exactly."
        ),
    ),
    Claim(
        "base-train",
        "Train accuracy: 89.29%",
        "recipes",
        judging_recipes.recipe_performs("base", "running_accuracy"),
    ),
    Claim(
        "base-train-loss",
        "Train loss: 0.32",
        "recipes",
        judging_recipes.recipe_performs("base", "running_loss"),
    ),
    Claim(
        "base-validation",
        "Validation accuracy: 75.52%",
        "recipes",
        judging_recipes.recipe_performs("base", "validation_accuracy"),
    ),
    Claim(
        "base-validation-loss",
        "Validation loss: 0.81",
        "recipes",
        judging_recipes.recipe_performs("base", "validation_loss"),
    ),
    Claim(
        "base",
        "Test accuracy: 75%",
        "recipes",
        judging_recipes.recipe_performs("base", "test_accuracy"),
    ),
    Claim(
        "loss", "Test Loss: 0.80", "recipes", judging_recipes.recipe_performs("base", "test_loss")
    ),
    Claim(
        "base-recall",
        "Recall: 0.76",
        "recipes",
        unknown(
            "On the balanced test set, macro recall equals accuracy. The printed accuracy "
            "is 75 %, so that both can be right only if it was cut off instead of rounded "
            "(75.5 to 75.99 %), or if the three figures are of other images. The report "
            "says neither."
        ),
    ),
    Claim(
        "base-f1",
        "F1 Score: 0.76",
        "recipes",
        judging_recipes.recipe_performs("base", "precision", "recall", "f1"),
    ),
    Claim(
        "confusion",
        "Confusion Matrix",
        "recipes",
        unknown(
            "The report's two matrices are pictures, which are not in the text that this "
            "page judges. The matrices here are shown above."
        ),
    ),
    Claim(
        "l2-differs", "Base Model + L2 Regularization", "recipes", judging_recipes.l2_costs_accuracy
    ),
    Claim(
        "l2-recipe",
        "Weight decay: 1e-5",
        "recipes",
        held("The second recipe here adds the printed weight decay to Adam."),
    ),
    Claim(
        "l2-train",
        "Train accuracy: 76.0%",
        "recipes",
        judging_recipes.recipe_performs("l2", "running_accuracy"),
    ),
    Claim(
        "l2-train-loss",
        "Train loss: 0.70",
        "recipes",
        judging_recipes.recipe_performs("l2", "running_loss"),
    ),
    Claim(
        "l2-validation",
        "Validation accuracy: 73.48%",
        "recipes",
        judging_recipes.recipe_performs("l2", "validation_accuracy"),
    ),
    Claim(
        "l2-validation-loss",
        "Validation loss: 0.77",
        "recipes",
        judging_recipes.recipe_performs("l2", "validation_loss"),
    ),
    Claim(
        "l2",
        "Test accuracy: 72%",
        "recipes",
        judging_recipes.recipe_performs("l2", "test_accuracy"),
    ),
    Claim(
        "l2-loss", "Test Loss: 0.79", "recipes", judging_recipes.recipe_performs("l2", "test_loss")
    ),
    Claim("recall", "Recall: 0.75", "recipes", judging_recipes.recall_is_accuracy),
    Claim(
        "l2-f1",
        "F1 Score: 0.75",
        "recipes",
        judging_recipes.recipe_performs("l2", "precision", "recall", "f1"),
    ),
)
