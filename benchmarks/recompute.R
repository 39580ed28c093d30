# Recomputes a report's numbers in R, from its tidy tables, and compares them with results.json.
#
#   Rscript benchmarks/recompute.R REPORT_FOLDER
#
# REPORT_FOLDER is what `manage.py run_analysis` wrote. Nothing of this project's Python is used: scores, sets of
# participants and exclusions are computed anew from the raw answers, tests and models by R (lme4, lmerTest) or by the
# published formulas. The last lines state how many numbers agree, which differ, and which were not recomputed. The exit
# status is 1 if any number differs by more than its tolerance. Needs jsonlite, lme4, lmerTest and mvtnorm.
suppressMessages({
  library(jsonlite)
  library(lme4)
  library(lmerTest)
  library(mvtnorm)
})

# Relative tolerances by the way a number is computed (absolute below 1, so that p near 0 count as equal).
TOLERANCE <- c(
  closed = 1e-6,      # formulas, and distributions that R computes to full precision
  search = 1e-5,      # limits found by a search, the studentised range
  integral = 2e-4,    # Dunnett's distribution by Monte Carlo integration in mvtnorm
  reml = 1e-4,        # linear mixed models: two optimisers
  laplace = 5e-4,     # generalised mixed models: two optimisers, and numerical Hessians
  permutation = 0.01  # p from random permutations
)

# ---- Numbers of the report and numbers of R ---------------------------------------------------------------------
computed <- new.env()

put <- function(path, value, how = "closed") {
  for (i in seq_along(value)) {
    key <- if (length(value) > 1 || is.list(value)) paste0(path, ".", i - 1) else path
    assign(key, list(value = as.numeric(value[[i]]), how = how), envir = computed)
  }
}
put_estimate <- function(path, e, how = "closed") {
  for (name in names(e)) if (length(e[[name]]) && !is.na(e[[name]])) put(paste0(path, ".", name), e[[name]], how)
}
put_test <- function(path, statistic, df, p, how = "closed") {
  put(paste0(path, ".statistic"), statistic, how)
  for (i in seq_along(df)) put(paste0(path, ".df.", i - 1), df[i], how)
  put(paste0(path, ".p"), p, how)
}
leaves <- function(node, path = "") {
  if (is.list(node)) {
    keys <- if (is.null(names(node))) seq_along(node) - 1 else names(node)
    found <- Map(function(child, key) leaves(child, if (path == "") key else paste0(path, ".", key)), node, keys)
    return(unlist(unname(found), recursive = FALSE))
  }
  if (is.numeric(node)) setNames(list(node), path) else list()
}

# ---- Reading --------------------------------------------------------------------------------------------------
arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 1 || !file.exists(file.path(arguments[1], "results.json")))
  stop("Name a folder that run_analysis wrote; it must contain results.json.", call. = FALSE)
folder <- arguments[1]
results <- fromJSON(file.path(folder, "results.json"), simplifyVector = FALSE)
plan <- results$plan
arms <- unlist(plan$arms)
level <- 1 - plan$alpha
narrow <- 1 - 2 * plan$alpha
MISSING <- c("not_asked", "does_not_apply", "not_answered", "")
tables <- Filter(dir.exists, file.path(folder, c("tidy", "data")))[1]
table_of <- function(name) {
  read.csv(file.path(tables, name), na.strings = MISSING, colClasses = c(participant = "character"),
           check.names = FALSE, encoding = "UTF-8")
}
people <- table_of("participants.csv")
people$state[people$state == "withdrawn"] <- "stopped"
trials <- table_of("trials.csv")
answers <- read.csv(file.path(tables, "answers.csv"), colClasses = "character", encoding = "UTF-8")
book <- read.csv(file.path(tables, "codebook.csv"), na.strings = "", colClasses = "character", encoding = "UTF-8")
items <- book[!is.na(book$item), ]
for (name in c("minimum", "maximum", "reversed")) items[[name]] <- as.numeric(items[[name]])
if (is.null(trials$decision_correct) && any(!is.na(trials$agreed)))
  trials$decision_correct <- as.numeric(trials$agreed == trials$prediction_correct)
decided <- !is.null(trials$decision_correct) && any(!is.na(trials$decision_correct))

