# Comparisons within participants, and permutation tests.

put_conditions <- function(path, values) put_arms(path, lapply(seq_len(ncol(values)), function(j) values[, j]))
put_wilcoxon <- function(path, values) {
  d <- round(values[, 2] - values[, 1], 10)
  ranks <- rank(abs(d[d != 0]))
  exact <- all(d != 0) && !any(duplicated(ranks)) && length(d) < 50
  test <- wilcox.test(d[d != 0], exact = exact, correct = !exact)
  put_test(path, test$statistic, c(), test$p.value)
}
put_repeated <- function(path, found, outcome) {
  values <- complete_conditions(outcome)$values
  put_conditions(paste0(path, ".arms"), values)
  k <- ncol(values); n <- nrow(values)
  if (!is.null(found$test$p)) {
    if (k == 2) put_wilcoxon(paste0(path, ".test"), values) else {
      test <- friedman.test(values)
      put_test(paste0(path, ".test"), test$statistic, test$parameter, test$p.value)
      limits <- ncchi_limits(unname(test$statistic), k - 1)
      ends <- (limits + ifelse(limits > 0, k - 1, 0)) / (n * (k - 1))
      w <- min(1, unname(test$statistic) / (n * (k - 1)))
      put_estimate(paste0(path, ".kendalls_w"), list(value = w, low = min(ends[1], w), high = min(1, max(ends[2], w))), "search")
    }
  }
  p_values <- c()
  for (i in seq_len(ncol(pairs <- combn(k, 2)))) {
    here <- paste0(path, ".pairs.", i - 1)
    d <- values[, pairs[2, i]] - values[, pairs[1, i]]
    if (sd(d) == 0) next
    e <- t_estimate(mean(d), sd(d) / sqrt(n), n - 1)
    put_estimate(paste0(here, ".difference"), e)
    p_values[here] <- e$p
  }
  put_adjusted(p_values, m = ncol(pairs))
}
ncchi_limits <- function(x, df) {
  tail <- (1 - narrow) / 2
  limit <- function(p) if (pchisq(x, df) <= p) 0 else root(function(ncp) pchisq(x, df, ncp) - p, 0, 10 + 4 * x)
  c(limit(1 - tail), limit(tail))
}
put_paired <- function(path, found, outcome) {
  values <- complete_conditions(outcome)$values
  put_conditions(paste0(path, ".arms"), values)
  if (is.null(found$test$p)) return(invisible())
  test <- t.test(values[, 2], values[, 1], paired = TRUE, conf.level = level)
  n <- nrow(values)
  put_test(paste0(path, ".test"), test$statistic, test$parameter, test$p.value)
  put_estimate(paste0(path, ".difference"), list(value = test$estimate, low = test$conf.int[1], high = test$conf.int[2],
    statistic = test$statistic, df = test$parameter, p = test$p.value))
  limits <- nct_limits(unname(test$statistic), n - 1) / sqrt(n)
  put_estimate(paste0(path, ".dz"), list(value = test$statistic / sqrt(n), low = limits[1], high = limits[2]), "search")
  put_wilcoxon(paste0(path, ".wilcoxon"), values)
  if (!is.null(outcome$smallest_effect))
    put_equivalence(paste0(path, ".equivalence"), unname(test$estimate), test$stderr, n - 1, outcome$smallest_effect, "closed")
}
put_mixed_anova <- function(path, found, outcome) { # anova.mlm of stats: univariate tests, type III
  complete <- complete_conditions(outcome)
  values <- complete$values; k <- ncol(values)
  arm <- factor(complete$arm, arms_of(outcome))
  contrasts(arm) <- contr.sum(nlevels(arm))
  rows <- split(as.data.frame(values), arm)
  put_arms(paste0(path, ".arms"), lapply(rows, rowMeans))
  for (i in seq_along(rows)) for (j in seq_len(k)) {
    x <- rows[[i]][, j]
    if (length(x) > 1 && sd(x) > 0) put_estimate(paste0(path, ".cells.", (i - 1) * k + j - 1, ".mean"), mean_of(x))
  }
  if (is.null(found$effects[["arm:time"]]$p)) return(invisible())
  codes <- model.matrix(~arm)[, -1, drop = FALSE]
  whole <- lm(values ~ codes)
  tests <- list(arm = anova(whole, lm(values ~ 1), M = ~1, X = ~0, test = "Spherical"),
                time = anova(whole, lm(values ~ 0 + codes), X = ~1, test = "Spherical"),
                "arm:time" = anova(whole, lm(values ~ 1), X = ~1, test = "Spherical"))
  S <- SSD(whole)$SSD
  helmert <- contr.helmert(k); helmert <- helmert %*% diag(1 / sqrt(colSums(helmert^2)), k - 1)
  inner <- t(helmert) %*% S %*% helmert
  epsilon <- sum(diag(inner))^2 / ((k - 1) * sum(inner^2)) # Greenhouse & Geisser (1959)
  put(paste0(path, ".epsilon"), epsilon)
  for (name in names(tests)) {
    row <- tests[[name]][2, ]
    correction <- if (name == "arm") 1 else epsilon
    df <- correction * c(row[["num Df"]], row[["den Df"]])
    put_test(paste0(path, ".effects.", name), row[["F"]], df, pf(row[["F"]], df[1], df[2], lower.tail = FALSE))
    put_eta(paste0(path, ".sizes.", name), row[["F"]], df)
  }
  change <- function(name, j) rows[[name]][, j] - rows[[name]][, 1]
  p_values <- c()
  i <- 0
  for (name in setdiff(arms_of(outcome), plan$control)) for (j in 2:k) {
    w <- welch_pair(change(name, j), change(plan$control, j))
    e <- t_estimate(w$difference, w$error, w$df)
    here <- paste0(path, ".contrasts.", i)
    put_estimate(paste0(here, ".difference"), e)
    p_values[here] <- e$p
    i <- i + 1
  }
  put_adjusted(p_values)
  put_planned(path, setNames(lapply(names(rows), change, k), names(rows)))
}

