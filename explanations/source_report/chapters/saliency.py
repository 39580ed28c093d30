"""Claims about saliency maps."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging, judging_depth
from explanations.source_report.chapters.claim import (
    Claim,
    attention,
    needs_features,
    needs_masks,
    needs_people,
    same,
)
from explanations.source_report.judging import changed, failed, held, repeated, unknown

CLAIMS = (
    Claim(
        "saliency-tools",
        "Saliency maps are visualization tools used in the field of machine learning "
        "particularly in the context of deep neural networks to interpret the behavior of deep "
        "learning models.",
        "saliency",
        unknown(
            "How the method is used elsewhere could be counted in the literature, which this "
            "page does not do.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "saliency-also",
        "Like GradCam, Saliency Maps are also used to interpret the behavior of convolution "
        "neural networks particularly in tasks like image classification.",
        "saliency",
        unknown(
            "How the methods are used elsewhere could be counted in the literature, which this "
            "page does not do.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "saliency-differ",
        "they both differ in their approach",
        "saliency",
        held(
            "By definition: the row on individual pixels says how. So do the maps: Grad-CAM gives "
            "one coarse map for a layer, saliency of the image one value for each pixel."
        ),
    ),
    Claim(
        "saliency-types",
        "they both differ in their approach and the type of insights they provide",
        "saliency",
        unknown("Whether people gain other insights from them needs people.", reasons.PEOPLE),
    ),
    Claim(
        "saliency-pixels",
        "Unlike GradCam which focuses on the importance of different feature maps within "
        "convolution layers, saliency maps focus on the individual pixels in the image",
        "saliency",
        held(
            "By construction, for the saliency of the image, which the report defines: it has a "
            "value for every pixel, the largest over the colours; Grad-CAM weights the feature "
            "maps of a layer. What the report then shows contradicts its definition: saliency of "
            "layers, of which the deeper have fewer cells than the image has pixels."
        ),
    ),
    Claim(
        "saliency-affect",
        "identifying which pixels in the input image most affect the output prediction",
        "saliency",
        judging.marks_what_counts("saliency", "saliency", rule=judging.MOST),
    ),
    Claim(
        "saliency-gradient",
        "computing the gradient of the output for the input image",
        "saliency",
        held(
            "By definition, and computed so here. Tests compare the maps with an "
            "independent library's."
        ),
    ),
    Claim(
        "saliency-finer",
        "Saliency maps produce finer detail at the pixel level compared to gradcam",
        "saliency",
        held(
            "By construction, for the saliency of the image: it has 32 × 32 values, the usual "
            "Grad-CAM layer of this network 8 × 8, which are enlarged. The saliency of a layer, "
            "which the report shows, has that layer's own resolution: 8 × 8 for modules 9 to 13, "
            "no finer than Grad-CAM."
        ),
    ),
    Claim("saliency-noisy", "they can be very noisy", "saliency", judging_depth.saliency_is_noisy),
    Claim(
        "saliency-deep",
        "they can be very noisy, especially in deeper or very complex models",
        "saliency",
        unknown(
            "Only this architecture was measured. Deeper and more complex networks could be "
            "measured in the same way, and were not.",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "saliency-basic",
        "Gradient Computation: The basic idea is to compute the gradient of the output for the "
        "input data.",
        "saliency",
        held("By definition, and computed so here, of the class's logit."),
    ),
    Claim(
        "saliency-measures",
        "This gradient measures how changes in each input pixel (for image data) or feature "
        "influence the model's prediction",
        "saliency",
        held(
            "By definition, for a very small change of one pixel at a time. Large changes "
            "of many pixels are judged in the rows on influence."
        ),
    ),
    Claim(
        "saliency-backwards",
        "Using backpropagation, these gradients are computed for a specific output class (for "
        "classification tasks) or the predicted value (for regression tasks)",
        "saliency",
        held(
            "By definition. Here they are of the predicted class's logit. No task of this page "
            "is a regression."
        ),
    ),
    Claim(
        "saliency-absolute",
        "The absolute values of these gradients are then used to create a map where higher "
        "values indicate more influence on the model's output",
        "saliency",
        held(
            "By definition, for very small changes. The absolute value does not tell "
            "whether a pixel speaks for the class or against it."
        ),
    ),
    Claim(
        "saliency-overlaid",
        'This map is overlaid on the input image or data to show the "hot spots" or important '
        "regions.",
        "saliency",
        changed(
            "The maps above are shown next to the image instead of over it, so that their "
            "colours are not mixed with the image's."
        ),
    ),
    Claim(
        "saliency-input",
        "we adjusted the input image processing to align with the specific requirements of our "
        "neural network model",
        "saliency",
        repeated(
            "Images enter as 32 × 32 pixels, normalised by the training images' mean and "
            "standard deviation."
        ),
    ),
    Claim(
        "saliency-hooks",
        "We employed hooks to track activations and gradients across the model's layers as it "
        "processed images.",
        "saliency",
        changed(
            "Without hooks: the modules are run one after the other, and the gradients by every "
            "module's output are taken from the same backward pass."
        ),
    ),
    same(
        "saliency-influential",
        "saliency maps, which are visual representations showing the areas of the image most "
        "influential to the model's predictions",
        "saliency",
        "saliency-affect",
    ),
    Claim(
        "saliency-edges",
        "These maps effectively illustrate how the model focuses on different image features, "
        "from basic details like edges in early layers to more complex patterns in deeper "
        "layers",
        "saliency",
        needs_features,
    ),
    Claim(
        "saliency-revealing",
        "revealing the model's internal decision-making process",
        "saliency",
        unknown("The report does not say what would count as revealed.", reasons.UNDEFINED),
    ),
    Claim(
        "saliency-below",
        "Below are the saliency map visualizations for different layers in the model:",
        "saliency",
        repeated(
            "All 15 modules are shown above. The report's layers 1 to 12 are among them, however "
            "it counts them."
        ),
    ),
    Claim(
        "saliency-shown",
        "The above visualizations show the saliency map for different layers for the image of "
        "the truck.",
        "saliency",
        changed("The truck above is another one."),
    ),
    Claim(
        "saliency-truck",
        "The saliency map visualizations show what regions of the pixels in the image are "
        "influential in different layers while classifying the above image as a “truck”",
        "saliency",
        judging_depth.saliency_of_trucks,
    ),
    Claim(
        "saliency-progress",
        "we can see a progression in the saliency map representations",
        "saliency",
        judging_depth.saliency_focuses,
    ),
    Claim(
        "saliency-detect",
        "Early layers often detect simple features like edges and basic textures, while deeper "
        "layers tend to represent more abstract features.",
        "saliency",
        needs_features,
    ),
    Claim(
        "saliency-early",
        "the saliency seems to be quite distributed, with emphasis on broader regions",
        "saliency",
        judging_depth.early_saliency_is_distributed,
    ),
    Claim(
        "saliency-shapes",
        "This might indicate that the network is focusing on general shapes and boundaries "
        "in the image",
        "saliency",
        needs_features,
    ),
    Claim(
        "saliency-3-5",
        "the saliency is becoming more focused on specific areas",
        "saliency",
        judging_depth.saliency_focuses_more((3, 4, 5), (1, 2)),
    ),
    Claim(
        "saliency-hone",
        "suggesting that the network is beginning to hone in on more detailed features that "
        "are important for identifying the truck",
        "saliency",
        needs_features,
    ),
    same(
        "saliency-defined",
        "We see that the saliency maps are getting more defined",
        "saliency",
        "saliency-3-5",
    ),
    Claim(
        "saliency-complex",
        "We see that the saliency maps are getting more defined, indicating the identification "
        "of more complex features",
        "saliency",
        needs_features,
    ),
    Claim(
        "saliency-6-8",
        "the saliency maps are much more concentrated in particular regions",
        "saliency",
        judging_depth.saliency_focuses_more((6, 7, 8), (3, 4, 5)),
    ),
    Claim(
        "saliency-parts",
        "These layers likely represent the parts of the truck that are most distinctive for "
        "classification, such as the corners, the cab of the truck, or distinctive color "
        "patterns",
        "saliency",
        needs_masks,
    ),
    Claim(
        "saliency-9-10",
        "the saliency maps are very focused, with bright spots",
        "saliency",
        judging_depth.saliency_focuses_more((9, 10), (6, 7, 8)),
    ),
    Claim(
        "saliency-bright",
        "with bright spots showing where the network is paying the most attention",
        "saliency",
        attention,
    ),
    Claim(
        "saliency-cargo",
        "This could correspond to high-level features that define the truck class, such as "
        "the structure of the cargo area, wheels, or other unique identifiers",
        "saliency",
        needs_masks,
    ),
    Claim(
        "saliency-finest",
        "The saliency map visualization shows the finest level of pixel details in these layers.",
        "saliency",
        failed(
            "However the report counts, its layers 11 and 12 are two of the modules 10 to 13, "
            "whose maps have 8 × 8 cells of 4 × 4 pixels each. The finest detail is in the first "
            "layers, with 32 × 32 cells. The same paragraph of the report also says that these "
            "maps are “less about individual pixels”, which contradicts it."
        ),
    ),
    Claim(
        "saliency-11-12",
        "a few highly focused areas of bright color",
        "saliency",
        judging_depth.last_saliency_is_few_spots,
    ),
    Claim(
        "saliency-strongly",
        "indicating where the network is concentrating its attention most strongly",
        "saliency",
        attention,
    ),
    Claim(
        "saliency-deepest",
        "Since these are the deepest layers",
        "saliency",
        unknown(
            "It depends on how the report counts, which it does not say: its layers 11 and 12 are "
            "the deepest convolution and ReLU if it counts these two kinds alone. If it counts "
            "every module, the modules 12 to 14, or 13 and 14, are deeper.",
            reasons.UNSEEN,
        ),
    ),
    Claim(
        "saliency-relationships",
        "the saliency map is less about individual pixels and more about the complex "
        "relationships and patterns the network has learned to recognize as being indicative of"
        " a truck",
        "saliency",
        unknown(
            "A map shows where, not what. Which patterns a layer detects could be measured by "
            "the images that activate each of its channels most; this was not done. The same "
            "paragraph of the report calls these maps “the finest level of pixel details”, "
            "which contradicts it.",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "saliency-useful",
        "Saliency maps are certainly useful if we need to analyze finer details in terms of pixels",
        "saliency",
        unknown(
            "A map with a value for every pixel has this detail by construction. Whether it is "
            "useful needs people.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "saliency-sometimes",
        "Saliency maps can sometimes be noisy or misleading",
        "saliency",
        judging_depth.saliency_is_sometimes_noisy,
    ),
    Claim(
        "saliency-misleading",
        "Saliency maps can sometimes be noisy or misleading, focusing on areas that seem "
        "unintuitive to humans",
        "saliency",
        unknown(
            "The sentence as a whole, with what people find unintuitive, needs people. The "
            "study can ask them “what is wrong here?”.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "saliency-simplistic",
        "Saliency map interpretation is relatively simplistic",
        "saliency",
        unknown("The report does not say what is simplistic.", reasons.UNDEFINED),
    ),
    Claim(
        "saliency-interactions",
        "might not fully capture the complex dependencies or interactions in the data that the "
        "model is leveraging",
        "saliency",
        held(
            "By construction: a gradient describes how the prediction responds to a small change "
            "of each "
            "pixel alone. Effects of several pixels together are not in it."
        ),
    ),
    Claim(
        "saliency-insights",
        "fantastic insights into the neural network's inner workings",
        "saliency",
        needs_people,
    ),
    Claim(
        "saliency-captivate",
        "map out the regions of an image that most captivate the model's attention, enabling a "
        "peek into the opaque decision-making process of deep learning",
        "saliency",
        unknown(
            "The report does not say how attention could be observed. Whether the marked pixels"
            " count is judged in the rows on influence.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "saliency-significantly",
        "By highlighting the areas that significantly impact the model's predictions",
        "saliency",
        judging.marks_what_counts("saliency", "saliency"),
    ),
    Claim(
        "saliency-window",
        "saliency maps serve as a window into the AI's thought process",
        "saliency",
        unknown(
            "A figure of speech. Layers can be compared, so that the window into “layered "
            "processing” of the chapter on Grad-CAM has numbers; thoughts cannot.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "saliency-deepens",
        "This tool not only deepens our understanding of AI's interpretive strategies but also "
        "moves us closer to demystifying the complex layers of machine 'perception.'",
        "saliency",
        needs_people,
    ),
    Claim(
        "saliency-stride",
        "It's a considerable stride towards transparent AI, allowing us to witness the "
        "intricate dance of pixels that inform a model's final decision.",
        "saliency",
        unknown("A figure of speech.", reasons.NOTHING),
    ),
)
