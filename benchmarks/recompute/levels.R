# Arms at each level of a factor within participants: means, Welch's tests, the interaction, and slopes.

LEVELS <- list(prediction_correct = c("0" = "wrong prediction", "1" = "right prediction"))
level_names <- function(keys, outcome) { # as the report prints them
  words <- if (identical(outcome$within, "condition")) labels else LEVELS[[c(outcome$within, "")[1]]]
  ifelse(keys %in% names(words), words[keys], keys)
}
interaction_of <- function(values, arm) { # anova.mlm of stats, corrected by Greenhouse and Geisser's epsilon
  contrasts(arm) <- contr.sum(nlevels(arm))
  k <- ncol(values)
  whole <- lm(values ~ arm)
  row <- anova(whole, lm(values ~ 1), X = ~1, test = "Spherical")[2, ]
  helmert <- contr.helmert(k); helmert <- helmert %*% diag(1 / sqrt(colSums(helmert^2)), k - 1)
  inner <- t(helmert) %*% SSD(whole)$SSD %*% helmert
  epsilon <- sum(diag(inner))^2 / ((k - 1) * sum(inner^2))
  df <- epsilon * c(row[["num Df"]], row[["den Df"]])
  list(f = row[["F"]], df = df, p = pf(row[["F"]], df[1], df[2], lower.tail = FALSE), epsilon = epsilon)
}
put_by_level <- function(path, found, outcome) {
  wide <- round(conditions_of(outcome), 12)
  colnames(wide) <- level_names(colnames(wide), outcome)
  names <- unlist(found$levels)
  inside <- members(outcome$population) & people$arm %in% arms_of(outcome)
  whole <- inside & stats::complete.cases(wide)
  used <- wide[if (outcome$analysis == "mixed_anova") whole else inside, names, drop = FALSE]
  arm <- people$arm[if (outcome$analysis == "mixed_anova") whole else inside]
  at <- function(name, one) { x <- used[arm == one, name]; unname(x[!is.na(x)]) }
  i <- 0
  for (name in names) for (one in arms_of(outcome)) {
    x <- at(name, one)
    here <- paste0(path, ".scores.", i, ".scores")
    if (length(x) > 1 && sd(x) > 0) put_estimate(paste0(here, ".mean"), mean_of(x))
    if (length(x) > 1) put(paste0(here, ".sd"), sd(x))
    if (length(x)) for (what in c("median", "minimum", "maximum"))
      put(paste0(here, ".", what), switch(what, median = median(x), minimum = min(x), maximum = max(x)))
    i <- i + 1
  }
  compare_with_control <- function(place, groups_at, keys) {
    p_values <- c(); i <- 0
    others <- setdiff(arms_of(outcome), plan$control)
    for (key in keys) for (one in others) {
      a <- groups_at(key, one); b <- groups_at(key, plan$control)
      here <- paste0(path, place(i, one))
      i <- i + 1
      if (min(length(a), length(b)) < 2 || (sd(a) == 0 && sd(b) == 0)) next
      w <- welch_pair(a, b)
      e <- t_estimate(w$difference, w$error, w$df)
      put_estimate(paste0(here, ".difference"), e)
      p_values[here] <- e$p
    }
    put_adjusted(p_values, m = length(keys) * length(others))
  }
  compare_with_control(function(i, one) paste0(".contrasts.", i), at, names)
  complete <- wide[whole, names, drop = FALSE]
  arm_of <- factor(people$arm[whole], arms_of(outcome))
  if (!is.null(found$interaction$p)) {
    test <- interaction_of(complete, arm_of)
    put_test(paste0(path, ".interaction"), test$f, test$df, test$p)
    put(paste0(path, ".epsilon"), test$epsilon)
  }
  if (!length(found$slopes)) return(invisible())
  slopes <- apply(complete, 1, function(y) coef(lm(y ~ as.numeric(names)))[[2]])
  of <- function(key, one) unname(slopes[arm_of == one])
  for (one in arms_of(outcome)) {
    x <- of(NULL, one)
    here <- paste0(path, ".slopes.", match(one, arms_of(outcome)) - 1)
    if (length(x) > 1 && sd(x) > 0) put_estimate(paste0(here, ".mean"), mean_of(x))
  }
  compare_with_control(function(i, one) paste0(".slopes.", match(one, arms_of(outcome)) - 1), of, "slope")
}