# Two factors, at least one of which varies within participants: anova.mlm of stats, an error for each effect.
put_factorial_within <- function(path, found, outcome) {
  wide <- round(conditions_of(outcome), 12)
  rows <- unique(trials[, c(outcome$within, unlist(outcome$factors))])
  cells <- t(sapply(found$cells, unlist)) # in the order of the report
  name_of <- function(a, b) as.character(rows[rows[[2]] == a & rows[[3]] == b, 1])
  names <- mapply(name_of, cells[, 1], cells[, 2])
  there <- members(outcome$population) & people$arm %in% arms_of(outcome)
  varies <- unlist(outcome$factors) %in% unlist(found$within)
  values <- wide[there, names, drop = FALSE]
  a <- unique(cells[, 1]); b <- unique(cells[, 2])
  if (all(varies)) {
    whole <- stats::complete.cases(values)
    values <- values[whole, , drop = FALSE]
  } else {
    split_by <- if (varies[1]) 2 else 1
    levels <- if (varies[1]) b else a
    complete <- sapply(levels, function(one) rowSums(is.na(values[, cells[, split_by] == one, drop = FALSE])) == 0)
    values <- values[rowSums(complete) == 1, , drop = FALSE]
    complete <- complete[rowSums(complete) == 1, , drop = FALSE]
  }
  put_arms(paste0(path, ".arms"), setNames(lapply(seq_along(names), function(j) unname(values[!is.na(values[, j]), j])), names))
  if (is.null(found$effects[[found$tested]]$p)) return(invisible())
  orthonormal <- function(k) { m <- contr.helmert(k); m %*% diag(1 / sqrt(colSums(m^2)), k - 1) }
  put_effect <- function(name, test, epsilon) {
    df <- epsilon * c(test[["num Df"]], test[["den Df"]])
    put(paste0(path, ".epsilons.", name), epsilon)
    put_test(paste0(path, ".effects.", name), test[["F"]], df, pf(test[["F"]], df[1], df[2], lower.tail = FALSE))
    put_eta(paste0(path, ".sizes.", name), test[["F"]], df)
  }
  greenhouse <- function(S, M) { inner <- t(M) %*% S %*% M; sum(diag(inner))^2 / (ncol(M) * sum(inner^2)) }
  if (all(varies)) {
    ordered <- as.vector(t(outer(a, b, Vectorize(function(x, y) which(cells[, 1] == x & cells[, 2] == y)))))
    y <- values[, ordered]
    grid <- expand.grid(b = factor(b, b), a = factor(a, a))
    fit <- lm(y ~ 1)
    one <- function(k) matrix(1 / sqrt(k), k, 1)
    basis <- list(a = kronecker(orthonormal(length(a)), one(length(b))), b = kronecker(one(length(a)), orthonormal(length(b))),
                  "a:b" = kronecker(orthonormal(length(a)), orthonormal(length(b))))
    model <- list(a = list(M = ~a, X = ~1), b = list(M = ~a + b, X = ~a), "a:b" = list(M = ~a * b, X = ~a + b))
    for (name in names(basis)) {
      test <- anova(fit, lm(y ~ 0), M = model[[name]]$M, X = model[[name]]$X, idata = grid, test = "Spherical")[2, ]
      put_effect(name, test, greenhouse(SSD(fit)$SSD, basis[[name]]))
    }
  } else {
    times <- if (varies[1]) a else b
    group <- factor(levels[max.col(complete)], levels)
    contrasts(group) <- contr.sum(nlevels(group))
    y <- t(sapply(seq_len(nrow(values)), function(i) sapply(times, function(time)
      values[i, cells[, split_by] == as.character(group[i]) & cells[, 3 - split_by] == time])))
    codes <- model.matrix(~group)[, -1, drop = FALSE]
    fit <- lm(y ~ codes)
    tests <- list(anova(fit, lm(y ~ 1), M = ~1, X = ~0, test = "Spherical"), anova(fit, lm(y ~ 0 + codes), X = ~1, test = "Spherical"),
                  anova(fit, lm(y ~ 1), X = ~1, test = "Spherical"))
    epsilon <- greenhouse(SSD(fit)$SSD, orthonormal(length(times)))
    keys <- if (varies[1]) c("b", "a", "a:b") else c("a", "b", "a:b")
    for (k in 1:3) put_effect(keys[k], tests[[k]][2, ], if (k == 1) 1 else epsilon)
  }
  i <- 0
  for (place in 1:2) {
    p_values <- c()
    for (at in list(b, a)[[place]]) for (pair in combn(list(a, b)[[place]], 2, simplify = FALSE)) {
      column <- function(level) values[, cells[, place] == level & cells[, 3 - place] == at]
      test <- t.test(column(pair[2]), column(pair[1]), paired = varies[place], conf.level = level)
      here <- paste0(path, ".simple_effects.", i)
      put_estimate(paste0(here, ".difference"), list(value = if (varies[place]) unname(test$estimate) else unname(-diff(test$estimate)),
        low = test$conf.int[1], high = test$conf.int[2], statistic = unname(test$statistic), df = unname(test$parameter), p = test$p.value))
      p_values[here] <- test$p.value
      i <- i + 1
    }
    put_adjusted(p_values)
  }
}