# ---- Exclusions and sets of participants ------------------------------------------------------------------------
flagged <- function(rule) {
  in_trials <- function(hit) {
    hit[is.na(hit)] <- FALSE
    counts <- tapply(hit, trials$participant, sum)
    people$participant %in% names(counts)[counts >= rule$at_least]
  }
  answer_of <- function(item) {
    own <- answers[answers$item == item, ]
    own$value[match(people$participant, own$participant)]
  }
  switch(rule$rule,
    not_completed = people$state != "completed",
    listed = people$participant %in% unlist(rule$participants),
    trials = {
      column <- trials[[rule$column]]
      if (!is.null(rule$below)) in_trials(column < rule$below)
      else if (!is.null(rule$above)) in_trials(column > rule$above)
      else if (!is.null(rule$equals)) in_trials(column == rule$equals)
      else if (!is.null(rule$other_than)) in_trials(column != rule$other_than)
      else in_trials(column != trials[[rule$differs_from]])
    },
    answer = {
      value <- suppressWarnings(as.numeric(answer_of(rule$item)))
      hit <- if (!is.null(rule$other_than)) value != rule$other_than
        else if (!is.null(rule$equals)) value == rule$equals
        else if (!is.null(rule$below)) value < rule$below else value > rule$above
      hit & !is.na(hit)
    },
    same_answers = {
      given <- sapply(unlist(rule$items), answer_of)
      apply(given, 1, function(row) any(sapply(rule$alike, function(alike) all(row %in% as.character(unlist(alike))))) ||
              (!anyNA(row) && length(unique(row)) == 1))
    },
    same_choices = {
      choice <- do.call(paste, trials[unlist(rule$columns)])
      same <- tapply(choice, list(trials$participant, trials[[rule$block]]),
                     function(block) length(block) > 1 && length(unique(block)) == 1)
      counts <- rowSums(same, na.rm = TRUE)
      people$participant %in% names(counts)[counts >= rule$at_least]
    },
    stop("The exclusion rule ", rule$rule, " is not known to this script."))
}
out_of_all <- out_of_protocol <- rep(FALSE, nrow(people))
for (rule in plan$exclusions) {
  hit <- flagged(rule) & !out_of_all & !out_of_protocol
  if (rule$scope == "all") out_of_all <- out_of_all | hit else out_of_protocol <- out_of_protocol | hit
}
members <- function(population) {
  switch(population,
    randomised = !out_of_all,
    completed = !out_of_all & people$state == "completed",
    per_protocol = !out_of_all & people$state == "completed" & !out_of_protocol)
}

# ---- Scores ---------------------------------------------------------------------------------------------------
answers_to <- function(rows, reverse = TRUE, where = list()) { # (participants, items)
  asked <- answers
  for (column in names(where)) asked <- asked[asked[[column]] %in% where[[column]], ]
  wide <- sapply(seq_len(nrow(rows)), function(i) {
    own <- asked[asked$item == rows$item[i] & asked$questionnaire == rows$questionnaire[i], ]
    value <- suppressWarnings(as.numeric(own$value[match(people$participant, own$participant)]))
    if (reverse && !is.na(rows$reversed[i]) && rows$reversed[i] == 1) rows$minimum[i] + rows$maximum[i] - value else value
  })
  matrix(wide, nrow = nrow(people), dimnames = list(people$participant, rows$item))
}
score_of <- function(values, share) {
  ifelse(rowMeans(!is.na(values)) >= share, rowMeans(values, na.rm = TRUE), NA)
}
trials_of <- function(outcome) {
  rows <- trials
  if (decided) rows <- rows[!is.na(rows$decision_correct), ]
  for (column in names(outcome$where)) rows <- rows[rows[[column]] %in% outcome$where[[column]], ]
  rows$value <- rows[[outcome$column]]
  rows$value[rows$value %in% MISSING] <- NA
  rows$value <- as.numeric(rows$value)
  if (identical(outcome$transform, "log")) rows$value <- log(ifelse(rows$value > 0, rows$value, NA))
  rows[!is.na(rows$value), ]
}
raw_scores <- function(outcome) {
  switch(outcome$kind,
    scale = {
      rows <- items[items$scale %in% outcome$scale, ]
      stated <- if (is.null(rows$minimum_answered)) NA else as.numeric(rows$minimum_answered[1])
      share <- if (!is.null(outcome$min_answered)) outcome$min_answered else if (is.na(stated)) 0.8 else stated
      score <- score_of(answers_to(rows, where = outcome$where), share)
      if (length(rows$score) && all(rows$score %in% "sum")) score * nrow(rows) else score
    },
    item = answers_to(items[items$item == outcome$item, ], where = outcome$where)[, 1],
    trial_mean = {
      rows <- trials_of(outcome)
      as.numeric(tapply(rows$value, rows$participant, mean)[people$participant])
    },
    NULL)
}
groups_of <- function(outcome, population) {
  score <- raw_scores(outcome)
  if (is.null(score)) return(NULL)
  asked <- if (length(outcome$asked_in)) intersect(arms, unlist(outcome$asked_in)) else arms
  inside <- members(population) & !is.na(score)
  setNames(lapply(asked, function(arm) unname(score[inside & people$arm == arm])), asked)
}

