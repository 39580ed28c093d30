"""Analyses of an outcome's scores that a plan can declare.

A new analysis is a function, a template in report/ and an entry in ANALYSES.
"""

from dataclasses import dataclass
from typing import Literal

Before = Literal["", "change", "covariate", "times"]


@dataclass(frozen=True)
class Analysis:
    """An analysis: `path` names a function (StudyData, scores, Outcome) → its results.

    `check` names a function with these arguments that returns only arms and test, for the other set
    of participants. `words` names (OutcomeResult, Results) → the sentences on the results;
    `assumptions` names (StudyData, scores, Outcome, results) → the assumptions (assumptions/).
    `model` describes the fitted model and `beside` the other results reported. `fallback` lists the
    analyses that are tried if this one has no test and the plan names no other. The template in
    report/ has the analysis's key; `figures` names (OutcomeResult, Results, scores) → drawings by
    name. `before` says what becomes of an earlier measurement of the outcome: it is subtracted from
    the score ("change"), is a "covariate", or is one of the "times" that are compared. `uses` lists
    which of the keys within, factor and covariates the analysis reads; a plan that gives another of
    them is refused.
    """

    key: str
    label: str
    path: str
    words: str
    assumptions: str
    model: str
    beside: str
    figures: str = ""
    needs: tuple[str, ...] = ()  # fields of Outcome that must be given
    check: str = ""  # `path` if empty
    random: bool = False  # whether it uses the outcome's `random` factors
    before: Before = ""
    uses: tuple[str, ...] = ()
    one_arm: bool = False  # whether a study of a single arm can be analysed
    between_arms: bool = True  # whether arms, times or conditions are compared by one score each
    fallback: tuple[str, ...] = ("permutation",)
    by_level: bool = False  # whether the report compares the arms at each level of `within`


