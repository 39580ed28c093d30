"""What the shipped designs and their arms are called and what the designs are for, marked for
translators.

A design's file says it in English: its title, its labels, and the comment at its head. All are
repeated here, because translators' programs do not read study files; a test compares them.
"""

from explanations.translatable import gettext_noop as _

PURPOSES = {
    "demo.toml": _(
        "Between-subjects, seven arms over the drawn scenes that come with the platform: no "
        "explanation, each of five methods, and a map that shows nothing. A good design to begin "
        "with."
    ),
    "five-methods.toml": _(
        "Which of five methods helps people to notice errors, and which do they prefer?"
    ),
    "foretelling.toml": _(
        "Do maps help people to predict what the classifier says, above all where it is wrong?"
    ),
    "human-and-classifier.toml": _(
        "People alone, the classifier alone, and both together: are they better together than "
        "either?"
    ),
    "map-and-confidence.toml": _(
        "Do maps help because they show where the classifier looked, or would its confidence do as "
        "well?"
    ),
    "online-study.toml": _("Do maps change whom people believe, and for what reasons?"),
    "screening.toml": _(
        "Do maps change whom people believe, among people who can see the maps' colours?"
    ),
    "thinking-aloud.toml": _(
        "What do people think while they judge a classifier's answers, and does their trust change?"
    ),
    "trust-repair.toml": _(
        "Does an apology of the classifier repair trust after its errors, and does an explanation "
        "make it easier?"
    ),
    "two-accuracies.toml": _("Does a map help people to notice how accurate a classifier is?"),
    "where-people-look.toml": _("Do maps mark the places that people need to recognise a picture?"),
    "which-map.toml": _(
        "Can people tell which map belongs to the classifier's answer, and whether that answer is "
        "right?"
    ),
    "judge-advisor.toml": _(
        "Judge and advisor: people say what a picture shows, then see the classifier's answer and "
        "its map, and answer again. Between-subjects arms, crossed with the correctness of the "
        "prediction, which varies within them. The first answers tell how good people are alone."
    ),
    "residual.toml": _(
        "Between-subjects, five arms over scenes of 128 pixels and a small residual network, so "
        "that maps are as detailed as in papers: no explanation, Grad-CAM, Integrated Gradients, "
        "SmoothGrad, and a placebo."
    ),
    "source-report.toml": _(
        "The study that the source report announces: does an explanation change how far people "
        "trust and understand a classifier of photographs? Between-subjects, six arms: no "
        "explanation, and each of the five methods. Test images of CIFAR-10, and the classifier "
        "trained on its training images."
    ),
    "within.toml": _(
        "Within-subjects: everybody sees all four conditions, one block each, in one of four "
        "orders that are a Latin square balanced for carry-over. Each block shows other images, "
        "which rotate over the conditions. After each block people say how far they trust the "
        "classifier at that moment."
    ),
}
"""The sentences by the names of the files."""
TITLES = {
    "demo.toml": _("Judging the answers of a picture classifier"),
    "five-methods.toml": _("Five kinds of maps"),
    "foretelling.toml": _("What will the classifier say?"),
    "human-and-classifier.toml": _("Naming pictures, with and without a classifier"),
    "map-and-confidence.toml": _("Judging a classifier's answers in limited time"),
    "online-study.toml": _("Checking the answers of a classifier"),
    "screening.toml": _("Pictures and the answers of a classifier"),
    "thinking-aloud.toml": _("Thinking aloud about a classifier"),
    "trust-repair.toml": _("Judging a classifier's answers, in two parts"),
    "two-accuracies.toml": _("Judging the answers of two classifiers"),
    "where-people-look.toml": _("Where to look in a picture"),
    "which-map.toml": _("What maps of pictures tell"),
    "judge-advisor.toml": _("Naming pictures, with a classifier's advice"),
    "residual.toml": _("Judging the answers of a residual network"),
    "source-report.toml": _("Judging what a classifier sees in photographs"),
    "within.toml": _("Four ways of showing a classifier's answers"),
}
"""The titles by the names of the files."""
LABELS = (
    _("Answer without explanation"),
    _("Grad-CAM, probability hidden"),
    _("Grad-CAM, probability shown"),
    _("Grad-CAM, right in 60 %"),
    _("Grad-CAM, right in 90 %"),
    _("Human alone"),
    _("Map of another image"),
    _("No explanation"),
    _("No map, probability hidden"),
    _("No map, probability shown"),
    _("No map, right in 60 %"),
    _("No map, right in 90 %"),
    _("Placebo map"),
    _("Placebo maps"),
    _("Saliency map"),
)
"""The labels of arms and conditions, except names of methods that are the same in all languages."""
