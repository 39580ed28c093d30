# Evidence about the assumptions of an analysis.

shape_of <- function(x) { # skewness, excess kurtosis, and the Q-Q correlation of Filliben (1975)
  n <- length(x); z <- x - mean(x); m <- mean(z^2)
  g1 <- mean(z^3) / m^1.5; g2 <- mean(z^4) / m^2 - 3
  medians <- (seq_len(n) - .3175) / (n + .365); medians[n] <- .5^(1 / n); medians[1] <- 1 - medians[n]
  list(skewness = sqrt(n * (n - 1)) / (n - 2) * g1, kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6),
       qq_correlation = cor(qnorm(medians), sort(x)))
}
put_shape <- function(path, node, x, how = "closed") if (!is.null(node$values$skewness)) put_estimate(paste0(path, ".values"), shape_of(x), how)
standardised <- function(groups) unlist(lapply(Filter(function(x) length(x) > 1 && sd(x) > 0, groups), function(x) (x - mean(x)) / sd(x)))
put_groups <- function(path, node, groups) { # of scores: residuals, spread, influence
  if (node$key == "residuals") put_shape(path, node, standardised(groups))
  if (node$key == "spread") {
    v <- sapply(groups, var)
    put(paste0(path, ".values.variance_ratio"), max(v) / min(v))
    x <- unlist(lapply(groups, function(g) abs(g - median(g)))); g <- factor(rep(names(groups), lengths(groups)))
    test <- anova(lm(x ~ g)) # Brown & Forsythe (1974)
    put_test(paste0(path, ".test"), test[1, "F value"], test$Df, test[1, "Pr(>F)"])
  }
  if (node$key == "influence") {
    x <- unlist(groups); g <- factor(rep(names(groups), lengths(groups)), names(groups))
    cook <- cooks.distance(lm(x ~ g))
    put(paste0(path, ".values.cook"), max(cook[table(g)[g] > 2]))
    tried <- head(order(-ifelse(table(g)[g] > 2, cook, -1)), node$values$tried)
    p <- sapply(tried, function(i) oneway.test(x[-i] ~ g[-i])$p.value)
    put(paste0(path, ".values.p_least"), min(p)); put(paste0(path, ".values.p_most"), max(p))
  }
}
put_fit <- function(path, node, outcome, fit) { # of a mixed model
  if (node$key == "random_effects") {
    terms <- names(fit$effects)
    own <- terms[sub(":.*", "", terms) == node$of] # every term of a factor; its intercepts, or its first cells, come first
    put_shape(path, node, fit$effects[[if (node$of %in% own) node$of else own[1]]][, 1], fit$how)
  }
  if (node$key == "residuals") { e <- residuals(fit$fit); put_shape(path, node, e, fit$how) }
  if (node$key == "trial_spread") {
    v <- tapply(residuals(fit$fit), fit$rows$arm, var)
    put(paste0(path, ".values.variance_ratio"), max(v) / min(v), fit$how)
  }
  if (node$key == "answers") put_answers(path, fit$rows)
  if (node$key == "proportional_odds") {
    steps <- sort(unique(fit$rows$value))[-1]
    ratios <- sapply(steps, function(step) {
      of <- function(arm) { own <- fit$rows[fit$rows$arm == arm, ]; own$value <- as.numeric(own$value >= step); clustered(own) }
      a <- of(node$of); b <- of(plan$control)
      if (any(c(a$share, b$share) %in% 0:1)) NA else odds_ratio(a, b)$value
    })
    put(paste0(path, ".values.least"), min(ratios, na.rm = TRUE)); put(paste0(path, ".values.most"), max(ratios, na.rm = TRUE))
  }
}
put_answers <- function(path, rows) {
  yes <- tapply(rows$value, as.character(rows$arm), sum); all <- tapply(rows$value, as.character(rows$arm), length)
  put(paste0(path, ".values.least"), min(pmin(yes, all - yes)))
}
put_assumptions <- function(path, nodes, outcome, found) { # of one analysis
  for (i in seq_along(nodes)) {
    node <- nodes[[i]]
    here <- paste0(path, ".", i - 1)
    if (outcome$analysis %in% c("one_way")) put_groups(here, node, groups_of(outcome))
    if (outcome$analysis == "factorial") { table <- factors_of(outcome); put_groups(here, node, split(table$score, paste(table$a, table$b))) }
    if (grepl("^(linear|logistic|ordinal)_trials$", outcome$analysis) && !is.null(found$test$p))
      put_fit(here, node, outcome, fitted_trials(outcome, found$model))
    if (outcome$analysis == "binary_trials") {
      rows <- trials_in(outcome)
      if (node$key == "clusters") put(paste0(here, ".values.least"), min(tapply(rows$participant, rows$arm, function(x) length(unique(x)))))
      if (node$key == "answers") put_answers(here, rows)
    }
    if (outcome$analysis == "paired_preferences") put_preference_assumption(here, node, outcome, has_places(found))
    if (node$key == "ratio") put(paste0(here, ".values.least"), min(lengths(groups_of(outcome))))
    if (outcome$analysis == "paired" && node$key == "differences") {
      values <- complete_conditions(outcome)$values
      put_shape(here, node, values[, 2] - values[, 1])
    }
    if (outcome$analysis == "mixed_anova" && node$key == "sphericity" && !is.null(found$epsilon))
      put(paste0(here, ".values.epsilon"), value_at(paste0(found$path, ".epsilon")))
    if (outcome$analysis == "factorial_within" && node$key == "sphericity")
      put(paste0(here, ".values.epsilon"), min(sapply(c("a", "b", "a:b"), function(name) value_at(paste0(found$path, ".epsilons.", name)))))
    if (outcome$analysis == "ancova") {
      if (node$key == "residuals") put_shape(here, node, ancova_residuals[[outcome$key]])
      if (node$key == "equal_slopes") copy(paste0(found$path, ".covariates.", match(node$of, sapply(found$covariates, `[[`, "label")) - 1,
                                                   ".equal_slopes"), paste0(here, ".test"))
    }
  }
}