AI_ONLY = " and, if it is a different arm, from AI only"
"""Words on a comparison that plans without an arm with the answer alone do not have."""
ANALYSES = (
    Analysis(
        "one_way",
        "Welch ANOVA between arms",
        "analysis.outcomes.one_way.one_way",
        "analysis.report.sentences.one_way",
        "analysis.outcomes.assumptions.scores.of_one_way",
        "score ~ arm, with unequal variances (Welch)",
        f"ω²; differences from the control{AI_ONLY} by Dunnett's method with unequal variances; "
        "all pairs by Games-Howell; Hedges' g, Cliff's δ, probability of superiority "
        "(Brunner-Munzel); Kruskal-Wallis as a check",
        "analysis.figures.one_way.drawings",
        check="analysis.outcomes.one_way.arms_and_test",
        before="change",
    ),
    Analysis(
        "ranks",
        "Kruskal-Wallis test between arms, for single ordinal answers",
        "analysis.outcomes.ranks.ranked",
        "analysis.report.sentences.omnibus_only",
        "analysis.outcomes.assumptions.scores.of_ranks",
        "ranks of the scores ~ arm (Kruskal-Wallis)",
        "ε²; each arm against the control by Mann-Whitney U and Brunner-Munzel, Holm over the "
        "arms; Cliff's δ",
        "analysis.figures.one_way.scores_drawing",
        before="change",
    ),
    Analysis(
        "repeated",
        "Friedman test of within-subjects conditions (two: Wilcoxon signed-rank)",
        "analysis.outcomes.repeated.repeated",
        "analysis.report.sentences.omnibus_only",
        "analysis.outcomes.assumptions.scores.of_repeated",
        "ranks within subjects ~ condition (Friedman; Wilcoxon signed-rank for two)",
        "Kendall's W; all pairs of conditions by paired t tests, Holm over the pairs",
        "analysis.figures.times.difference_drawings",
        before="times",
        uses=("within",),
        one_arm=True,
        fallback=("permutation_within",),
    ),
    Analysis(
        "paired",
        "paired t test of two times or conditions within subjects",
        "analysis.outcomes.paired.paired",
        "analysis.report.time_sentences.paired",
        "analysis.outcomes.paired.assumptions",
        "later score − earlier score ~ 1 (paired t)",
        "mean difference with its interval, dz, Wilcoxon's signed-rank test as a check",
        "analysis.figures.times.difference_drawings",
        before="times",
        uses=("within",),
        one_arm=True,
        fallback=("permutation_within",),
    ),
    Analysis(
        "mixed_anova",
        "mixed ANOVA of arms by times or conditions within subjects",
        "analysis.outcomes.mixed_anova.mixed_anova",
        "analysis.report.time_sentences.mixed_anova",
        "analysis.outcomes.mixed_anova.assumptions",
        "score ~ arm * time + error(participant), type III, Greenhouse-Geisser corrected",
        "the test of the interaction is the outcome's; partial η²; each arm's change from the "
        "first time against the control's (Welch), Holm over arms and times",
        "analysis.figures.times.mean_drawings",
        before="times",
        uses=("within",),
        fallback=(),
        by_level=True,
    ),
    Analysis(
        "ancova",
        "ANCOVA: arms compared at the covariates' means",
        "analysis.outcomes.ancova.ancova",
        "analysis.report.time_sentences.ancova",
        "analysis.outcomes.ancova.assumptions",
        "score ~ arm + covariates, type III, HC3 errors",
        "partial η²; adjusted means; each arm against the control, Holm over the arms; the test of "
        "equal slopes in all arms",
        "analysis.figures.times.adjusted_drawings",
        check="analysis.outcomes.ancova.arms_and_test",
        before="covariate",
        uses=("covariates",),
    ),
    Analysis(
        "factorial",
        "ANOVA of two between-subjects factors, with aligned rank transform",
        "analysis.outcomes.factorial.factorial",
        "analysis.report.sentences.factorial",
        "analysis.outcomes.assumptions.scores.of_factorial",
        "",  # taken from the outcome's factors
        "partial η²; both main effects and the interaction; simple effects, Holm over the effects "
        "of each factor; aligned rank transform; all pairs of a factor's levels by Tukey-Kramer",
        "analysis.figures.by_level.factorial_drawings",
        before="change",
        uses=("factor", "factors", "effect"),
    ),
    Analysis(
        "factorial_within",
        "ANOVA of two factors, at least one of which varies within participants",
        "analysis.outcomes.factorial_within.factorial_within",
        "analysis.report.sentences.factorial",
        "analysis.outcomes.factorial_within.assumptions",
        "",  # taken from the outcome's factors
        "partial η²; both main effects and the interaction; simple effects, paired within "
        "participants and by Welch between them, Holm over the effects of each factor",
        "analysis.figures.times.cell_drawings",
        needs=("within", "factors"),
        before="times",
        uses=("within", "factors", "effect"),
        one_arm=True,
        fallback=(),
    ),
    Analysis(
        "binary_trials",
        "odds ratio and risk difference of yes-or-no trials, clustered by participant",
        "analysis.outcomes.binary_trials.binary_trials",
        "analysis.report.trial_sentences.binary_trials",
        "analysis.outcomes.binary_trials.assumptions",
        "odds of yes ~ arm, errors clustered by participant",
        "each arm's odds ratio and risk difference against the control, Holm over the arms",
        "analysis.figures.trials.drawings",
        needs=("column",),
    ),
    Analysis(
        "logistic_trials",
        "logistic mixed model of yes-or-no trials with random participants and images",
        "analysis.outcomes.trial_models.trial_model",
        "analysis.report.trial_sentences.trial_model",
        "analysis.outcomes.trial_models.assumptions",
        "",  # taken from the fit
        "each arm's odds ratio and marginal risk difference against the control, Holm over the "
        "arms",
        "analysis.figures.trials.drawings",
        needs=("column",),
        check="analysis.outcomes.trial_models.arms_and_test",
        random=True,
        uses=("within",),
        one_arm=True,
        fallback=("likelihood_ratio", "permutation"),
        by_level=True,
    ),
    Analysis(
        "linear_trials",
        "linear mixed model of trials with random participants and images",
        "analysis.outcomes.trial_models.trial_model",
        "analysis.report.trial_sentences.trial_model",
        "analysis.outcomes.trial_models.assumptions",
        "",  # taken from the fit
        "partial η²; each arm's difference from the control, Holm over the arms",
        "analysis.figures.trials.drawings",
        needs=("column",),
        check="analysis.outcomes.trial_models.arms_and_test",
        random=True,
        uses=("within",),
        one_arm=True,
        by_level=True,
    ),
    Analysis(
        "ordinal_trials",
        "cumulative-link mixed model of ordinal trials with random participants and images",
        "analysis.outcomes.trial_models.trial_model",
        "analysis.report.trial_sentences.trial_model",
        "analysis.outcomes.trial_models.assumptions",
        "",  # taken from the fit
        "each arm's odds ratio of a higher answer against the control, Holm over the arms; the "
        "thresholds",
        "analysis.figures.trials.drawings",
        needs=("column",),
        check="analysis.outcomes.trial_models.arms_and_test",
        random=True,
        uses=("within",),
        one_arm=True,
        fallback=("likelihood_ratio", "permutation"),
        by_level=True,
    ),
    Analysis(
        "likelihood_ratio",
        "likelihood-ratio test of the arms in a logistic or cumulative-link mixed model",
        "analysis.outcomes.likelihood_ratio.likelihood_ratio",
        "analysis.report.fallback_sentences.likelihood_ratio",
        "analysis.outcomes.likelihood_ratio.assumptions",
        "",  # taken from the fit
        "each arm's odds ratio against the control with its profile-likelihood interval, which has "
        "one limit where the odds ratio is 0 or infinite; Holm over the arms",
        "analysis.figures.trials.drawings",
        needs=("column",),
        random=True,
        uses=("within",),
        one_arm=True,
        fallback=("permutation",),
        by_level=True,
    ),
    Analysis(
        "permutation",
        "permutation test of the arms over participants",
        "analysis.outcomes.permutation.permutation",
        "analysis.report.fallback_sentences.permutation",
        "analysis.outcomes.assumptions.scores.of_permutation",
        "mean score ~ arm, arms permuted over participants",
        "each arm's difference from the control, tested by permutation, Holm over the arms; "
        "probability of superiority",
        "analysis.figures.one_way.scores_drawing",
        before="change",
        uses=("factor",),
        fallback=(),
    ),
    Analysis(
        "permutation_within",
        "permutation test of within-subjects conditions",
        "analysis.outcomes.permutation.permutation_within",
        "analysis.report.fallback_sentences.permutation",
        "analysis.outcomes.assumptions.scores.of_permutation",
        "mean score ~ condition, conditions permuted within participants",
        "all pairs of conditions, tested by permutation, Holm over the pairs",
        "analysis.figures.times.difference_drawings",
        before="times",
        uses=("within",),
        one_arm=True,
        fallback=(),
    ),
    Analysis(
        "paired_preferences",
        "Bradley-Terry model of preferences between two maps, with ties, clustered by participant",
        "analysis.outcomes.paired_preferences.paired_preferences",
        "analysis.report.preference_sentences.paired_preferences",
        "analysis.outcomes.paired_preferences.assumptions",
        "log odds of the first map ~ log worth of its method − log worth of the other + first "
        "place (Bradley-Terry; ties by Davidson), errors clustered by participant",
        "each method's worth with its interval; all pairs, Holm over the pairs; the effect of the "
        "first place; the share of ties; a mixed model with worths of each participant's own",
        "analysis.figures.preferences.drawings",
        one_arm=True,
        between_arms=False,
        fallback=(),
    ),
)