# ---- Statistics of scores -----------------------------------------------------------------------------------------
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
cliff <- function(a, b) { # Cliff (1996), Feng & Cliff (2004); t quantile as in effsize
  d <- sign(outer(a, b, "-"))
  n <- length(a); m <- length(b)
  delta <- mean(d)
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
  df <- c(unname(test$parameter), n - 1 - unname(test$parameter))
  f <- (value / df[1]) / ((1 - value) / df[2])
  put_estimate(path, share_estimate(value, ncf_limits(f, df[1], df[2], narrow), n), "search")
}
put_against <- function(path, groups, reference, smallest) {
  differences <- dunnett(groups, reference)
  equivalence <- c()
  for (i in seq_along(differences)) {
    here <- paste0(path, ".", i - 1)
    arm <- names(differences)[i]
    a <- groups[[arm]]; b <- groups[[reference]]
    d <- differences[[arm]]
    put_estimate(paste0(here, ".difference"), d[c("value", "statistic", "df")])
    put_estimate(paste0(here, ".difference"), d[c("low", "high", "p")], "integral")
    put_estimate(paste0(here, ".g"), hedges(a, b), "search")
    put_estimate(paste0(here, ".delta"), cliff(a, b))
    put_estimate(paste0(here, ".superiority"), superiority(a, b))
    if (!is.null(smallest)) {
      w <- welch_pair(a, b)
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), w$difference, w$error, w$df, smallest, "closed")
    }
  }
  adjusted <- p.adjust(equivalence, "holm")
  for (here in names(adjusted)) put(paste0(here, ".p_equivalence"), adjusted[here])
}
put_one_way <- function(path, outcome, population) {
  groups <- groups_of(outcome, population)
  put_arms(paste0(path, ".arms"), groups)
  x <- unlist(groups); g <- factor(rep(names(groups), lengths(groups)), names(groups))
  welch <- oneway.test(x ~ g)
  f <- unname(welch$statistic); df <- unname(welch$parameter); n <- length(x)
  put_test(paste0(path, ".welch"), f, df, welch$p.value)
  omega <- max(0, df[1] * (f - 1) / (df[1] * (f - 1) + n))
  put_estimate(paste0(path, ".omega_squared"), share_estimate(omega, ncf_limits(f, df[1], df[2], narrow), n), "search")
  kruskal <- put_kruskal(paste0(path, ".kruskal_wallis"), groups)
  put_epsilon(paste0(path, ".epsilon_squared"), kruskal, n)
  put_against(paste0(path, ".contrasts"), groups, plan$control, outcome$smallest_effect)
  if (!is.null(plan$ai_only) && plan$ai_only != plan$control && plan$ai_only %in% names(groups))
    put_against(paste0(path, ".against_ai_only"), groups, plan$ai_only, outcome$smallest_effect)
  k <- length(groups)
  for (i in seq_len(ncol(pairs <- combn(names(groups), 2)))) { # Games & Howell (1976)
    w <- welch_pair(groups[[pairs[2, i]]], groups[[pairs[1, i]]])
    q <- sqrt(2) * w$difference / w$error
    half <- qtukey(level, k, w$df) * w$error / sqrt(2)
    put_estimate(paste0(path, ".pairs.", i - 1, ".difference"), list(value = w$difference, low = w$difference - half,
      high = w$difference + half, statistic = q, df = w$df, p = ptukey(abs(q), k, w$df, lower.tail = FALSE)), "search")
  }
  p_values <- c()
  for (i in seq_along(plan$contrasts)) {
    weights <- unlist(plan$contrasts[[i]]$weights)
    weights <- weights[weights != 0]
    if (!all(names(weights) %in% names(groups))) next
    x <- groups[names(weights)]
    parts <- weights^2 * sapply(x, var) / lengths(x)
    df <- sum(parts)^2 / sum(parts^2 / (lengths(x) - 1))
    value <- sum(weights * sapply(x, mean)); t <- value / sqrt(sum(parts))
    here <- paste0(path, ".planned.", i - 1)
    half <- qt((1 + level) / 2, df) * sqrt(sum(parts))
    p_values[here] <- 2 * pt(-abs(t), df)
    put_estimate(paste0(here, ".difference"), list(value = value, low = value - half, high = value + half,
      statistic = t, df = df, p = unname(p_values[here])))
  }
  adjusted <- p.adjust(p_values, "holm", length(plan$contrasts))
  for (here in names(adjusted)) put(paste0(here, ".p_adjusted"), adjusted[here])
}
put_ranks <- function(path, outcome, population) {
  groups <- groups_of(outcome, population)
  put_arms(paste0(path, ".arms"), groups)
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
  for (here in names(p_values)) put(paste0(here, ".p_adjusted"), p.adjust(p_values, "holm")[here])
}

