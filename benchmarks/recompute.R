# Recomputes a report's numbers in R, from its tidy tables, and compares them with results.json.
#
#   Rscript benchmarks/recompute.R REPORT_FOLDER
#
# REPORT_FOLDER is what `manage.py run_analysis` wrote. Nothing of this project's Python is used: scores, sets of
# participants and exclusions are computed anew from the raw answers, tests and models by R (lme4, lmerTest, pbkrtest,
# emmeans) or by the published formulas. Numbers that are not recomputed are named with the reason. The last line counts
# the numbers that agree, that differ and that were not recomputed; the exit status is 1 if a number differs by more than
# its tolerance, or was left out without a reason. Needs jsonlite, lme4, lmerTest, pbkrtest, emmeans, numDeriv and mvtnorm.
suppressMessages({
  library(jsonlite)
  library(lme4)
  library(lmerTest)
  library(mvtnorm)
})
arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 1 || !file.exists(file.path(arguments[1], "results.json")))
  stop("Name a folder that run_analysis wrote; it must contain results.json.", call. = FALSE)
folder <- arguments[1]
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
for (part in c("numbers", "tables", "scores", "comparisons", "times", "levels", "trials", "preferences", "assumptions", "outcomes", "sections"))
  source(file.path(dirname(script), "recompute", paste0(part, ".R")), encoding = "UTF-8")
quit(status = as.integer(!compare(results)))
