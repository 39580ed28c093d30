# Statistics of scores per participant: arms compared with one another.

mean_of <- function(x, low = -Inf, high = Inf) {
  half <- qt((1 + level) / 2, length(x) - 1) * sd(x) / sqrt(length(x))
  list(value = mean(x), low = max(low, mean(x) - half), high = min(high, mean(x) + half))
}
wilson <- function(count, n) {
  test <- suppressWarnings(prop.test(count, n, conf.level = level, correct = FALSE))
  list(value = count / n, low = min(count / n, test$conf.int[1]), high = max(count / n, test$conf.int[2]))
}
root <- function(f, low, high) uniroot(f, c(low, high), tol = 1e-12)$root
ncf_limits <- function(f, df1, df2, at) { # Steiger (2004); pf loses precision for large ncp, so search on its scale
  tail <- (1 - at) / 2
  limit <- function(p) {
    if (pf(f, df1, df2) <= p) return(0)
    high <- max(10, 2 * df1 * f)
    while (pf(f, df1, df2, high) > p) high <- 2 * high
    root(function(ncp) pf(f, df1, df2, ncp) - p, 0, high)
  }
  c(limit(1 - tail), limit(tail))
}
nct_limits <- function(t, df) {
  tail <- (1 - level) / 2
  f <- function(p) root(function(ncp) suppressWarnings(pt(t, df, ncp)) - p, -abs(t) - 12, abs(t) + 12)
  c(f(1 - tail), f(tail))
}
share_estimate <- function(value, limits, n) {
  ends <- limits / (limits + n)
  list(value = value, low = min(ends[1], value), high = max(ends[2], value))
}
welch_pair <- function(a, b) {
  parts <- c(var(a) / length(a), var(b) / length(b))
  list(difference = mean(a) - mean(b), error = sqrt(sum(parts)),
       df = sum(parts)^2 / sum(parts^2 / (c(length(a), length(b)) - 1)))
}
dunnett <- function(groups, reference) {
  others <- setdiff(names(groups), reference)
  errors <- sapply(groups, function(x) var(x) / length(x))
  loadings <- sqrt(errors[reference] / (errors[reference] + errors[others]))
  R <- outer(loadings, loadings)
  diag(R) <- 1
  exact <- function() GenzBretz(maxpts = 2e5, abseps = 1e-6)
  lapply(setNames(others, others), function(arm) {
    w <- welch_pair(groups[[arm]], groups[[reference]])
    t <- w$difference / w$error
    if (length(others) == 1) {
      limit <- qt((1 + level) / 2, w$df)
      p <- 2 * pt(-abs(t), w$df)
    } else { # mvtnorm needs whole df: interpolate in 1/df between the neighbours
      at <- function(f) {
        low <- floor(w$df); high <- low + 1
        v <- (1 / w$df - 1 / high) / (1 / low - 1 / high)
        v * f(low) + (1 - v) * f(high)
      }
      set.seed(1)
      p <- at(function(df) 1 - pmvt(rep(-abs(t), length(others)), rep(abs(t), length(others)), df = df, corr = R,
                                    algorithm = exact()))
      limit <- at(function(df) {
        set.seed(1)
        qmvt(level, tail = "both.tails", df = df, corr = R, algorithm = GenzBretz(maxpts = 25000, abseps = 1e-5))$quantile
      })
    }
    list(value = w$difference, low = w$difference - limit * w$error, high = w$difference + limit * w$error,
         statistic = t, df = w$df, p = as.numeric(p))
  })
}
hedges <- function(a, b) {
  df <- length(a) + length(b) - 2
  pooled <- sqrt(((length(a) - 1) * var(a) + (length(b) - 1) * var(b)) / df)
  scale <- sqrt(1 / length(a) + 1 / length(b))
  d <- (mean(a) - mean(b)) / pooled
  j <- 1 - 3 / (4 * df - 1)
  limits <- nct_limits(d / scale, df) * scale * j
  list(value = j * d, low = limits[1], high = limits[2])
}
apart <- function(a, b) { # arms that do not overlap: Newcombe (2006), method 5, and a permutation of the ranks
  m <- length(a); n <- length(b); z <- qnorm((1 + level) / 2); N <- (m + n) / 2 - 1
  limit <- root(function(p) (1 - p) * m * n - z^2 * p * (1 + N * ((1 - p) / (2 - p) + p / (1 + p))), 0, 1)
  ranks <- rank(c(a, b))
  test <- permuted_arms(ranks, factor(rep(c("a", "b"), c(m, n))))
  if (mean(a) > mean(b)) list(value = 1, low = limit, high = 1, p = test$p) else list(value = 0, low = 0, high = 1 - limit, p = test$p)
}
cliff <- function(a, b) { # Cliff (1996), Feng & Cliff (2004); t quantile as in effsize
  d <- sign(outer(a, b, "-"))
  n <- length(a); m <- length(b)
  delta <- mean(d)
  if (abs(delta) == 1) { e <- apart(a, b); return(list(value = delta, low = 2 * e$low - 1, high = 2 * e$high - 1, p = e$p)) }
  variance <- (m^2 * sum((rowMeans(d) - delta)^2) + n^2 * sum((colMeans(d) - delta)^2) - sum((d - delta)^2)) /
    (n * m * (n - 1) * (m - 1))
  variance <- max(variance, (1 - delta^2) / (n * m - 1))
  t <- qt((1 + level) / 2, n + m - 2)
  spread <- t * sqrt(variance * ((1 - delta^2)^2 + t^2 * variance))
  ends <- (delta - delta^3 + c(-1, 1) * spread) / (1 - delta^2 + t^2 * variance)
  list(value = delta, low = min(ends[1], delta), high = max(ends[2], delta))
}
superiority <- function(a, b) { # Brunner & Munzel (2000)
  n <- length(a); m <- length(b)
  pooled <- rank(c(a, b))
  below_a <- pooled[1:n] - rank(a); below_b <- pooled[n + 1:m] - rank(b)
  share <- mean(below_a) / m
  parts <- c(var(below_a) / m, var(below_b) / n)
  error <- sqrt(sum(parts) / (n * m))
  if (error == 0) return(apart(a, b))
  df <- sum(parts)^2 / sum(parts^2 / (c(n, m) - 1))
  t <- (share - 0.5) / error
  half <- qt((1 + level) / 2, df) * error
  list(value = share, low = max(0, share - half), high = min(1, share + half), statistic = t, df = df,
       p = 2 * pt(-abs(t), df))
}
put_equivalence <- function(path, difference, error, df, smallest, how) {
  q <- if (is.null(df)) qnorm(1 - plan$alpha) else qt(1 - plan$alpha, df)
  below <- function(x) if (is.null(df)) pnorm(x) else pt(x, df)
  t <- difference / error
  put_estimate(paste0(path, ".difference"), list(value = difference, low = difference - q * error,
    high = difference + q * error, statistic = t, df = df, p = 2 * below(-abs(t))), how)
  lower <- (difference + smallest) / error
  upper <- (difference - smallest) / error
  put(paste0(path, ".lower.t"), lower, how)
  put(paste0(path, ".upper.t"), upper, how)
  put(paste0(path, ".lower.p"), 1 - below(lower), how)
  put(paste0(path, ".upper.p"), below(upper), how)
  put(paste0(path, ".df"), df, how)
  p <- max(1 - below(lower), below(upper))
  put(paste0(path, ".p"), p, how)
  p
}
put_arms <- function(path, groups) {
  for (i in seq_along(groups)) {
    here <- paste0(path, ".", i - 1)
    x <- groups[[i]]
    put(paste0(here, ".n"), length(x))
    for (f in c("sd", "median")) put(paste0(here, ".", f), get(f)(x))
    put(paste0(here, ".minimum"), min(x))
    put(paste0(here, ".maximum"), max(x))
    if (length(x) > 1 && sd(x) > 0) put_estimate(paste0(here, ".mean"), mean_of(x))
  }
}
put_kruskal <- function(path, groups) {
  test <- kruskal.test(groups)
  put_test(path, test$statistic, test$parameter, test$p.value)
  test
}
put_epsilon <- function(path, test, n) {
  value <- unname(test$statistic) / (n - 1)
  if (value >= 1 - 1e-9) return(invisible()) # ranks that neither overlap nor vary within an arm
  df <- c(unname(test$parameter), n - 1 - unname(test$parameter))
  f <- (value / df[1]) / ((1 - value) / df[2])
  put_estimate(path, share_estimate(value, ncf_limits(f, df[1], df[2], narrow), n), "search")
}
put_eta <- function(path, f, df, how = "search") { # partial eta squared; Steiger (2004)
  value <- df[1] * f / (df[1] * f + df[2])
  limits <- ncf_limits(f, df[1], df[2], narrow)
  ends <- limits / (limits + sum(df) + 1)
  put_estimate(path, list(value = value, low = min(ends[1], value), high = max(ends[2], value)), how)
}
put_adjusted <- function(p_values, name = "p_adjusted", how = "closed", m = length(p_values)) { # m counts missing p as 1
  adjusted <- p.adjust(c(p_values, rep(1, m - length(p_values))), "holm")
  for (here in names(p_values)) put(paste0(here, ".", name), adjusted[[here]], how, if (how == "permutation") m)
}
t_estimate <- function(value, error, df, at = level) {
  half <- qt((1 + at) / 2, df) * error
  list(value = value, low = value - half, high = value + half, statistic = value / error, df = df,
       p = 2 * pt(-abs(value / error), df))
}
put_against <- function(path, found, groups, reference, smallest) { # what the report has, arm by arm
  differences <- if (any(unlist(lapply(found, function(node) !is.null(node$difference$p))))) dunnett(groups, reference)
  equivalence <- c()
  for (i in seq_along(found)) {
    here <- paste0(path, ".", i - 1)
    node <- found[[i]]
    a <- groups[[node$arm]]; b <- groups[[reference]]
    if (!is.null(node$difference$p)) {
      d <- differences[[node$arm]]
      put_estimate(paste0(here, ".difference"), d[c("value", "statistic", "df")])
      put_estimate(paste0(here, ".difference"), d[c("low", "high", "p")], "integral")
    }
    if (!is.null(node$g$value)) put_estimate(paste0(here, ".g"), hedges(a, b), "search")
    if (!is.null(node$delta$value)) put_estimate(paste0(here, ".delta"), cliff(a, b))
    if (!is.null(node$superiority$value)) put_estimate(paste0(here, ".superiority"), superiority(a, b))
    if (!is.null(node$equivalence$p)) {
      w <- welch_pair(a, b)
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), w$difference, w$error, w$df, smallest, "closed")
    }
  }
  put_adjusted(equivalence, "p_equivalence", m = if (is.null(smallest)) 0 else length(found))
}
put_planned <- function(path, groups, from = level) {
  p_values <- c()
  for (i in seq_along(plan$contrasts)) {
    weights <- unlist(plan$contrasts[[i]]$weights)
    weights <- weights[weights != 0]
    if (!all(names(weights) %in% names(groups))) next
    x <- groups[names(weights)]
    parts <- weights^2 * sapply(x, var) / lengths(x)
    if (sum(parts) == 0) next
    df <- sum(parts)^2 / sum(parts^2 / (lengths(x) - 1))
    here <- paste0(path, ".planned.", i - 1)
    e <- t_estimate(sum(weights * sapply(x, mean)), sqrt(sum(parts)), df)
    put_estimate(paste0(here, ".difference"), e)
    p_values[here] <- e$p
  }
  put_adjusted(p_values, m = length(plan$contrasts))
}
put_welch <- function(path, groups) {
  x <- unlist(groups); g <- factor(rep(names(groups), lengths(groups)), names(groups))
  welch <- oneway.test(x ~ g)
  put_test(path, welch$statistic, welch$parameter, welch$p.value)
  welch
}
put_one_way <- function(path, found, outcome) {
  groups <- groups_of(outcome)
  put_arms(paste0(path, ".arms"), groups)
  n <- length(unlist(groups))
  if (!is.null(found$welch$p)) {
    welch <- put_welch(paste0(path, ".welch"), groups)
    f <- unname(welch$statistic); df <- unname(welch$parameter)
    omega <- max(0, df[1] * (f - 1) / (df[1] * (f - 1) + n))
    put_estimate(paste0(path, ".omega_squared"), share_estimate(omega, ncf_limits(f, df[1], df[2], narrow), n), "search")
  }
  if (!is.null(found$kruskal_wallis$p)) put_epsilon(paste0(path, ".epsilon_squared"), put_kruskal(paste0(path, ".kruskal_wallis"), groups), n)
  put_against(paste0(path, ".contrasts"), found$contrasts, groups, plan$control, outcome$smallest_effect)
  if (length(found$against_ai_only))
    put_against(paste0(path, ".against_ai_only"), found$against_ai_only, groups, plan$ai_only, outcome$smallest_effect)
  k <- length(groups)
  for (i in seq_len(ncol(pairs <- combn(names(groups), 2)))) { # Games & Howell (1976)
    w <- welch_pair(groups[[pairs[2, i]]], groups[[pairs[1, i]]])
    if (w$error == 0) next
    q <- sqrt(2) * w$difference / w$error
    half <- qtukey(level, k, w$df) * w$error / sqrt(2)
    put_estimate(paste0(path, ".pairs.", i - 1, ".difference"), list(value = w$difference, low = w$difference - half,
      high = w$difference + half, statistic = q, df = w$df, p = ptukey(abs(q), k, w$df, lower.tail = FALSE)), "search")
  }
  put_planned(path, groups)
}
put_ranks <- function(path, found, outcome) {
  groups <- groups_of(outcome)
  put_arms(paste0(path, ".arms"), groups)
  if (is.null(found$test$p)) return(invisible())
  put_epsilon(paste0(path, ".epsilon_squared"), put_kruskal(paste0(path, ".test"), groups), length(unlist(groups)))
  others <- setdiff(names(groups), plan$control)
  p_values <- c()
  for (i in seq_along(others)) {
    here <- paste0(path, ".contrasts.", i - 1)
    a <- groups[[others[i]]]; b <- groups[[plan$control]]
    u <- wilcox.test(a, b, exact = FALSE)
    put(paste0(here, ".mann_whitney.statistic"), u$statistic)
    put(paste0(here, ".mann_whitney.p"), u$p.value)
    s <- superiority(a, b)
    put_estimate(paste0(here, ".superiority"), s)
    put_estimate(paste0(here, ".delta"), cliff(a, b))
    p_values[here] <- s$p
  }
  put_adjusted(p_values)
}