# ---- Mixed models of trials ---------------------------------------------------------------------------------------
sum_to_zero <- function(k) rbind(diag(k - 1), rep(-1, k - 1))
satterthwaite <- function(l, beta, V, slopes, spread) { # slopes: list of dV, spread: covariance of the parameters
  variance <- drop(l %*% V %*% l)
  g <- sapply(slopes, function(s) drop(l %*% s %*% l))
  df <- 2 * variance^2 / drop(g %*% spread %*% g)
  list(value = sum(l * beta), error = sqrt(variance), df = df)
}
fai_cornelius <- function(L, X, fixed) {
  q <- nrow(L)
  L <- solve(t(chol(L %*% solve(crossprod(X)) %*% t(L))), L)
  e <- eigen(L %*% fixed$V %*% t(L), symmetric = TRUE)
  L <- t(e$vectors) %*% L
  f <- sum(drop(L %*% fixed$beta)^2 / e$values) / q
  dfs <- apply(L, 1, function(l) satterthwaite(l, fixed$beta, fixed$V, fixed$slopes, fixed$spread)$df)
  excess <- sum(2 / (dfs - 2))
  df <- if (max(dfs) - min(dfs) < 1e-8) mean(dfs) else 2 * (q + excess) / excess
  list(statistic = f, df = c(q, df), p = pf(f, q, df, lower.tail = FALSE))
}
glmer_parts <- function(fit) { # covariance from the whole Hessian, slopes of the linearised model
  f <- update(fit, devFunOnly = TRUE)
  theta <- getME(fit, "theta"); beta <- fixef(fit)
  at <- c(theta, beta)
  X <- getME(fit, "X"); Z <- getME(fit, "Z"); Lambda <- getME(fit, "Lambdat"); place <- getME(fit, "Lind")
  W <- fit@resp$sqrtWrkWt()^2 # weights at the mode; the slopes belong to the model linearised there
  spread <- 2 * solve(numDeriv::hessian(f, at))
  k <- seq_along(theta)
  information <- function(theta) {
    Lambda@x <- theta[place]
    A <- Lambda %*% t(Z)
    AWX <- A %*% (W * X)
    M <- A %*% (W * t(A))
    diag(M) <- diag(M) + 1
    crossprod(X, W * X) - as.matrix(crossprod(AWX, solve(M, AWX)))
  }
  slopes <- lapply(k, function(i) {
    h <- 1e-4 * max(1, abs(theta[i]))
    up <- down <- theta; up[i] <- up[i] + h; down[i] <- down[i] - h
    change <- (information(up) - information(down)) / (2 * h)
    V <- spread[-k, -k, drop = FALSE]
    -(V %*% change %*% V)
  })
  list(beta = beta, V = spread[-k, -k, drop = FALSE], slopes = slopes, spread = spread[k, k, drop = FALSE])
}
lmer_parts <- function(fit) {
  list(beta = fixef(fit), V = as.matrix(vcov(fit)), slopes = fit@Jac_list, spread = fit@vcov_varpar)
}
put_trials <- function(path, found, outcome, population) {
  groups <- groups_of(outcome, population)
  put_arms(paste0(path, ".arms"), groups)
  if (is.null(found$model) || found$model == "none") return(invisible())
  asked <- names(groups)
  rows <- trials_of(outcome)
  rows <- rows[rows$participant %in% people$participant[members(population)] & rows$arm %in% asked, ]
  rows$arm <- factor(rows$arm, asked)
  contrasts(rows$arm) <- sum_to_zero(length(asked))
  for (name in setdiff(all.vars(as.formula(found$model))[-1], "arm")) {
    rows[[name]] <- factor(rows[[name]])
    if (identical(name, outcome$within)) contrasts(rows[[name]]) <- sum_to_zero(nlevels(rows[[name]]))
  }
  formula <- update(as.formula(found$model), value ~ .)
  linear <- outcome$analysis == "linear_trials"
  how <- if (linear) "reml" else "laplace"
  fit <- if (linear) lmerTest::lmer(formula, rows) else
    glmer(formula, rows, binomial, control = glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5), tolPwrss = 1e-13))
  parts <- if (linear) lmer_parts(fit) else glmer_parts(fit)
  X <- getME(fit, "X")
  put(paste0(path, ".rows"), nrow(X))
  if (!is.null(found$residual_sd)) put(paste0(path, ".residual_sd"), sigma(fit), how)
  for (i in seq_along(found$spreads)) {
    term <- found$spreads[[i]]$factor
    put(paste0(path, ".spreads.", i - 1, ".sd"), attr(VarCorr(fit)[[term]], "stddev")[1], how)
    put(paste0(path, ".spreads.", i - 1, ".levels"), nlevels(getME(fit, "flist")[[term]]))
  }
  assign <- attr(X, "assign")
  labels <- attr(terms(fit), "term.labels")
  for (term in seq_along(labels)) {
    test <- fai_cornelius(diag(ncol(X))[assign == term, , drop = FALSE], X, parts)
    put_test(paste0(path, ".terms.", labels[term]), test$statistic, test$df, test$p, how)
    if (labels[term] == "arm") put_test(paste0(path, ".test"), test$statistic, test$df, test$p, how)
    if (!is.null(found$sizes[[labels[term]]])) {
      f <- test$statistic; df <- test$df
      limits <- ncf_limits(f, df[1], df[2], narrow)
      ends <- limits / (limits + sum(df) + 1)
      value <- df[1] * f / (df[1] * f + df[2])
      put_estimate(paste0(path, ".sizes.", labels[term]),
                   list(value = value, low = min(ends[1], value), high = max(ends[2], value)), how)
    }
  }
  codes <- sum_to_zero(length(asked)); rownames(codes) <- asked
  others <- setdiff(asked, plan$control)
  p_values <- equivalence <- c()
  sds <- sapply(VarCorr(fit), function(v) attr(v, "stddev")[1])
  for (i in seq_along(others)) {
    here <- paste0(path, ".contrasts.", i - 1)
    l <- rep(0, ncol(X)); l[assign == 1] <- codes[others[i], ] - codes[plan$control, ]
    e <- satterthwaite(l, parts$beta, parts$V, parts$slopes, parts$spread)
    t <- e$value / e$error
    ends <- e$value + c(-1, 0, 1) * qt((1 + level) / 2, e$df) * e$error
    if (!linear) ends <- exp(ends)
    p_values[here] <- 2 * pt(-abs(t), e$df)
    put_estimate(paste0(here, ".estimate"), list(value = ends[2], low = ends[1], high = ends[3], statistic = t,
      df = e$df, p = unname(p_values[here])), how)
    tested <- e
    if (!linear && !is.null(found$contrasts[[i]]$marginal$value)) { # g-computation over normal random effects
      chance <- function(arm) {
        row <- c(1, codes[arm, ])
        density <- function(f) integrate(function(z) f(plogis(sum(row * parts$beta) + sqrt(sum(sds^2)) * z)) * dnorm(z),
                                         -9, 9, rel.tol = 1e-10)$value
        list(value = density(identity), slope = density(function(p) p * (1 - p)) * row)
      }
      a <- chance(others[i]); b <- chance(plan$control)
      tested <- satterthwaite(a$slope - b$slope, parts$beta, parts$V, parts$slopes, parts$spread)
      tested$value <- a$value - b$value
      half <- qt((1 + level) / 2, tested$df) * tested$error
      put_estimate(paste0(here, ".marginal"), list(value = tested$value, low = max(-1, tested$value - half),
        high = min(1, tested$value + half), statistic = tested$value / tested$error, df = tested$df,
        p = 2 * pt(-abs(tested$value / tested$error), tested$df)), how)
    }
    if (!is.null(found$contrasts[[i]]$equivalence$p))
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), tested$value, tested$error, tested$df,
                                           outcome$smallest_effect, how)
  }
  for (here in names(p_values)) put(paste0(here, ".p_adjusted"), p.adjust(p_values, "holm")[here], how)
  for (here in names(equivalence)) put(paste0(here, ".p_equivalence"), p.adjust(equivalence, "holm")[here], how)
  if (length(found$aligned_ranks)) put_aligned(path, rows, outcome, formula)
}
put_aligned <- function(path, rows, outcome, formula) { # Wobbrock et al. (2011)
  b <- rows[[outcome$within]]
  cells <- tapply(rows$value, list(rows$arm, b), mean)
  grand <- mean(cells); by_row <- rowMeans(cells); by_column <- colMeans(cells)
  kept <- list(arm = cells * 0 + (by_row - grand), within = t(t(cells * 0) + (by_column - grand)),
               both = t(t(cells - by_row) - by_column) + grand)
  names(kept) <- c("arm", outcome$within, paste0("arm:", outcome$within))
  place <- cbind(as.integer(rows$arm), as.integer(b))
  for (effect in names(kept)) {
    rows$value_of_effect <- rank(round(rows$value - cells[place] + kept[[effect]][place], 10))
    again <- lmerTest::lmer(update(formula, value_of_effect ~ .), rows)
    X <- getME(again, "X")
    term <- match(effect, attr(terms(again), "term.labels"))
    test <- fai_cornelius(diag(ncol(X))[attr(X, "assign") == term, , drop = FALSE], X, lmer_parts(again))
    put_test(paste0(path, ".aligned_ranks.", effect), test$statistic, test$df, test$p, "reml")
  }
}

