"""Claims about Grad-CAM."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging_depth, judging_recipes
from explanations.source_report.chapters.claim import (
    Claim,
    attention,
    needs_features,
    needs_masks,
    needs_people,
    same,
)
from explanations.source_report.judging import (
    changed,
    failed,
    held,
    repeated,
    seen_in_ours,
    unknown,
)

CLAIMS = (
    Claim(
        "gradcam-simple",
        "Grad-CAM was chosen for its simplicity",
        "gradcam",
        unknown("A reason of the authors for their choice.", reasons.NOTHING),
    ),
    Claim(
        "gradcam-localises",
        "effectiveness in localizing the important regions in the input image",
        "gradcam",
        judging_depth.gradcam_localises,
    ),
    Claim(
        "gradcam-coarse",
        "We utilized the gradients flowing into each layer of the trained VGG13 model to create"
        " coarse heat maps",
        "gradcam",
        repeated(
            "Done here for every module. The usual layer of this network (module 13) yields 8 × 8 "
            "values and the last one 4 × 4, for 32 × 32 pixels."
        ),
    ),
    same(
        "gradcam-led",
        "This allowed us to visualize which parts of an image led to a particular output",
        "gradcam",
        "gradcam-localises",
    ),
    Claim(
        "gradcam-story",
        "offering a window into the model's layered processing",
        "gradcam",
        judging_depth.gradcam_focuses,
    ),
    Claim(
        "gradcam-prepared",
        "we had to tweak how we prepare images so they fit what our VGG13 model needs",
        "gradcam",
        repeated(
            "Images enter as 32 × 32 pixels, normalised by the training images' mean and "
            "standard deviation."
        ),
    ),
    Claim(
        "gradcam-adjusted",
        "We also adjusted the Grad-CAM method to work smoothly with our model's setup.",
        "gradcam",
        unknown(
            "The report does not say what it adjusted, and its code cannot be seen here.",
            reasons.UNSEEN,
        ),
    ),
    Claim(
        "gradcam-looking",
        "a set of heatmaps, which are like special maps that show us where the model is looking"
        " in an image",
        "gradcam",
        unknown(
            "“Looking” is a figure of speech. Whether the marked pixels count is judged in the "
            "row on localising.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "gradcam-edges",
        "These maps tell a story about how the model starts by noticing simple things like "
        "edges and textures and then moves on to recognize more complicated stuff in the deeper"
        " parts of the model",
        "gradcam",
        needs_features,
    ),
    Claim(
        "gradcam-shown",
        "The above image shows the example of a frog.",
        "gradcam",
        changed("The frog above is another one."),
    ),
    Claim(
        "gradcam-frog",
        "The GradCam heatmaps show the regions of the image that are most influential for the "
        "VGG13 model when classifying the image as “frog”",
        "gradcam",
        seen_in_ours(judging_depth.gradcam_of_frogs),
    ),
    Claim(
        "sixteen",
        "We ran the GradCam heatmap for all 16 convolution layers.",
        "network",
        judging_recipes.sixteen_convolutions,
    ),
    Claim(
        "gradcam-initial",
        "Layers 0 and 1: In these initial convolution layers",
        "gradcam",
        failed("Module 0 is the first convolution. Module 1 is not a convolution but its ReLU."),
    ),
    Claim(
        "gradcam-early",
        "the heatmap appears quite blurred indicating that the model is focusing on broad "
        "features and general patterns across the image rather than specific details",
        "gradcam",
        judging_depth.early_gradcam_is_blurred,
    ),
    Claim(
        "gradcam-2-3",
        "the focus areas start to become more defined although it is still broad",
        "gradcam",
        judging_depth.focus_rises("cam", (2, 3), (0, 1)),
    ),
    Claim(
        "gradcam-patterns",
        "the network begins to focus on more specific patterns that are relevant to the "
        "classification",
        "gradcam",
        needs_features,
    ),
    Claim(
        "gradcam-4-6",
        "the highlighted areas start to become more concentrated and focused",
        "gradcam",
        judging_depth.focus_rises("cam", (4, 5, 6), (2, 3)),
    ),
    Claim(
        "gradcam-attention",
        "the Grad-CAM heatmap is beginning to reveal the network's attention to certain regions"
        " of the image which are likely important for making the classification decision",
        "gradcam",
        unknown(
            "The report does not say how attention could be observed. Whether the marked "
            "pixels count was measured for the usual layer (module 13), not for modules 4 to 6.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "gradcam-7-8",
        "the highlighted regions are even more focused",
        "gradcam",
        judging_depth.focus_rises("cam", (7, 8), (4, 5, 6)),
    ),
    Claim(
        "gradcam-close",
        "the model is paying close attention to certain parts of the image",
        "gradcam",
        attention,
    ),
    Claim(
        "gradcam-parts",
        "the model is likely identifying the upper body features of the frog in this example "
        "like its head, eyes, and its gills",
        "gradcam",
        unknown(
            "A map shows where, not what. Images whose parts are marked could tell whether a "
            "map marks these parts more than others; CIFAR-10 has no such marks, and none were "
            "made. (An adult frog has no gills.)",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "gradcam-texture",
        "most intensely focused on the body texture of the frog",
        "gradcam",
        judging_depth.deep_gradcam_is_most_focused,
    ),
    Claim(
        "gradcam-9-13",
        "the frog is magnified to a maximum extent covering the entire heatmap region",
        "gradcam",
        judging_depth.deep_gradcam_covers,
    ),
    Claim(
        "gradcam-learning",
        "the model is likely identifying and learning textures on certain body parts of the frog",
        "gradcam",
        needs_masks,
    ),
    Claim(
        "gradcam-final",
        "As we proceed to the final convolution layer",
        "gradcam",
        failed(
            "Module 14 is the last pool. The last convolution is module 12, whose map is above,"
            " two places before."
        ),
    ),
    Claim(
        "gradcam-last",
        "the heatmap is completely dark",
        "gradcam",
        judging_depth.last_gradcam_is_dark,
    ),
    Claim(
        "gradcam-abstract",
        "the model may have abstracted the features to such a high level that Grad-CAM cannot "
        "easily visualize the importance of these features in the spatial domain of the "
        "original image",
        "gradcam",
        judging_depth.darkness_is_learned,
    ),
    Claim(
        "gradcam-2d",
        "It's also possible that the critical features for classification are so abstract at "
        "this point that they are not easily represented in a 2D heatmap",
        "gradcam",
        unknown("No measure here says how abstract a feature is.", reasons.UNDEFINED),
    ),
    Claim(
        "gradcam-abstraction",
        "Deep layers of a CNN tend to extract highly abstract features that may represent "
        "complex structures pertinent to the classification task, like object parts or entire "
        "objects",
        "gradcam",
        needs_features,
    ),
    Claim(
        "gradcam-place",
        "may not be directly related to specific spatial locations in the image",
        "gradcam",
        judging_depth.deep_gradcam_loses_the_place,
    ),
    Claim(
        "gradcam-struggles",
        "Grad-CAM and similar visualization techniques sometimes struggle to highlight "
        "meaningful patterns in the deepest layers",
        "gradcam",
        judging_depth.last_gradcam_is_sometimes_dark,
    ),
    Claim(
        "gradcam-away",
        "activations have been abstracted away from the pixel space",
        "gradcam",
        unknown(
            "No measure here says how abstract an activation is. The row on spatial locations "
            "says how well maps of deep modules still find an object.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "gradcam-context",
        "Deep layers incorporate more contextual information",
        "gradcam",
        held(
            "By construction: a cell of the first convolution depends on 3 × 3 pixels, of the last "
            "convolution on 18 × 18 (in a corner) to 30 × 30 of the 32 × 32."
        ),
    ),
    Claim(
        "gradcam-essential",
        "which is essential for distinguishing among classes",
        "gradcam",
        unknown(
            "That context is essential could be measured with a network that has none, such as "
            "one of 3 × 3 pixels; none was trained.",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "gradcam-interpretable",
        "is not always visually interpretable",
        "gradcam",
        needs_people,
    ),
    Claim(
        "gradcam-suggests",
        "If the final layers' heatmaps are not informative, it could suggest that the model "
        "is relying on features that are not easily interpretable or that Grad-CAM is not "
        "the right tool for visualizing these particular model decisions",
        "gradcam",
        unknown(
            "An empty map depends on the sign of a sum (row “may have abstracted the features”), "
            "and does not show this by itself. The images whose map is empty could be explained by "
            "the other methods and compared with all others, which was not done.",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "gradcam-easier",
        "exciting outcomes in making it easier to understand how deep learning works",
        "gradcam",
        needs_people,
    ),
    Claim(
        "gradcam-cleverly",
        "just how cleverly the model can pick out and focus on important parts of images",
        "gradcam",
        unknown(
            "The report does not say what would be clever. The row on localising says whether "
            "the marked pixels count. That the network chose the parts a person would choose needs "
            "masks of parts.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "gradcam-clearer",
        "This approach is a big step forward in helping us all get a clearer picture of how AI "
        "makes its choices",
        "gradcam",
        needs_people,
    ),
)
