"""What the shipped questionnaires measure, their scales and sources, marked for translators.

Their files say it in English. The texts are repeated here, because translators' programs do not
read these files; a test compares them.
"""

from explanations.translatable import gettext_noop as _

CONSTRUCTS = (
    _(
        "Previous experience with artificial intelligence, its use, and the habit of following "
        "automatic recommendations. Three single questions that describe the sample and are not "
        "combined into a score."
    ),
    _(
        "Self-rated literacy in artificial intelligence, in three parts: knowing how it works, "
        "using it, and judging what it says. A self-rating is not a test, and people who rate "
        "themselves highly are not always better calibrated."
    ),
    _("Free comments on the study."),
    _(
        "Description of the sample: age, gender, education, colour vision, and experience with "
        "classifiers. Single questions that are not combined into a score."
    ),
    _("Mental effort: how much of one's attention and thought the task took, in one rating."),
    _(
        "Workload in six dimensions: thinking, senses and hands, time, success, exertion, "
        "annoyance. The score is the unweighted mean, with success reversed."
    ),
    _(
        "Propensity to trust automation: how readily a person relies on automatic systems before "
        "knowing a particular one."
    ),
    _(
        "Explanation satisfaction: how far a person feels that the explanations were useful. It "
        "need not agree with what the person learned from them."
    ),
    _(
        "State trust: trust in the classifier at this moment of the study, as it rises and falls "
        "with what has just been seen. Short, so that it can be asked after every block."
    ),
    _(
        "Trust and distrust in one particular automatic system, as two attitudes that one person "
        "can hold at once: the readiness to rely on it, and the expectation that it does harm or "
        "leads astray."
    ),
    _(
        "Trust in one particular automatic system: the readiness to rely on it although it can be "
        "wrong."
    ),
    _(
        "Felt understanding: the impression of knowing how the classifier comes to its answers. "
        "It need not agree with what a person can in fact foretell."
    ),
)
SOURCES = (
    _("Our own questions, to describe the sample."),
    _(
        "Construct: competencies after Long & Magerko (2020), doi:10.1145/3313831.3376727; the "
        "three parts and the wording are our own."
    ),
    _("Our own question."),
    _(
        "Construct: mental effort in one rating after Paas (1992), "
        "doi:10.1037/0022-0663.84.4.429; wording is our own."
    ),
    _(
        "Construct: workload as several dimensions after Hart & Staveland (1988), "
        "doi:10.1016/S0166-4115(08)62386-9; dimensions adapted to judging pictures, wording is "
        "our own."
    ),
    _(
        "Construct: propensity to trust after Mayer, Davis & Schoorman (1995), "
        "doi:10.2307/258792, and dispositional trust after Hoff & Bashir (2015), "
        "doi:10.1177/0018720814547570; wording is our own."
    ),
    _(
        "Construct: explanation satisfaction after Hoffman, Mueller, Klein & Litman (2023), "
        "doi:10.3389/fcomp.2023.1096257; wording is our own."
    ),
    _(
        "Construct: learned and situational trust after Hoff & Bashir (2015), "
        "doi:10.1177/0018720814547570; three items as in McGrath et al. (2025), "
        "doi:10.3389/frai.2025.1582880; wording our own."
    ),
    _(
        "Construct: trust and distrust as separate dimensions after Lewicki, McAllister & Bies "
        "(1998), doi:10.5465/amr.1998.926620, and Lee & See (2004), "
        "doi:10.1518/hfes.46.1.50_30392; wording our own."
    ),
    _("Construct: trust in automation after Lee & See (2004); wording our own."),
    _(
        "Construct: subjective understanding of an artificial intelligence, as in Hoffman et al. "
        "(2018), apart from objective performance; wording our own."
    ),
)
SCALES = (
    _("Knowing"),
    _("Using"),
    _("Judging"),
    _("Workload"),
    _("Propensity to trust automation"),
    _("Explanation satisfaction"),
    _("State trust"),
    _("Trust"),
    _("Distrust"),
    _("Trust in the classifier"),
    _("Felt understanding"),
)