# ---- Outcomes ---------------------------------------------------------------------------------------------------
p_of <- function(found) {
  test <- if (!is.null(found$welch)) found$welch else found$test
  if (is.null(test$p)) NA else test$p
}
for (i in seq_along(results$outcomes)) {
  entry <- results$outcomes[[i]]
  outcome <- entry$outcome
  path <- paste0("outcomes.", i - 1)
  put_found <- function(where, found, population) {
    switch(outcome$analysis,
      one_way = put_one_way(where, outcome, population),
      ranks = put_ranks(where, outcome, population),
      linear_trials = , logistic_trials = put_trials(where, found, outcome, population),
      NULL)
  }
  put_found(paste0(path, ".found"), entry$found, outcome$population)
  if (!is.null(entry$sensitivity)) {
    where <- paste0(path, ".sensitivity")
    found <- entry$found
    put_found(where, found, entry$sensitivity$population)
    if (outcome$analysis == "one_way") for (part in c("statistic", "df.0", "df.1", "p")) # there `test`, not `welch`
      assign(paste0(where, ".test.", part), get(paste0(where, ".welch.", part), envir = computed), envir = computed)
  }
}
families <- sapply(results$outcomes, function(entry)
  if (entry$outcome$role == "exploratory") "exploratory" else entry$outcome$family)
