"""Claims of the abstract, the introduction and the objectives."""

from explanations.source_report import evidence as reasons
from explanations.source_report import judging_recipes
from explanations.source_report.chapters.claim import Claim, needs_people, same, transparent
from explanations.source_report.judging import failed, held, unknown

ELSEWHERE = "Nothing on this page is about other networks, tasks or fields."

CLAIMS = (
    Claim(
        "aims-popular",
        "The VGG model is one of the popular Convolution Neural network models for recognizing "
        "and classifying the images",
        "aims",
        unknown(
            "How popular a network is could be counted in the literature, which this page does "
            "not do.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "aims-layers",
        "its complex design, filled with many layers that process the images",
        "network",
        unknown(
            "The printed network has 22 modules, of which 6 are convolutions and 3 linear "
            "layers. The report does not say how many layers are many, or what is complex.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "aims-opaque",
        "makes it hard for people to understand and how it comes up with its results",
        "aims",
        needs_people,
    ),
    Claim(
        "aims-black-box",
        "this is the common issue with deep learning where we can't easily see what's happening"
        ' inside these "black box models"',
        "aims",
        unknown(
            "Every number inside this network can be read. Whether people see from maps what "
            "is happening needs people.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "aims-clear",
        "The main focus of our project is to make the VGG model's decision-making clear and "
        "understandable",
        "aims",
        unknown(
            "An aim of the project. Whether it is reached is judged in the rows on people.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "aims-everyone",
        "We mainly aim to make it easier for everyone to trust and use this advanced AI",
        "aims",
        unknown(
            "An aim of the project. Whether it is reached is judged in the rows on people.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "aims-areas",
        "especially in important areas like healthcare imaging and self-driving cars, where "
        "knowing how the AI makes decisions is very important",
        "aims",
        unknown(
            "Neither the report nor this page contains anything about these areas.", reasons.OUTSIDE
        ),
    ),
    Claim(
        "aims-transparent",
        "To integrate explainability methods with a VGG model tailored for image "
        "classification tasks, making its decision-making process transparent",
        "aims",
        transparent,
    ),
    Claim(
        "aims-integrate",
        "We plan to integrate explainability methods with a VGG model tailored for image "
        "classification tasks",
        "aims",
        held(
            "A plan that the report keeps: it shows a map of each of the five methods for its "
            "network. All five explain the printed network on this page, too."
        ),
    ),
    Claim(
        "compare",
        "compare the effectiveness of various explainability techniques in demystifying the "
        "layers and features used by the VGG model in making predictions",
        "comparison",
        failed(
            "The report compares two of the five, saliency and Grad-CAM, in words, and no number. "
            "The measures above compare all five."
        ),
    ),
    Claim(
        "trust-assess",
        "we assess the impact of enhanced explainability on the interpretability and "
        "trustworthiness of the VGG model among end-users",
        "study",
        failed(
            "The report contains no participants, no questionnaire and no result about "
            "people. The platform runs such studies. The participants of the study above are "
            "synthetic."
        ),
    ),
    Claim(
        "aims-agnostic",
        "both model-specific and model-agnostic explainability techniques",
        "aims",
        held(
            "By construction, LIME needs only the network's predictions, and the other four "
            "methods need its gradients or its layers."
        ),
    ),
    Claim(
        "pretrained",
        "a pre-trained VGG model",
        "network",
        unknown(
            "“Pre-trained” can mean that the network was trained before it was explained, which is "
            "so, or that its weights come from another data set, which does not fit “We have "
            "constructed a VGG13 model for our dataset”: published VGG13 weights are of 10 "
            "convolutions, the printed network has 6. The report does not say which.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "aims-compatible",
        "Techniques such as Local Interpretable Model-agnostic Explanations (LIME), Grad-CAM "
        "(Gradient-weighted Class Activation Mapping), Saliency MAP, Integrated Gradients (IG) "
        "and SHAP (Shapley Additive Explanations) will be explored for their compatibility and "
        "effectiveness with the VGG architecture",
        "aims",
        unknown(
            "All five methods explain the printed network here, so that they are compatible "
            "with it by construction. The sentence names no effect, and the report does not say "
            "when a method is effective (rule “Effective” at the top). The measures of “The "
            "methods compared” and the rows of each method say what each of them does.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "aims-quantitatively",
        "The project will evaluate these methods' ability to visually and quantitatively explain",
        "aims",
        failed(
            "A plan that the report does not keep: it contains no number about a map. This page "
            "has such numbers: see “The methods compared”."
        ),
    ),
    Claim(
        "aims-patterns",
        "which features and patterns within the input images are most influential in the "
        "model's classification decisions",
        "aims",
        unknown(
            "The methods were tested by hiding pixels. Features and patterns could be tested "
            "by switching off the channels that detect them, which was not done.",
            reasons.NOT_DONE,
        ),
    ),
    Claim(
        "aims-progress",
        "Deep Learning has excellent development in various domains, which is revolutionising "
        "the way machines understand and interact with the world",
        "aims",
        unknown(ELSEWHERE, reasons.OUTSIDE),
    ),
    Claim(
        "aims-architectures",
        "There are many architectures driving this transformation",
        "aims",
        unknown(ELSEWHERE, reasons.OUTSIDE),
    ),
    Claim(
        "aims-improvement",
        "the VGG model has excellent improvement in the field of image recognition and "
        "classification because of its composition of various convolution layers",
        "aims",
        unknown(ELSEWHERE, reasons.OUTSIDE),
    ),
    Claim(
        "aims-complex",
        "can capture complex patterns and features in visual data",
        "aims",
        unknown(
            "The report does not say which patterns are complex. The accuracy is far above "
            "chance (see the recipes), but accuracy does not show which patterns the "
            "network uses.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "surpasses",
        "which often surpasses human performance in accuracy",
        "recipes",
        judging_recipes.beats_people,
    ),
    Claim(
        "aims-obscures",
        "this sophistication introduces a layer of complexity that obscures the model's "
        "decision-making processes from human understanding",
        "aims",
        needs_people,
    ),
    Claim(
        "aims-called",
        "The convolutional operations and transformations within these networks are often "
        'referred to as "black box" models due to their lack of transparency',
        "aims",
        unknown(
            "How often they are called so could be counted in the literature, which this page "
            "does not do.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "aims-barrier",
        "presenting a significant barrier to trust and usability in critical applications such "
        "as healthcare imaging and autonomous vehicles",
        "aims",
        needs_people,
    ),
    Claim(
        "aims-acceptance",
        "hides their broader acceptance, especially in sensitive areas",
        "aims",
        needs_people,
    ),
    Claim(
        "aims-important",
        "where understanding the vision behind an AI's decision is as important as the decision"
        " itself",
        "aims",
        unknown("A judgement of value.", reasons.NOTHING),
    ),
    Claim(
        "aims-radiologist",
        "a radiologist must understand why a model classifies a scan as indicative of a disease"
        " to trust and act upon its recommendation",
        "aims",
        unknown(
            "Only radiologists can tell what they need. Neither the report nor this page has "
            "their answers, or medical images.",
            reasons.PEOPLE,
        ),
    ),
    Claim(
        "aims-driving",
        "understanding the models's decision making process is crucial for safety verification "
        "and gaining regulatory and public approval",
        "aims",
        unknown(
            "Neither the report nor this page contains anything about driving, and approval "
            "is a question of law.",
            reasons.OUTSIDE,
        ),
    ),
    Claim(
        "aims-imperative",
        "The need for model transparency is not just a technical necessity but also a societal "
        "imperative",
        "aims",
        unknown("A judgement of value.", reasons.NOTHING),
    ),
    Claim(
        "aims-describe",
        "Our project aims to describe the layers of convolution neural networks.",
        "aims",
        held(
            "An aim that the report keeps: it describes the maps of the modules 0 to 14 (Grad-CAM) "
            "and of the layers 1 to 12 (saliency), each from one image. Whether its descriptions "
            "are right is judged in their rows."
        ),
    ),
    same(
        "aims-render",
        "Particularly the VGG model, and render their decision-making transparent.",
        "aims",
        "aims-transparent",
    ),
    Claim(
        "aims-workings",
        "explainability methods that can show details of inner workings of these DL models",
        "aims",
        unknown(
            "Grad-CAM and saliency were drawn for every module. LIME, Integrated Gradients and "
            "SHAP give one map of the image and show no inner layer. The report does not say "
            "which details count.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "aims-bridge",
        "Explainability in AI is an interdisciplinary effort to make the outcomes of DL models "
        "interpretable to humans, effectively bridging a gap between complex models predictions"
        " and actionable human understanding",
        "aims",
        unknown("A definition of the field, with what the authors hope for.", reasons.NOTHING),
    ),
    Claim(
        "aims-state-of-the-art",
        "First, we aim to integrate state-of-the art explainability methods into the VGG model to "
        "describe its image classification tasks",
        "aims",
        unknown(
            "The five methods were published between 2013 and 2017. No measure here says "
            "what is state of the art.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "compare-planned",
        "we plan to conduct a comparative study on the effectiveness of various techniques",
        "comparison",
        failed(
            "A plan that the report does not keep: it compares two of the five, saliency and "
            "Grad-CAM, in words and on different images, without a number and without people."
        ),
    ),
    Claim(
        "compare-demonstrate",
        "These techniques are Local Interpretable Model-agnostic Explanations (LIME), Grad-CAM "
        "(Gradient-weighted Class Activation Mapping), Saliency MAP, Integrated Gradients (IG) "
        "and SHAP (Shapley Additive Explanations), in demonstration the features and patterns "
        "the VGG model that is used for predictions.",
        "comparison",
        unknown(
            "All five techniques are shown above on one image. Which features and patterns "
            "they demonstrate could be tested by switching off the channels that detect them, "
            "which was not done.",
            reasons.NOT_DONE,
        ),
    ),
    same(
        "trust-enhancements",
        "we assess the impact of these explainability enhancements on the interpretability and "
        "trustworthiness of the VGG model among end-users",
        "study",
        "trust-assess",
    ),
    Claim(
        "aims-adapt",
        "apply and adapt both model-specific and model 's explainability techniques to VGG "
        "trained models",
        "aims",
        held(
            "By construction, LIME needs only the network's predictions, and the other four "
            "methods need its gradients or its layers. All five are applied here to the "
            "printed network. The report says of Grad-CAM that it was adapted, and not how."
        ),
    ),
    Claim(
        "cifar",
        "comprising 60,000 colour images across ten distinct classes, serves as view point for "
        "our evaluations",
        "network",
        held("50,000 training and 10,000 test images, of ten classes with 6,000 images each."),
    ),
    Claim(
        "aims-diverse",
        "offering a diverse and comprehensive collection of images",
        "aims",
        unknown(
            "The report does not say what counts as diverse, and no measure here does.",
            reasons.UNDEFINED,
        ),
    ),
    Claim(
        "aims-robust",
        "for a robust assessment of the VGG model's performance and the effectiveness of applied "
        "explainability techniques",
        "aims",
        failed(
            "The network is tested on 10,000 images, but each method is shown on a single "
            "image, which is not an assessment of the method. This page measures 100 images "
            "of each class where time allows."
        ),
    ),
    Claim(
        "aims-contribute",
        "we anticipate contributing significantly to the field of interpretable AI",
        "aims",
        unknown("An expectation of the authors.", reasons.NOTHING),
    ),
    Claim(
        "aims-trustworthiness",
        "We aim to not only enhance the trustworthiness of the DL model but also show a way "
        "for their deployment in areas where the need for transparency are high",
        "aims",
        unknown(
            "An aim of the project. Whether it is reached is judged in the rows on people.",
            reasons.NOTHING,
        ),
    ),
    Claim(
        "aims-accountable",
        "Our project aspires for development of AI systems that are not only intelligent but "
        "also interpretable, accountable and trustworthy.",
        "aims",
        unknown("A hope of the authors.", reasons.NOTHING),
    ),
)