# ---- Shares of trials, clustered by participant: Liang & Zeger (1986) ---------------------------------------------------
clustered <- function(rows) {
  who <- as.character(rows$participant)
  sums <- tapply(rows$value, who, sum); counts <- tapply(rows$value, who, length)
  m <- length(sums); share <- sum(sums) / sum(counts)
  list(share = share, m = m, variance = m / (m - 1) * sum((sums - share * counts)^2) / sum(counts)^2)
}
two_shares <- function(a, b, log) {
  parts <- c(a$variance, b$variance)
  if (log) parts <- parts / c(a$share * (1 - a$share), b$share * (1 - b$share))^2
  value <- if (log) qlogis(a$share) - qlogis(b$share) else a$share - b$share
  df <- sum(parts)^2 / sum(parts^2 / (c(a$m, b$m) - 1))
  c(t_estimate(value, sqrt(sum(parts)), df), error = sqrt(sum(parts)))
}
odds_ratio <- function(a, b) {
  e <- two_shares(a, b, TRUE)
  for (name in c("value", "low", "high")) e[[name]] <- exp(e[[name]])
  e
}
risk_difference <- function(a, b) {
  e <- two_shares(a, b, FALSE)
  e$low <- max(-1, e$low); e$high <- min(1, e$high)
  e
}
trials_in <- function(outcome) { # of the outcome's population and arms
  rows <- trials_of(outcome)
  rows[rows$participant %in% people$participant[members(outcome$population)] & rows$arm %in% arms_of(outcome), ]
}
put_equal_odds <- function(path, shares) { # Welch's weights on the scale of log odds
  values <- qlogis(sapply(shares, `[[`, "share"))
  w <- 1 / (sapply(shares, `[[`, "variance") / (plogis(values) * (1 - plogis(values)))^2)
  k <- length(w)
  imbalance <- sum((1 - w / sum(w))^2 / (sapply(shares, `[[`, "m") - 1))
  f <- sum(w * (values - sum(w * values) / sum(w))^2) / (k - 1) / (1 + 2 * (k - 2) / (k^2 - 1) * imbalance)
  df <- c(k - 1, (k^2 - 1) / (3 * imbalance))
  put_test(paste0(path, ".test"), f, df, pf(f, df[1], df[2], lower.tail = FALSE))
}
put_binary <- function(path, found, outcome) {
  put_arms(paste0(path, ".arms"), groups_of(outcome))
  shares <- lapply(split(trials_in(outcome), factor(trials_in(outcome)$arm, arms_of(outcome))), clustered)
  if (!is.null(found$test$p)) put_equal_odds(path, shares)
  others <- setdiff(names(shares), plan$control)
  p_values <- equivalence <- c()
  for (i in seq_along(others)) {
    here <- paste0(path, ".contrasts.", i - 1)
    risk <- risk_difference(shares[[others[i]]], shares[[plan$control]])
    put_estimate(paste0(here, ".risk_difference"), risk[setdiff(names(risk), "error")])
    if (!is.null(found$contrasts[[i]]$odds_ratio$p)) {
      odds <- odds_ratio(shares[[others[i]]], shares[[plan$control]])
      put_estimate(paste0(here, ".odds_ratio"), odds[setdiff(names(odds), "error")])
      p_values[here] <- odds$p
    }
    if (!is.null(outcome$smallest_effect))
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), risk$value, risk$error, risk$df, outcome$smallest_effect, "closed")
  }
  put_adjusted(p_values, m = length(others))
  put_adjusted(equivalence, "p_equivalence")
}