p_values <- sapply(results$outcomes, function(entry) p_of(entry$found))
for (family in unique(families)) {
  inside <- which(families == family)
  filled <- ifelse(is.na(p_values[inside]), 1, p_values[inside])
  adjusted <- p.adjust(filled, if (family == "exploratory") "BH" else "holm")
  for (j in seq_along(inside)) if (!is.na(p_values[inside[j]]))
    put(paste0("outcomes.", inside[j] - 1, ".p_adjusted"), adjusted[j])
}

# ---- Scales -----------------------------------------------------------------------------------------------------
alpha_of <- function(values) {
  complete <- values[complete.cases(values), , drop = FALSE]
  k <- ncol(complete); n <- nrow(complete); C <- cov(complete)
  alpha <- k / (k - 1) * (1 - sum(diag(C)) / sum(C))
  limits <- 1 - (1 - alpha) * qf(c((1 + level) / 2, (1 - level) / 2), n - 1, (n - 1) * (k - 1))
  list(value = alpha, low = limits[1], high = limits[2])
}
omega_of <- function(values) { # one factor by maximum likelihood; delta method on the logit
  complete <- values[complete.cases(values), , drop = FALSE]
  k <- ncol(complete); n <- nrow(complete)
  s <- apply(complete, 2, sd)
  fit <- factanal(complete, 1, control = list(nstart = 5, opt = list(factr = 1e-2)))
  lambda <- fit$loadings[, 1] * s; psi <- fit$uniquenesses * s^2
  lambda <- lambda * sign(sum(lambda))
  total <- sum(lambda); rest <- sum(psi)
  omega <- total^2 / (total^2 + rest)
  P <- solve(lambda %o% lambda + diag(psi))
  derivatives <- c(lapply(1:k, function(i) { e <- numeric(k); e[i] <- 1; e %o% lambda + lambda %o% e }),
                   lapply(1:k, function(i) { e <- numeric(k); e[i] <- 1; e %o% e }))
  weighted <- lapply(derivatives, function(D) P %*% D)
  information <- (n - 1) / 2 * sapply(weighted, function(A) sapply(weighted, function(B) sum(A * t(B))))
  slope <- c(rep(2 * total * rest, k), rep(-total^2, k)) / (total^2 + rest)^2
  error <- sqrt(drop(slope %*% solve(information) %*% slope)) / (omega * (1 - omega))
  ends <- plogis(qlogis(omega) + c(-1, 1) * qnorm((1 + level) / 2) * error)
  list(value = omega, low = ends[1], high = ends[2])
}
finished <- members("completed")
for (i in seq_along(results$instruments)) {
  one <- results$instruments[[i]]
  path <- paste0("instruments.", i - 1)
  rows <- items[items$scale %in% one$scale & items$questionnaire == one$questionnaire, ]
  raw <- answers_to(rows, reverse = FALSE); values <- answers_to(rows)
  share <- one$minimum_answered
  quality <- function(here, who, node) {
    put_if <- function(name, f, how = "closed") if (!is.null(node[[name]]$value)) put_estimate(paste0(here, ".", name), f(), how)
    put_if("alpha", function() alpha_of(values[who, ]))
    put_if("omega", function() tryCatch(omega_of(values[who, ]), error = function(e) list()), "laplace") # R finds no optimum
    complete <- raw[who, ][complete.cases(raw[who, ]), , drop = FALSE]
    put_if("straight_lined", function() wilson(sum(apply(complete, 1, function(r) length(unique(r)) == 1)), nrow(complete)))
    scores <- na.omit(score_of(values[who, , drop = FALSE], share))
    put_if("floor", function() wilson(sum(scores <= mean(rows$minimum) + 1e-9), length(scores)))
    put_if("ceiling", function() wilson(sum(scores >= mean(rows$maximum) - 1e-9), length(scores)))
    if (!is.null(node$arm)) put(paste0(here, ".n"), length(scores))
  }
  quality(path, finished, one)
  complete <- values[finished, ][complete.cases(values[finished, ]), ]
  for (item in names(one$item_rest)) if (!is.null(one$item_rest[[item]]$value)) {
    test <- cor.test(complete[, item], rowMeans(complete[, colnames(complete) != item, drop = FALSE]), conf.level = level)
    put_estimate(paste0(path, ".item_rest.", item),
                 list(value = test$estimate, low = test$conf.int[1], high = test$conf.int[2]))
  }
  for (j in seq_along(one$arms)) quality(paste0(path, ".arms.", j - 1), finished & people$arm == one$arms[[j]]$arm, one$arms[[j]])
}

