"""Sentences on an outcome's results, by the analysis that supplies the test."""

from dataclasses import replace

from analysis.outcomes.fallbacks import as_analysis
from analysis.outcomes.likelihood_ratio import LikelihoodRatio
from analysis.outcomes.trial_models import TrialModel
from analysis.report import sentences
from analysis.report.fallback_sentences import family_note, stands_in
from analysis.results import OutcomeResult, Results


def fallen_back(result: OutcomeResult) -> OutcomeResult:
    """Return the result of an outcome's fallback as if the plan had asked for the fallback.

    Models of trials that cannot be fitted have no tables, so the fallback's tables take the names
    of theirs. All other analyses have both, with different names.
    """
    if result.fallback is None:
        raise TypeError(f"{result.outcome.key} has no fallback")
    outcome = as_analysis(result.outcome, result.fallback.analysis)
    if not isinstance(result.found, TrialModel | LikelihoodRatio):
        outcome = replace(outcome, key=f"{outcome.key}-{outcome.analysis}")
    return replace(result, outcome=outcome, found=result.fallback.found, fallback=None, refused=())


def outcome_sentences(result: OutcomeResult, results: Results) -> list[str]:
    """Return the sentences on an outcome: what has no test, what was found, what lacks a result."""
    if result.fallback is None:
        log = [] if isinstance(result.found, TrialModel) else stands_in(result)
        said = {
            f"{start}: {refusal.reason}."
            for refusal in result.refused
            if log
            for start in sentences.REFUSED
        }
        # The log names the reason already.
        found = [text for text in sentences.findings(result, results) if text not in said]
        return [*log, *found, *family_note(result, results)]
    found = sentences.findings(fallen_back(result), results)
    return [*stands_in(result), *found, *family_note(result, results)]
