"""Claims about the network and its two recipes."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging_recipes
from explanations.source_report.chapters.claim import Claim
from explanations.source_report.judging import failed, held, repeated, unknown

CLAIMS = (
    Claim(
        "vgg13",
        "We have constructed a VGG13 model for our dataset",
        "network",
        failed(
            "VGG13 has 10 convolutions and 5 pools (Simonyan and Zisserman, 2015, "
            "configuration B). The printed network has 6 convolutions and 3 pools."
        ),
    ),
    Claim(
        "listing",
        "Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))",
        "network",
        held(
            "The first printout is the network's own, and the network here has the same modules: "
            "6 convolutions with kernels of 3 × 3, stride 1 and padding 1, each with a ReLU, and a "
            "2 × 2 pool with stride 2 after each second one."
        ),
    ),
    Claim(
        "listing-linear",
        "(fc_layers): Sequential( (0): Linear(in_features=4096, out_features=1024, bias=True)",
        "network",
        held(
            "The network here has the same three linear layers (4,096 to 1,024 to 1,024 to 10), "
            "with a ReLU and dropout of 0.5 after the first two. 4,096 inputs are those of an "
            "image of 32 × 32 pixels, which the table of layers after this printout contradicts."
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
        "parameters-trainable",
        "Trainable params: 6,400,586",
        "network",
        held("All parameters of this network are trained."),
    ),
    Claim(
        "parameters-fixed",
        "Non-trainable params: 0",
        "network",
        held("All parameters of this network are trained."),
    ),
    Claim(
        "size-input",
        "Input size (MB): 0.05",
        "network",
        judging_recipes.printed_size("input"),
    ),
    Claim(
        "size-passes",
        "Forward/backward pass size (MB): 14.92",
        "network",
        judging_recipes.printed_size("forward and backward"),
    ),
    Claim(
        "size-parameters",
        "Params size (MB): 24.42",
        "network",
        judging_recipes.printed_size("parameters"),
    ),
    Claim(
        "sizes",
        "Estimated Total Size (MB): 39.39",
        "network",
        judging_recipes.printed_sizes,
    ),
    Claim(
        "base-rate",
        "Learning rate: 0.001",
        "recipes",
        repeated("Both recipes here have this setting. The report prints it for both, too."),
    ),
    Claim(
        "base-criterion",
        "Loss function: Cross Entropy loss",
        "recipes",
        repeated("Both recipes here have this setting. The report prints it for both, too."),
    ),
    Claim(
        "base-optimiser",
        "Optimizer: Adam",
        "recipes",
        repeated("Both recipes here have this setting. The report prints it for both, too."),
    ),
    Claim(
        "base-dropout",
        "Dropout probability: 0.5",
        "recipes",
        repeated("Both recipes here have this setting. The report prints it for both, too."),
    ),
    Claim(
        "base-recipe",
        "Number of epochs: 10",
        "recipes",
        repeated(
            "The recipes here have the printed settings: ten epochs of Adam, a learning "
            "rate of 0.001, cross entropy and dropout of 0.5. The report does not give the "
            "batch size, the size of its validation set or a seed, so that its training "
            "cannot be repeated exactly. “How this page was made” gives ours: batch size, seeds, "
            "and the numbers of training and validation images."
        ),
    ),
    Claim(
        "base-train",
        "Train accuracy: 89.29%",
        "recipes",
        judging_recipes.recipe_performs("base", "running_accuracy", "train_accuracy"),
    ),
    Claim(
        "base-train-loss",
        "Train loss: 0.32",
        "recipes",
        judging_recipes.recipe_performs("base", "running_loss", "train_loss"),
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
        judging_recipes.base_accuracy,
    ),
    Claim(
        "loss", "Test Loss: 0.80", "recipes", judging_recipes.recipe_performs("base", "test_loss")
    ),
    Claim(
        "base-precision",
        "Precision: 0.76",
        "recipes",
        judging_recipes.recipe_performs("base", "precision"),
    ),
    Claim(
        "base-recall",
        "Recall: 0.76",
        "recipes",
        judging_recipes.base_recall_is_accuracy,
    ),
    Claim(
        "base-f1",
        "F1 Score: 0.76",
        "recipes",
        judging_recipes.recipe_performs("base", "f1"),
    ),
    Claim(
        "confusion",
        "Confusion Matrix",
        "recipes",
        unknown(
            "The report's two matrices are pictures. The matrices here are shown above.",
            reasons.UNSEEN,
        ),
    ),
    Claim(
        "l2-differs", "Base Model + L2 Regularization", "recipes", judging_recipes.l2_costs_accuracy
    ),
    Claim(
        "l2-recipe",
        "Weight decay: 1e-5",
        "recipes",
        repeated("The second recipe here adds the printed weight decay to Adam."),
    ),
    Claim(
        "l2-train",
        "Train accuracy: 76.0%",
        "recipes",
        judging_recipes.recipe_performs("l2", "running_accuracy", "train_accuracy"),
    ),
    Claim(
        "l2-train-loss",
        "Train loss: 0.70",
        "recipes",
        judging_recipes.recipe_performs("l2", "running_loss", "train_loss"),
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
        judging_recipes.l2_accuracy,
    ),
    Claim("l2-loss", "Test Loss: 0.79", "recipes", judging_recipes.l2_loss),
    Claim(
        "l2-precision",
        "Precision: 0.75",
        "recipes",
        judging_recipes.recipe_performs("l2", "precision"),
    ),
    Claim("recall", "Recall: 0.75", "recipes", judging_recipes.recall_is_accuracy),
    Claim(
        "l2-f1",
        "F1 Score: 0.75",
        "recipes",
        judging_recipes.recipe_performs("l2", "f1"),
    ),
)