# ---- Agreement, behaviour, losses ------------------------------------------------------------------------------
share_in <- function(rows, yes) tapply(yes, rows$participant, mean)
there <- people$participant[members("randomised")]
put_agreement <- function(path, node, arm) {
  rows <- trials[trials$arm == arm & trials$participant %in% there & !is.na(trials$decision_correct), ]
  measures <- list(agreement_right = rows[rows$prediction_correct == 1, ], agreement_wrong = rows[rows$prediction_correct == 0, ],
                   decision_accuracy = rows)
  for (name in names(measures)) if (!is.null(node[[name]]$value)) {
    own <- measures[[name]]
    x <- share_in(own, if (name == "decision_accuracy") own$decision_correct else own$agreed)
    x <- x[!is.na(x)]
    put_estimate(paste0(path, ".", name), mean_of(x, 0, 1))
  }
}
for (i in seq_along(results$agreement)) put_agreement(paste0("agreement.", i - 1), results$agreement[[i]], results$agreement[[i]]$arm)

put_measures <- function(path, node) { # of this platform's own columns: one answer per trial
  rows <- trials[trials$arm == node$arm & trials$participant %in% there, ]
  rows$advice_right <- as.numeric(rows$predicted_class == rows$true_class)
  rows$right <- as.numeric(rows$agreed == rows$advice_right)
  of <- function(keep, yes) {
    own <- rows[keep & !is.na(yes), ]
    list(x = tapply(yes[keep & !is.na(yes)], own$participant, mean), top = sum(yes[keep], na.rm = TRUE),
         bottom = sum(keep & !is.na(yes)))
  }
  rates <- function(advice, people) {
    own <- rows[rows$advice_right == advice & !is.na(rows$agreed), ]
    sums <- tapply(own$agreed, own$participant, sum); counts <- tapply(own$agreed, own$participant, length)
    (sums + .5) / (counts + 1)
  }
  hit <- rates(1); false <- rates(0)
  both <- intersect(names(hit), names(false))
  wrong <- rows$advice_right == 0; right <- rows$advice_right == 1
  time <- ifelse(rows$response_time_ms > 0, rows$response_time_ms, NA)
  for (j in seq_along(node$measures)) {
    measure <- node$measures[[j]]
    here <- paste0(path, ".", j - 1)
    own <- switch(measure$key, agreement = of(TRUE, rows$agreed), accuracy = of(TRUE, rows$right),
      over_reliance = of(wrong, rows$agreed), under_reliance = of(right, 1 - rows$agreed), NULL)
    if (!is.null(own)) {
      x <- own$x[!is.na(own$x)]
      put(paste0(here, ".numerator"), own$top)
      put(paste0(here, ".denominator"), own$bottom)
      put(paste0(here, ".defined"), length(x))
      if (!is.null(measure$estimate$value)) put_estimate(paste0(here, ".estimate"), mean_of(x, 0, 1))
    } else if (measure$key %in% c("d_prime", "criterion")) {
      z <- cbind(qnorm(hit[both]), qnorm(false[both]))
      x <- if (measure$key == "d_prime") z[, 1] - z[, 2] else -(z[, 1] + z[, 2]) / 2
      put(paste0(here, ".defined"), length(x))
      put_estimate(paste0(here, ".estimate"), mean_of(x))
      if (!is.null(measure$estimate$p)) {
        test <- t.test(x)
        put_estimate(paste0(here, ".estimate"), list(statistic = test$statistic, df = test$parameter, p = test$p.value))
      }
    } else if (measure$key == "response_time") {
      x <- tapply(log(time), rows$participant, mean, na.rm = TRUE)
      put_estimate(paste0(here, ".estimate"), lapply(mean_of(x[is.finite(x)]), exp))
    }
  }
}
if (!is.null(results$behaviour) && is.null(plan$behaviour)) {
  for (i in seq_along(results$behaviour$arms)) put_measures(paste0("behaviour.arms.", i - 1, ".measures"), results$behaviour$arms[[i]])
  for (i in seq_along(results$behaviour$calibration)) { # each point is one stated value on a scale of few steps
    point <- results$behaviour$calibration[[i]]
    own <- trials[trials$arm == point$arm & trials$participant %in% there & trials$sureness %in% point$stated & !is.na(trials$decision_correct), ]
    if (!nrow(own)) next
    here <- paste0("behaviour.calibration.", i - 1)
    share <- mean(own$decision_correct)
    put(paste0(here, ".share"), share); put(paste0(here, ".trials"), nrow(own)); put(paste0(here, ".stated"), mean(own$sureness))
    if (is.null(point$interval$value)) next
    sums <- tapply(own$decision_correct, own$participant, sum); counts <- tapply(own$decision_correct, own$participant, length)
    m <- length(sums)
    error <- sqrt(m / (m - 1) * sum((sums - share * counts)^2)) / nrow(own) / (share * (1 - share))
    ends <- plogis(qlogis(share) + c(-1, 1) * qt((1 + level) / 2, m - 1) * error)
    put_estimate(paste0(here, ".interval"), list(value = share, low = ends[1], high = ends[2]))
  }
}
for (i in seq_along(results$study_flow$attrition)) {
  loss <- results$study_flow$attrition[[i]]
  path <- paste0("study_flow.attrition.", i - 1)
  gone <- if (loss$lost == "did not complete") people$state != "completed" else !members("per_protocol")
  n <- table(factor(people$arm, arms)); lost <- table(factor(people$arm[gone], arms))
  for (arm in arms) if (!is.null(loss$shares[[arm]]$value) && loss$shares[[arm]]$n == n[[arm]])
    put_estimate(paste0(path, ".shares.", arm), wilson(lost[[arm]], n[[arm]]))
  if (!is.null(loss$test$p) && loss$test$n == sum(n)) {
    counts <- rbind(lost, n - lost)
    set.seed(1)
    test <- chisq.test(counts, simulate.p.value = TRUE, B = 99999)
    put(paste0(path, ".test.statistic"), suppressWarnings(chisq.test(counts, correct = FALSE))$statistic)
    put(paste0(path, ".test.p"), test$p.value, "permutation")
  }
}

