# Every outcome of the plan: its analysis, its fallback, the analysis of the other set, and the assumptions.

PUT <- list(one_way = put_one_way, ranks = put_ranks, repeated = put_repeated, paired = put_paired, mixed_anova = put_mixed_anova,
            factorial_within = put_factorial_within,
            ancova = put_ancova, factorial = put_factorial, binary_trials = put_binary, linear_trials = put_trials,
            logistic_trials = put_trials, ordinal_trials = put_trials, likelihood_ratio = put_likelihood_ratio,
            paired_preferences = put_preferences, permutation = put_permutation, permutation_within = put_permutation_within)
MODELS <- c("linear_trials", "logistic_trials", "ordinal_trials", "likelihood_ratio")
test_of <- function(found, analysis) { # where the test of an analysis stands among its results
  switch(analysis, one_way = "welch", factorial = , factorial_within = paste0("effects.", found$tested), mixed_anova = "effects.arm:time", "test")
}
node_at <- function(found, place) { for (key in strsplit(place, ".", fixed = TRUE)[[1]]) found <- found[[key]]; found }
SIZE <- c(one_way = "omega_squared", ranks = "epsilon_squared", repeated = "kendalls_w", paired = "dz", ancova = "partial_eta_squared",
          mixed_anova = "sizes.arm:time")
as_analysis <- function(outcome, analysis) { outcome$analysis <- analysis; outcome }
put_analysis <- function(path, found, outcome) PUT[[outcome$analysis]](path, found, outcome)

put_sensitivity <- function(path, entry, decisive, decisive_path) {
  again <- entry$sensitivity
  used <- entry$outcome
  used$population <- again$population
  compared <- people$arm %in% arms_of(used)
  analysis <- if (is.null(again$fallback)) used$analysis else again$fallback
  here <- paste0(path, ".sensitivity")
  if (!any(compared & members(used$population) != members(entry$outcome$population))) { # the same people
    copy(paste0(decisive_path, ".arms"), paste0(here, ".arms"))
    copy(paste0(decisive_path, ".", test_of(decisive, analysis)), paste0(here, ".test"))
    return(invisible())
  }
  found <- again
  if (analysis %in% MODELS) return(PUT[[analysis]](here, found, as_analysis(used, analysis), brief = decisive$model))
  # The report has the arms and the test alone; the other results are computed and compared with nothing.
  found$welch <- again$test
  found$tested <- decisive$tested
  if (analysis == "factorial") found$effects <- list(again$test)
  if (analysis == "factorial_within") { found$effects <- setNames(list(again$test), found$tested); found$cells <- decisive$cells; found$factors <- decisive$factors; found$within <- decisive$within; found$epsilons <- decisive$epsilons }
  if (analysis == "mixed_anova") found$effects <- list("arm:time" = again$test)
  put_analysis(here, found, as_analysis(used, analysis))
  place <- test_of(decisive, analysis)
  if (place != "test") copy(paste0(here, ".", place), paste0(here, ".test"))
}
p_values <- c()
for (i in seq_along(results$outcomes)) {
  entry <- results$outcomes[[i]]
  outcome <- entry$outcome
  path <- paste0("outcomes.", i - 1)
  put_analysis(paste0(path, ".found"), entry$found, outcome)
  if (!is.null(entry$by_level)) put_by_level(paste0(path, ".by_level"), entry$by_level, outcome)
  decisive <- entry$found; decisive_path <- paste0(path, ".found"); used <- outcome
  assumptions <- entry$assumptions
  if (!is.null(entry$fallback)) {
    used <- as_analysis(outcome, entry$fallback$analysis)
    decisive <- entry$fallback$found; decisive_path <- paste0(path, ".fallback.found")
    put_analysis(decisive_path, decisive, used)
  }
  for (of in list(list(outcome, entry$found, paste0(path, ".found")), list(used, decisive, decisive_path))) {
    found <- c(of[[2]], path = of[[3]])
    put_assumptions(paste0(path, ".assumptions"), assumptions, of[[1]], found)
    put_assumptions(paste0(of[[3]], ".checks"), found$checks, of[[1]], found)
  }
  if (!is.null(entry$sensitivity)) put_sensitivity(path, entry, decisive, decisive_path)
  size <- if (used$analysis %in% c("factorial", "factorial_within")) paste0("sizes.", decisive$tested)
    else if (used$analysis == "linear_trials") paste0("sizes.", if (length(arms_of(used)) > 1) "arm" else used$within)
    else SIZE[used$analysis]
  if (!is.na(size)) copy(paste0(decisive_path, ".", size), paste0(path, ".summary.effect"))
  p <- node_at(decisive, test_of(decisive, used$analysis))$p
  p_values[i] <- if (is.null(p)) NA else p
}
families <- sapply(results$outcomes, function(entry)
  if (entry$outcome$role == "exploratory") "exploratory" else entry$outcome$family)
for (family in unique(families)) {
  inside <- which(families == family)
  filled <- ifelse(is.na(p_values[inside]), 1, p_values[inside]) # a test without a result stays in its family
  adjusted <- p.adjust(filled, if (family == "exploratory") "BH" else "holm")
  for (j in seq_along(inside)) if (!is.na(p_values[inside[j]]))
    put(paste0("outcomes.", inside[j] - 1, ".p_adjusted"), adjusted[j])
}