# ---- Covariates and two factors: least squares with HC3 errors (MacKinnon & White, 1985) --------------------------------
hc3 <- function(fit) {
  X <- model.matrix(fit)
  bread <- solve(crossprod(X))
  bread %*% crossprod(X * (residuals(fit) / (1 - hatvalues(fit)))) %*% bread
}
wald <- function(L, fit, V) {
  values <- L %*% coef(fit)
  f <- drop(t(values) %*% solve(L %*% V %*% t(L), values)) / nrow(L)
  list(statistic = f, df = c(nrow(L), df.residual(fit)), p = pf(f, nrow(L), df.residual(fit), lower.tail = FALSE))
}
covariate_of <- function(name) { # a column of participants.csv, an item or a scale, with @ and the part or page
  key <- sub("@.*$", "", name); time <- if (grepl("@", name)) sub("^[^@]*@", "", name) else ""
  asked <- answers
  if (time != "") asked <- asked[asked$part %in% time | (if (is.null(asked$page)) FALSE else asked$page %in% time), ]
  if (key %in% items$scale) return(measured(list(kind = "scale", scale = key), list(), asked))
  row <- items[items$item == key, ][1, ]
  if (is.na(row$item)) {
    described <- book[book$file == "participants.csv" & book$column %in% key & is.na(book$item), ]
    values <- people[[key]]; coded <- described$values[1]
  } else {
    own <- asked[asked$item == key & !asked$value %in% MISSING, ]
    values <- own$value[match(people$participant, own$participant)]
    if (row$type %in% c("integer", "number")) return(as.numeric(values))
    coded <- row$values
  }
  if (is.numeric(values)) return(values)
  counts <- sort(table(values), decreasing = TRUE) # codes that stand for words; rare levels are combined
  if (length(counts) > 12) values[!values %in% names(counts)[1:11]] <- ifelse(is.na(values[!values %in% names(counts)[1:11]]), NA, "other answers")
  values
}
ancova_residuals <- list() # by outcome, for its assumptions
put_ancova <- function(path, found, outcome) {
  table <- data.frame(score = raw_scores(outcome), arm = factor(people$arm, arms_of(outcome)))
  names <- c()
  if (length(outcome$before)) { table$before <- measured(outcome, outcome$before); names <- "before" }
  for (name in unlist(outcome$covariates)) { column <- make.names(name); table[[column]] <- covariate_of(name); names <- c(names, column) }
  table <- table[members(outcome$population) & complete.cases(table), ]
  put_arms(paste0(path, ".arms"), split(table$score, table$arm))
  if (is.null(found$test$p)) return(invisible())
  contrasts(table$arm) <- contr.sum(nlevels(table$arm))
  for (name in names) if (is.numeric(table[[name]])) {
    put(paste0(path, ".covariates.", match(name, names) - 1, ".mean"), mean(table[[name]]))
  } else { table[[name]] <- factor(table[[name]]); contrasts(table[[name]]) <- contr.sum(nlevels(table[[name]])) }
  fit <- lm(reformulate(c("arm", names), "score"), table)
  ancova_residuals[[outcome$key]] <<- residuals(fit)
  V <- hc3(fit)
  rows <- function(fit, term) diag(length(coef(fit)))[fit$assign == term, , drop = FALSE]
  test <- wald(rows(fit, 1), fit, V)
  put_test(paste0(path, ".test"), test$statistic, test$df, test$p)
  put_eta(paste0(path, ".partial_eta_squared"), test$statistic, test$df)
  for (i in seq_along(names)) {
    crossed <- lm(reformulate(c("arm", names, paste0("arm:", names[i])), "score"), table)
    slopes <- wald(rows(crossed, max(crossed$assign)), crossed, hc3(crossed))
    put_test(paste0(path, ".covariates.", i - 1, ".equal_slopes"), slopes$statistic, slopes$df, slopes$p)
  }
  means <- emmeans::emmeans(fit, "arm", vcov. = V, weights = "equal")
  shown <- as.data.frame(confint(means, level = level))
  for (i in seq_len(nrow(shown))) put_estimate(paste0(path, ".adjusted.", i - 1, ".mean"),
    list(value = shown$emmean[i], low = shown$lower.CL[i], high = shown$upper.CL[i]))
  contrast_of <- function(weights) {
    one <- emmeans::contrast(means, list(contrast = weights))
    result <- as.data.frame(summary(one, infer = TRUE, level = level))
    list(value = result$estimate, low = result$lower.CL, high = result$upper.CL, statistic = result$t.ratio, df = result$df,
         p = result$p.value, error = result$SE)
  }
  p_values <- equivalence <- c()
  others <- setdiff(arms_of(outcome), plan$control)
  for (i in seq_along(others)) {
    here <- paste0(path, ".contrasts.", i - 1)
    e <- contrast_of((arms_of(outcome) == others[i]) - (arms_of(outcome) == plan$control))
    put_estimate(paste0(here, ".difference"), e[setdiff(names(e), "error")])
    p_values[here] <- e$p
    if (!is.null(outcome$smallest_effect))
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), e$value, e$error, e$df, outcome$smallest_effect, "closed")
  }
  put_adjusted(p_values)
  put_adjusted(equivalence, "p_equivalence")
  planned <- c()
  for (i in seq_along(plan$contrasts)) {
    weights <- unlist(plan$contrasts[[i]]$weights)
    if (!all(names(weights) %in% arms_of(outcome))) next
    e <- contrast_of(ifelse(arms_of(outcome) %in% names(weights), weights[arms_of(outcome)], 0))
    put_estimate(paste0(path, ".planned.", i - 1, ".difference"), e[setdiff(names(e), "error")])
    planned[paste0(path, ".planned.", i - 1)] <- e$p
  }
  put_adjusted(planned, m = length(plan$contrasts))
}
factors_of <- function(outcome) {
  level_of <- function(name) {
    if (!is.null(people[[name]])) return(as.character(people[[name]]))
    own <- unique(answers[answers$item == name & !answers$value %in% MISSING, c("participant", "value")])
    own <- own[!own$participant %in% own$participant[duplicated(own$participant)], ]
    own$value[match(people$participant, own$participant)]
  }
  named <- if (length(outcome$factors)) unlist(outcome$factors) else c("arm", outcome$factor)
  score <- raw_scores(outcome)
  score[!members(outcome$population) | !people$arm %in% arms_of(outcome)] <- NA
  table <- data.frame(score = score, a = level_of(named[1]), b = level_of(named[2]), arm = people$arm)
  table[complete.cases(table), ]
}
put_factorial <- function(path, found, outcome) {
  put_arms(paste0(path, ".arms"), groups_of(outcome))
  table <- factors_of(outcome)
  # The levels of the control's cell come first, the others in the order of the plan's arms.
  ranked <- table[order(match(table$arm, c(plan$control, setdiff(arms, plan$control)))), ]
  cells <- split(table$score, paste(table$a, table$b, sep = " × "))
  ordered <- unlist(lapply(sort(unique(table$a), method = "radix"), function(a)
    paste(a, sort(unique(table$b[table$a == a]), method = "radix"), sep = " × ")))
  put_arms(paste0(path, ".cell_scores"), cells[ordered])
  if (is.null(found$effects[[1]]$p)) return(invisible())
  table$a <- factor(table$a, sort(unique(table$a), method = "radix"))
  table$b <- factor(table$b, sort(unique(table$b), method = "radix"))
  contrasts(table$a) <- contr.sum(nlevels(table$a)); contrasts(table$b) <- contr.sum(nlevels(table$b))
  fit <- lm(score ~ a * b, table)
  V <- hc3(fit)
  effects <- c("a", "b", "a:b")
  row <- function(fit, term) diag(length(coef(fit)))[fit$assign == term, , drop = FALSE]
  for (k in 1:3) {
    test <- wald(row(fit, k), fit, V)
    put_test(paste0(path, ".effects.", effects[k]), test$statistic, test$df, test$p)
    put_eta(paste0(path, ".sizes.", effects[k]), test$statistic, test$df)
    grid <- tapply(table$score, list(table$a, table$b), mean)
    kept <- list(grid * 0 + (rowMeans(grid) - mean(grid)), t(t(grid * 0) + (colMeans(grid) - mean(grid))),
                 t(t(grid - rowMeans(grid)) - colMeans(grid)) + mean(grid))[[k]]
    at <- cbind(as.integer(table$a), as.integer(table$b))
    table$aligned <- rank(round(table$score - grid[at] + kept[at], 10)) # Wobbrock et al. (2011)
    ranks <- lm(aligned ~ a * b, table)
    test <- wald(row(ranks, k), ranks, vcov(ranks))
    put_test(paste0(path, ".aligned_ranks.", effects[k]), test$statistic, test$df, test$p)
  }
  orders <- list(a = unique(ranked$a), b = unique(ranked$b))
  i <- 0
  for (factor in c("a", "b")) {
    other <- setdiff(c("a", "b"), factor)
    p_values <- c()
    by <- emmeans::emmeans(fit, reformulate(paste(factor, other, sep = "|")), vcov. = V)
    for (at in orders[[other]]) for (pair in combn(orders[[factor]], 2, simplify = FALSE)) {
      weights <- (levels(table[[factor]]) == pair[2]) - (levels(table[[factor]]) == pair[1])
      e <- as.data.frame(summary(emmeans::contrast(by, list(d = weights)), infer = TRUE, level = level))
      e <- e[e[[other]] == at, ]
      here <- paste0(path, ".simple_effects.", i)
      put_estimate(paste0(here, ".difference"), list(value = e$estimate, low = e$lower.CL, high = e$upper.CL, statistic = e$t.ratio,
                                                    df = e$df, p = e$p.value))
      p_values[here] <- e$p.value
      i <- i + 1
    }
    put_adjusted(p_values)
    if (factor == "b" && !length(outcome$factors)) next
    means <- emmeans::emmeans(fit, factor, vcov. = V)
    k <- nlevels(table[[factor]])
    pairs <- combn(levels(table[[factor]]), 2, simplify = FALSE)
    for (j in seq_along(pairs)) {
      weights <- (levels(table[[factor]]) == pairs[[j]][2]) - (levels(table[[factor]]) == pairs[[j]][1])
      e <- as.data.frame(emmeans::contrast(means, list(d = weights)))
      half <- qtukey(level, k, e$df) * e$SE / sqrt(2)
      put_estimate(paste0(path, c(a = ".pairs.", b = ".second_pairs.")[[factor]], j - 1, ".difference"),
        list(value = e$estimate, low = e$estimate - half, high = e$estimate + half, statistic = sqrt(2) * e$t.ratio, df = e$df,
             p = ptukey(sqrt(2) * abs(e$t.ratio), k, e$df, lower.tail = FALSE)), "search")
    }
  }
  tested <- found$tested
  for (part in c("statistic", "df.0", "df.1", "p"))
    put(paste0(path, ".test.", part), value_at(paste0(path, ".effects.", tested, ".", part)))
}