# ---- Bayes factors: Rouder et al. (2009) ------------------------------------------------------------------------
jzs <- function(t, size, df, scale) {
  f <- function(u) { s <- 1 + size * scale^2 * exp(u)
    exp(-.5 * log(s) - (df + 1) / 2 * log1p(t^2 / (s * df)) + (df + 1) / 2 * log1p(t^2 / df) - .5 * log(2 * pi) - .5 * u - .5 * exp(-u)) }
  log10(integrate(f, -8, 60, rel.tol = 1e-10, subdivisions = 5000)$value)
}
for (key in names(results$optional_sections$bayes)) {
  outcome <- Filter(function(entry) entry$outcome$key == key, results$outcomes)[[1]]$outcome
  if (outcome$analysis != "one_way") next
  groups <- groups_of(outcome, outcome$population)
  others <- setdiff(names(groups), plan$control)
  for (i in seq_along(others)) {
    a <- groups[[others[i]]]; b <- groups[[plan$control]]
    test <- t.test(a, b, var.equal = TRUE)
    size <- length(a) * length(b) / (length(a) + length(b))
    here <- paste0("optional_sections.bayes.", key, ".", i - 1, ".factor")
    put(paste0(here, ".t"), test$statistic)
    put(paste0(here, ".log10"), jzs(test$statistic, size, test$parameter, plan$bayes$scale), "search")
    put(paste0(here, ".at_other_scales"), sapply(c(1, sqrt(2)), function(s) jzs(test$statistic, size, test$parameter, s)), "search")
  }
}

# ---- Comparison ---------------------------------------------------------------------------------------------------
stated <- leaves(results[c("outcomes", "instruments", "agreement", "behaviour", "study_flow", "optional_sections")])
of_interest <- grepl("\\.(value|low|high|p|statistic|sd|median|minimum|maximum|t|log10|p_adjusted|p_equivalence|share)$|\\.df(\\.\\d+)?$|at_other_scales", names(stated)) &
  !grepl("\\.outcome\\.|\\.assumptions\\.|\\.checks\\.|\\.summary\\.|equivalence\\.(lower|upper)\\.bound", names(stated))
stated <- stated[of_interest]
agree <- differ <- 0
rest <- character(0)
worst <- c()
for (name in names(stated)) {
  mine <- computed[[name]]
  if (is.null(mine)) { rest <- c(rest, name); next }
  theirs <- stated[[name]]
  distance <- abs(mine$value - theirs) / max(1, abs(theirs))
  worst[mine$how] <- max(worst[mine$how], distance, na.rm = TRUE)
  if (is.na(distance) || distance > TOLERANCE[[mine$how]]) {
    differ <- differ + 1
    cat(sprintf("DIFFERS  %-90s report %.10g, R %.10g (%s, tolerance %g)\n", name, theirs, mine$value, mine$how, TOLERANCE[[mine$how]]))
  } else agree <- agree + 1
}
for (how in names(worst)) cat(sprintf("largest difference, %-12s %.1e (tolerance %g)\n", how, worst[[how]], TOLERANCE[[how]]))
groups <- table(sub("^([^.]+(\\.[a-z_]+)?).*", "\\1", gsub("\\.\\d+", "", rest)))
if (length(rest)) {
  cat("Not recomputed:\n")
  for (name in names(groups)) cat(sprintf("  %5d numbers of %s\n", groups[[name]], name))
}
if (nzchar(Sys.getenv("RECOMPUTE_LIST"))) writeLines(rest)
cat(sprintf("%d numbers agree, %d differ, %d were not recomputed.\n", agree, differ, length(rest)))
quit(status = as.integer(differ > 0))