# ---- Permutation: every assignment of two small arms, else 20,000 random ones ------------------------------------------
DRAWS <- 20000
proportion <- function(draw, observed, all) {
  limit <- observed * (1 - 1e-9)
  if (!is.null(all)) return(mean(all >= limit))
  set.seed(1)
  (sum(replicate(DRAWS, draw()) >= limit) + 1) / (DRAWS + 1)
}
permuted_arms <- function(score, arm, stratum = rep(1, length(score))) {
  centred <- score - ave(score, stratum)
  size <- table(arm)
  between <- function(g) sum(tapply(centred, g, sum)^2 / size)
  observed <- between(arm)
  all <- NULL
  if (length(size) == 2 && length(unique(stratum)) == 1 && choose(length(score), size[1]) <= 99999) {
    first <- colSums(combn(length(score), size[1], function(i) centred[i]))
    all <- first^2 / size[1] + (sum(centred) - first)^2 / size[2]
  }
  mixed <- function() { g <- arm; for (s in unique(stratum)) { i <- which(stratum == s); g[i] <- arm[i[sample.int(length(i))]] }; between(g) }
  list(statistic = min(1, observed / sum(centred^2)), p = proportion(mixed, observed, all), how = if (is.null(all)) "permutation" else "closed")
}
permuted_conditions <- function(values) {
  centred <- values - rowMeans(values)
  n <- nrow(values); k <- ncol(values)
  between <- function(x) sum(colSums(x)^2) / n
  all <- NULL
  if (k == 2 && n <= 16) {
    signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), n)))
    all <- 2 * drop(signs %*% centred[, 1])^2 / n
  }
  swap <- function() between(t(apply(centred, 1, sample)))
  list(statistic = min(1, between(centred) / sum(centred^2)), p = proportion(swap, between(centred), all),
       how = if (is.null(all)) "permutation" else "closed")
}
put_permuted <- function(path, test) {
  put(paste0(path, ".statistic"), test$statistic)
  put(paste0(path, ".p"), test$p, test$how)
}
put_permutation <- function(path, found, outcome) {
  groups <- groups_of(outcome)
  put_arms(paste0(path, ".arms"), groups)
  if (!is.null(found$test$p)) {
    test <- if (is.null(outcome$factor) && !length(outcome$factors)) {
      permuted_arms(unlist(groups), factor(rep(names(groups), lengths(groups)), names(groups)))
    } else { table <- factors_of(outcome); permuted_arms(table$score, factor(table$a), table$b) }
    put_permuted(paste0(path, ".test"), test)
  }
  rows <- if (outcome$kind == "trial_mean") trials_in(outcome)
  shares <- !is.null(rows) && all(rows$value %in% 0:1)
  p_values <- c()
  hows <- c()
  for (i in seq_along(found$contrasts)) {
    here <- paste0(path, ".contrasts.", i - 1)
    arm <- found$contrasts[[i]]$arm
    a <- groups[[arm]]; b <- groups[[plan$control]]
    put(paste0(here, ".mean_difference"), mean(a) - mean(b))
    test <- permuted_arms(c(b, a), factor(rep(c("b", "a"), c(length(b), length(a))), c("b", "a")))
    put_permuted(paste0(here, ".test"), test)
    p_values[here] <- test$p
    hows <- c(hows, test$how)
    if (!is.null(found$contrasts[[i]]$superiority$value)) put_estimate(paste0(here, ".superiority"), superiority(a, b))
    if (is.null(found$contrasts[[i]]$difference$value)) next
    if (shares) {
      of <- function(name) clustered(rows[rows$arm == name, ])
      x <- of(arm); y <- of(plan$control)
      if (x$variance + y$variance > 1e-24) { e <- risk_difference(x, y); put_estimate(paste0(here, ".difference"), e[setdiff(names(e), "error")]) } else {
        tail <- (1 - level) / 4 # exact bounds where participants are alike within the arms
        ends <- sapply(list(x, y), function(s) { q <- 1 - tail^(1 / s$m); s$share * (1 - q) + c(0, q) })
        put_estimate(paste0(here, ".difference"), list(value = x$share - y$share, low = max(-1, ends[1, 1] - ends[2, 2]),
                                                      high = min(1, ends[2, 1] - ends[1, 2])))
      }
    } else {
      parts <- c(var(a) / length(a), var(b) / length(b))
      df <- sum(parts)^2 / sum(parts^2 / (c(length(a), length(b)) - 1))
      put_estimate(paste0(here, ".difference"), t_estimate(mean(a) - mean(b), sqrt(sum(parts)), df))
    }
  }
  put_adjusted(p_values, how = if (any(hows == "permutation")) "permutation" else "closed")
}
put_permutation_within <- function(path, found, outcome) {
  values <- complete_conditions(outcome)$values
  put_conditions(paste0(path, ".arms"), values)
  if (!is.null(found$test$p)) put_permuted(paste0(path, ".test"), permuted_conditions(values))
  p_values <- c()
  for (i in seq_along(found$contrasts)) {
    here <- paste0(path, ".contrasts.", i - 1)
    pair <- values[, c(found$contrasts[[i]]$reference, found$contrasts[[i]]$arm)]
    d <- pair[, 2] - pair[, 1]
    put(paste0(here, ".mean_difference"), mean(d))
    test <- permuted_conditions(pair)
    put_permuted(paste0(here, ".test"), test)
    p_values[here] <- test$p
    if (!is.null(found$contrasts[[i]]$difference$value))
      put_estimate(paste0(here, ".difference"), t_estimate(mean(d), sd(d) / sqrt(length(d)), length(d) - 1))
  }
  put_adjusted(p_values, how = "permutation")
}
