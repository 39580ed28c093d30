# The other sections of the report: scales, behaviour, losses, table 1, and the optional sections.

# ---- Scales -----------------------------------------------------------------------------------------------------
alpha_of <- function(values) {
  complete <- values[complete.cases(values), , drop = FALSE]
  k <- ncol(complete); n <- nrow(complete); C <- cov(complete)
  alpha <- k / (k - 1) * (1 - sum(diag(C)) / sum(C))
  limits <- 1 - (1 - alpha) * qf(c((1 + level) / 2, (1 - level) / 2), n - 1, (n - 1) * (k - 1))
  list(value = alpha, low = limits[1], high = limits[2])
}
one_factor <- function(R) { # loadings and uniquenesses by maximum likelihood (Jöreskog, 1967)
  scaled <- function(psi) eigen(R / sqrt(psi %o% psi), symmetric = TRUE)
  discrepancy <- function(psi) { e <- scaled(psi)$values[-1]; sum(e - log(e)) }
  psi <- nlminb(pmin(.5 / diag(solve(R)), 1), discrepancy, lower = .005, upper = 1, control = list(rel.tol = 1e-15, x.tol = 1e-10))$par
  e <- scaled(psi)
  list(loadings = sqrt(psi * max(e$values[1] - 1, 0)) * e$vectors[, 1], uniquenesses = psi)
}
omega_of <- function(values) { # delta method on the logit
  complete <- values[complete.cases(values), , drop = FALSE]
  k <- ncol(complete); n <- nrow(complete)
  s <- apply(complete, 2, sd)
  # factanal() finds no optimum for some scales of three items.
  fit <- tryCatch({ f <- factanal(complete, 1, control = list(nstart = 5, opt = list(factr = 1e-2))); list(loadings = f$loadings[, 1],
                    uniquenesses = f$uniquenesses) }, error = function(e) one_factor(cor(complete)))
  lambda <- fit$loadings * s; psi <- fit$uniquenesses * s^2
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
  asked <- if (one$time == "") answers else answers[page_of(answers) == one$time, ]
  raw <- answers_to(rows, reverse = FALSE, asked = asked); values <- answers_to(rows, asked = asked)
  share <- one$minimum_answered
  quality <- function(here, who, node) {
    put_if <- function(name, f, how = "closed") if (!is.null(node[[name]]$value)) put_estimate(paste0(here, ".", name), f(), how)
    own <- values[who, , drop = FALSE]
    put_if("alpha", function() alpha_of(own))
    put_if("omega", function() omega_of(own), "laplace")
    complete <- raw[who, , drop = FALSE]
    complete <- complete[complete.cases(complete), , drop = FALSE]
    put_if("straight_lined", function() wilson(sum(apply(complete, 1, function(r) length(unique(r)) == 1)), nrow(complete)))
    scores <- na.omit(score_of(own, share))
    put_if("floor", function() wilson(sum(scores <= mean(rows$minimum) + 1e-9), length(scores)))
    put_if("ceiling", function() wilson(sum(scores >= mean(rows$maximum) - 1e-9), length(scores)))
  }
  quality(path, finished, one)
  complete <- values[finished, , drop = FALSE]
  complete <- complete[complete.cases(complete), , drop = FALSE]
  for (item in names(one$item_rest)) if (!is.null(one$item_rest[[item]]$value)) {
    test <- cor.test(complete[, item], rowMeans(complete[, colnames(complete) != item, drop = FALSE]), conf.level = level)
    put_estimate(paste0(path, ".item_rest.", item),
                 list(value = test$estimate, low = test$conf.int[1], high = test$conf.int[2]))
  }
  for (j in seq_along(one$arms)) quality(paste0(path, ".arms.", j - 1), finished & people$arm == one$arms[[j]]$arm, one$arms[[j]])
}

# ---- Agreement and behaviour -------------------------------------------------------------------------------------
there <- people$participant[members("randomised")]
for (i in seq_along(results$agreement)) {
  node <- results$agreement[[i]]
  rows <- trials[trials$arm == node$arm & trials$participant %in% there & !is.na(trials$decision_correct), ]
  measures <- list(agreement_right = rows[rows$prediction_correct %in% 1, ], agreement_wrong = rows[rows$prediction_correct %in% 0, ],
                   decision_accuracy = rows)
  for (name in names(measures)) if (!is.null(node[[name]]$value)) {
    own <- measures[[name]]
    x <- tapply(if (name == "decision_accuracy") own$decision_correct else own$agreed, own$participant, mean)
    put_estimate(paste0("agreement.", i - 1, ".", name), mean_of(x[!is.na(x)], 0, 1))
  }
}
placed <- function(scores, others) sapply(scores, function(s) mean(others < s) + mean(others == s) / 2)
auroc <- function(rows) { # Obuchowski (1997): the variance is between participants
  rows <- rows[!is.na(rows$confidence) & !is.na(rows$final_right), ]
  right <- rows$final_right == 1
  up <- placed(rows$confidence[right], rows$confidence[!right]); down <- 1 - placed(rows$confidence[!right], rows$confidence[right])
  area <- mean(up)
  who <- unique(rows$participant); k <- length(who)
  part <- function(x, w) { s <- tapply(x - area, factor(w, who), sum); s[is.na(s)] <- 0; s / length(x) }
  error <- sqrt(k / (k - 1) * sum((part(up, rows$participant[right]) + part(down, rows$participant[!right]))^2))
  e <- t_estimate(area - .5, error, k - 1)
  e$value <- area; e$low <- max(0, e$low + .5); e$high <- min(1, e$high + .5)
  e
}
bins_of <- function(x, most) { # of equal mass; equal values share a bin
  values <- sort(unique(x))
  if (length(values) <= most) return(match(x, values))
  edges <- unique(quantile(x, seq_len(9) / 10, names = FALSE))
  findInterval(x, edges, left.open = TRUE)
}
calibration_error <- function(rows, debiased) { # a jackknife over participants
  rows <- rows[!is.na(rows$probability) & !is.na(rows$final_right), ]
  bin <- bins_of(rows$probability, 0)
  statistic <- function(keep) {
    n <- tapply(keep, bin, sum); p <- tapply(ifelse(keep, rows$probability, 0), bin, sum); y <- tapply(ifelse(keep, rows$final_right, 0), bin, sum)
    if (!debiased) return(sum(abs(p - y)) / sum(n))
    n <- c(n); use <- n > 1; n <- n[use]; p <- p[use] / n; y <- y[use] / n
    sum(n * ((p - y)^2 - y * (1 - y) / (n - 1))) / sum(n)
  }
  who <- unique(rows$participant); k <- length(who)
  without <- sapply(who, function(one) statistic(rows$participant != one))
  e <- t_estimate(statistic(rep(TRUE, nrow(rows))), sqrt((k - 1) / k * sum((without - mean(without))^2)), k - 1)[c("value", "low", "high")]
  if (debiased) lapply(e, function(x) sqrt(max(0, x))) else list(value = e$value, low = max(0, e$low), high = min(1, e$high))
}
behaviour_there <- behaviour_trials[behaviour_trials$participant %in% there, ]
for (i in seq_along(results$behaviour$arms)) {
  node <- results$behaviour$arms[[i]]
  rows <- behaviour_there[behaviour_there$arm == node$arm, ]
  for (j in seq_along(node$measures)) {
    measure <- node$measures[[j]]
    here <- paste0("behaviour.arms.", i - 1, ".measures.", j - 1, ".estimate")
    if (is.null(measure$estimate$value)) next
    if (measure$key == "auroc") { put_estimate(here, auroc(rows)); next }
    if (grepl("^ece", measure$key)) { put_estimate(here, calibration_error(rows, measure$key == "ece_debiased")); next }
    x <- measure_of(measure$key, rows)$value
    x <- x[is.finite(x)]
    e <- if (measure$unit == "share") mean_of(x, 0, 1) else mean_of(x)
    put_estimate(here, if (measure$unit == "ms") lapply(e, exp) else e)
    if (!is.null(measure$estimate$p)) {
      test <- t.test(x)
      put_estimate(here, list(statistic = test$statistic, df = test$parameter, p = test$p.value))
    }
  }
}
shares_right <- function(rows, column) { x <- tapply(rows[[column]], rows$participant, mean, na.rm = TRUE); x[is.finite(x)] }
for (i in seq_along(results$behaviour$complementarity)) {
  node <- results$behaviour$complementarity[[i]]
  here <- paste0("behaviour.complementarity.", i - 1)
  team <- behaviour_there[behaviour_there$arm == node$arm, ]; alone <- behaviour_there[behaviour_there$arm == plan$human_alone, ]
  own <- if (any(!is.na(alone$first_right))) "first_right" else "final_right"
  w <- welch_pair(shares_right(team, "final_right"), shares_right(alone, own))
  human <- t_estimate(w$difference, w$error, w$df)
  team <- team[!is.na(team$final_right) & !is.na(team$advice_right), ]
  ai <- if (nrow(team)) mean_of(tapply(team$final_right - team$advice_right, team$participant, mean), -1, 1)
  if (!is.null(node$over_human$value)) put_estimate(paste0(here, ".over_human"), human)
  if (!is.null(node$over_ai$value)) put_estimate(paste0(here, ".over_ai"), ai)
  if (!is.null(node$over_better$value)) put_estimate(paste0(here, ".over_better"), list(value = min(human$value, ai$value),
    low = min(human$low, ai$low), high = min(human$high, ai$high)))
}
if (length(results$behaviour$calibration)) { # the bins are common to all arms
  rows <- behaviour_there[!is.na(behaviour_there$confidence) & !is.na(behaviour_there$final_right), ]
  rows$bin <- bins_of(rows$confidence, 11)
  place <- 0
  for (arm in arms) for (bin in sort(unique(rows$bin[rows$arm == arm]))) {
    point <- results$behaviour$calibration[[place + 1]]
    here <- paste0("behaviour.calibration.", place)
    place <- place + 1
    own <- rows[rows$arm == arm & rows$bin == bin, ]
    own$value <- own$final_right
    put_estimate(here, list(share = mean(own$value), stated = mean(own$confidence), probability = mean(own$probability)))
    if (is.null(point$interval$value)) next
    s <- clustered(own)
    error <- sqrt(s$variance) / (s$share * (1 - s$share))
    ends <- plogis(qlogis(s$share) + c(-1, 1) * qt((1 + level) / 2, s$m - 1) * error)
    put_estimate(paste0(here, ".interval"), list(value = s$share, low = ends[1], high = ends[2]))
  }
}

# ---- Losses, the sample, and table 1 -------------------------------------------------------------------------------
erased <- sapply(results$flow, `[[`, "erased")
for (i in seq_along(results$study_flow$attrition)) {
  loss <- results$study_flow$attrition[[i]]
  path <- paste0("study_flow.attrition.", i - 1)
  gone <- if (loss$lost == "did not complete") people$state != "completed" else !members("per_protocol")
  n <- table(factor(people$arm, arms)) + erased; lost <- table(factor(people$arm[gone], arms)) + erased
  for (arm in arms) if (!is.null(loss$shares[[arm]]$value)) put_estimate(paste0(path, ".shares.", arm), wilson(lost[[arm]], n[[arm]]))
  if (!is.null(loss$test$p)) {
    counts <- rbind(lost, n - lost)[, n > 0]
    set.seed(1)
    put(paste0(path, ".test.statistic"), suppressWarnings(chisq.test(counts, correct = FALSE))$statistic)
    put(paste0(path, ".test.df.0"), ncol(counts) - 1)
    put(paste0(path, ".test.p"), chisq.test(counts, simulate.p.value = TRUE, B = 99999)$p.value, "permutation")
  }
}
if (!is.null(results$sample$per_arm)) {
  goal <- plan$sample_goal
  anova_power <- function(n) { # as in power.anova.test, whose search ends at the fourth digit
    k <- length(arms)
    pf(qf(1 - plan$alpha, k - 1, k * (n - 1)), k - 1, k * (n - 1), k * n * goal$f^2, lower.tail = FALSE)
  }
  put("sample.per_arm", if (!is.null(goal$d)) power.t.test(delta = goal$d, power = goal$power, sig.level = plan$alpha, tol = 1e-10)$n else
    root(function(n) anova_power(n) - goal$power, 1.5, 1e5), "search")
  put("sample.per_arm_rounded", ceiling(value_at("sample.per_arm") - 1e-9))
}
smd <- function(a, b) { # Austin (2009); Yang & Dalton (2012) for categories
  a <- a[!is.na(a)]; b <- b[!is.na(b)]
  if (min(length(a), length(b)) < 2) return(NA)
  if (is.numeric(a)) { s <- sqrt((var(a) + var(b)) / 2); return(if (s > 1e-12) (mean(a) - mean(b)) / s else NA) }
  levels <- head(sort(unique(c(a, b)), method = "radix"), -1)
  if (!length(levels)) return(NA)
  p <- sapply(levels, function(l) mean(a == l)); q <- sapply(levels, function(l) mean(b == l))
  if (all(abs(p - q) < 1e-12)) return(0)
  S <- (diag(p, length(p)) - p %o% p + diag(q, length(q)) - q %o% q) / 2
  sqrt(max(0, drop(t(p - q) %*% MASS::ginv(S) %*% (p - q))))
}
for (i in seq_along(results$baseline)) {
  row <- results$baseline[[i]]
  path <- paste0("baseline.", i - 1)
  values <- covariate_of(row$key)
  of <- function(arm) values[members("randomised") & people$arm == arm]
  described <- function(here, x) if (is.numeric(x)) {
    x <- x[!is.na(x)]
    if (length(x)) put(paste0(here, ".mean"), mean(x))
    if (length(x) > 1) put(paste0(here, ".sd"), sd(x))
  }
  described(paste0(path, ".together"), values[members("randomised")])
  for (j in seq_along(row$arms)) {
    described(paste0(path, ".arms.", j - 1), of(row$arms[[j]]$arm))
    if (row$arms[[j]]$arm != plan$control) put_estimate(paste0(path, ".arms.", j - 1), list(smd = smd(of(row$arms[[j]]$arm), of(plan$control))))
  }
  if (length(arms) > 1) {
    all <- combn(arms, 2, function(pair) abs(smd(of(pair[1]), of(pair[2]))))
    if (any(!is.na(all))) put(paste0(path, ".largest"), max(all, na.rm = TRUE))
    if (!is.null(row$by_chance)) { # the values are assigned at random to arms of the same sizes
      groups <- Filter(function(x) length(x) > 1, lapply(arms, function(arm) { x <- of(arm); x[!is.na(x)] }))
      x <- unlist(groups); place <- rep(seq_along(groups), lengths(groups))
      set.seed(1)
      drawn <- replicate(2000, {
        parts <- split(sample(x), place)
        max(combn(length(parts), 2, function(pair) { d <- smd(parts[[pair[1]]], parts[[pair[2]]]); if (is.na(d)) 0 else abs(d) }))
      })
      for (q in c("median", "percentile_95")) if (!is.null(row$by_chance[[q]]))
        put(paste0(path, ".by_chance.", q), quantile(drawn, c(median = .5, percentile_95 = .95)[[q]], type = 1), "chance", row$by_chance[[q]])
    }
  }
}

# ---- Bayes factors: Rouder et al. (2009) ------------------------------------------------------------------------
jzs <- function(t, size, df, scale) {
  f <- function(u) { s <- 1 + size * scale^2 * exp(u)
    exp(-.5 * log(s) - (df + 1) / 2 * log1p(t^2 / (s * df)) + (df + 1) / 2 * log1p(t^2 / df) - .5 * log(2 * pi) - .5 * u - .5 * exp(-u)) }
  log10(integrate(f, -8, 60, rel.tol = 1e-10, subdivisions = 5000)$value)
}
outcome_of <- function(key) Filter(function(entry) entry$outcome$key == key, results$outcomes)[[1]]$outcome
put_bayes <- function(path, t, size, df) {
  put(paste0(path, ".t"), t)
  put(paste0(path, ".df"), df)
  put(paste0(path, ".log10"), jzs(t, size, df, plan$bayes$scale), "search")
  put(paste0(path, ".at_other_scales"), sapply(c(1, sqrt(2)), function(s) jzs(t, size, df, s)), "search")
}
for (key in names(results$optional_sections$bayes)) {
  outcome <- outcome_of(key)
  path <- paste0("optional_sections.bayes.", key, ".")
  if (outcome$analysis == "one_way") {
    groups <- groups_of(outcome)
    others <- setdiff(names(groups), plan$control)
    for (i in seq_along(others)) {
      a <- groups[[others[i]]]; b <- groups[[plan$control]]
      put_bayes(paste0(path, i - 1, ".factor"), t.test(a, b, var.equal = TRUE)$statistic,
                length(a) * length(b) / (length(a) + length(b)), length(a) + length(b) - 2)
    }
  } else {
    values <- complete_conditions(outcome)$values
    for (i in seq_len(ncol(pairs <- combn(ncol(values), 2)))) {
      d <- values[, pairs[2, i]] - values[, pairs[1, i]]
      if (sd(d) > 0) put_bayes(paste0(path, i - 1, ".factor"), mean(d) / sd(d) * sqrt(length(d)), length(d), length(d) - 1)
    }
  }
}

# ---- Mediation: products of least-squares coefficients, percentiles of bootstrap samples ------------------------------
put_percentiles <- function(path, sample, drawn) {
  ends <- quantile(drawn, c((1 - level) / 2, (1 + level) / 2), names = FALSE)
  put(paste0(path, ".value"), sample)
  put(paste0(path, ".low"), min(sample, ends[1]), "bootstrap", diff(ends))
  put(paste0(path, ".high"), max(sample, ends[2]), "bootstrap", diff(ends))
}
if (!is.null((found <- results$optional_sections$mediation)$arms)) {
  scored <- function(key) { o <- outcome_of(key); s <- raw_scores(o); s[!members(o$population) | !people$arm %in% arms_of(o)] <- NA; s }
  through <- unlist(plan$mediation$mediators)
  table <- data.frame(arm = people$arm, y = scored(plan$mediation$outcome), sapply(through, scored))
  compared <- c(plan$control, sapply(found$arms, `[[`, "arm"))
  table <- table[table$arm %in% compared & complete.cases(table), ]
  D <- sapply(compared[-1], function(arm) as.numeric(table$arm == arm)); k <- ncol(D)
  M <- as.matrix(table[through]); m <- ncol(M)
  all_paths <- unlist(lapply(seq_len(m), function(size) combn(m, size, simplify = FALSE)), recursive = FALSE)
  paths <- function(i) {
    ls <- function(X, y) { X <- cbind(1, X); solve(crossprod(X), crossprod(X, y)) }
    D <- D[i, , drop = FALSE]; M <- M[i, , drop = FALSE]; y <- table$y[i]
    to_m <- lapply(seq_len(m), function(j) ls(cbind(D, M[, seq_len(j - 1)]), M[, j]))
    to_y <- ls(cbind(D, M), y)
    by_path <- sapply(all_paths, function(p) {
      value <- to_m[[p[1]]][1 + seq_len(k)]
      for (s in seq_along(p)[-1]) value <- value * to_m[[p[s]]][1 + k + p[s - 1]]
      value * to_y[1 + k + p[length(p)]]
    })
    rest <- function(X, y) y - cbind(1, X) %*% ls(X, y)
    rho <- sapply(seq_len(m), function(j) { X <- cbind(D, M[, seq_len(j - 1)]); cor(rest(X, M[, j]), rest(X, y)) })
    by_path <- matrix(by_path, k)
    c(ls(D, y)[-1], to_y[1 + seq_len(k)], rowSums(by_path), by_path, rho)
  }
  set.seed(1)
  rows <- split(seq_len(nrow(table)), table$arm)
  sample_values <- paths(seq_len(nrow(table)))
  drawn <- replicate(20000, paths(unlist(lapply(rows, function(r) r[sample.int(length(r), replace = TRUE)]))))
  at <- function(path, place) put_percentiles(paste0("optional_sections.mediation.", path), sample_values[place], drawn[place, ])
  for (a in seq_len(k)) {
    for (part in 1:3) at(paste0("arms.", a - 1, ".", c("total", "direct", "indirect")[part]), (part - 1) * k + a)
    for (p in seq_along(all_paths)) at(paste0("arms.", a - 1, ".by_path.", p - 1, ".effect"), (2 + p) * k + a)
  }
  for (j in seq_len(m)) at(paste0("sensitivity.", j - 1, ".rho"), (3 + length(all_paths)) * k + j)
}

# ---- Multiverse: d of each arm under every choice -------------------------------------------------------------------
as_d <- function(e, f) lapply(e[c("value", "low", "high")], f)
curve_effects <- function(outcome, inside, model) {
  if (model %in% c("difference of means", "ranks")) {
    groups <- groups_of(outcome, inside)
    others <- setdiff(names(groups), plan$control)
    return(sapply(others, function(arm) {
      if (model == "difference of means") return(hedges(groups[[arm]], groups[[plan$control]]))
      s <- superiority(groups[[arm]], groups[[plan$control]])
      if (s$low <= 0 || s$high >= 1) NULL else as_d(s, function(p) sqrt(2) * qnorm(p))
    }, simplify = FALSE))
  }
  sets$curve <<- inside
  outcome$population <- "curve"
  to_d <- function(odds) log(odds) * sqrt(3) / pi # Chinn (2000)
  rows <- trials_in(outcome)
  if (model == "odds, clustered") {
    s <- lapply(split(rows, rows$arm), clustered)
    return(sapply(setdiff(arms_of(outcome), plan$control), function(arm) as_d(odds_ratio(s[[arm]], s[[plan$control]]), to_d), simplify = FALSE))
  }
  outcome$analysis <- "logistic_trials"; outcome["within"] <- list(NULL)
  planned <- Filter(function(entry) entry$outcome$key == outcome$key, results$outcomes)[[1]]$found
  fit <- fitted_trials(outcome, planned$model)
  sapply(setdiff(arms_of(outcome), plan$control), function(arm) {
    e <- satterthwaite(level_weights(fit, "arm", arm, plan$control), fit$parts)
    as_d(t_estimate(e$value, e$error, e$df), function(x) x * sqrt(3) / pi)
  }, simplify = FALSE)
}
for (i in seq_along(results$optional_sections$multiverse)) {
  curve <- results$optional_sections$multiverse[[i]]
  planned <- outcome_of(curve$outcome)
  effects <- list()
  for (j in seq_along(curve$specifications)) {
    choice <- curve$specifications[[j]]
    outcome <- planned
    rule <- sub("^without the rule “(.*)”$", "\\1", choice$people)
    inside <- if (rule != choice$people) sets_without(Filter(function(r) r$label == rule, plan$exclusions)[[1]]$key)$per_protocol
      else members(c("all randomised" = "randomised", "all participants" = "randomised", completed = "completed",
                     "per protocol" = "per_protocol")[[choice$people]])
    if (grepl("% of the items", choice$coding)) {
      stated <- as.numeric(sub("%.*", "", choice$coding)) / 100
      outcome$min_answered <- c(stated, unlist(plan$multiverse$min_answered))[which.min(abs(c(stated, unlist(plan$multiverse$min_answered)) - stated))]
    }
    if (choice$coding == "logarithms") outcome$transform <- "log"
    if (choice$coding == "as measured") outcome["transform"] <- list(NULL)
    here <- curve_effects(outcome, inside, choice$model)
    for (arm in names(choice$effects)) if (!is.null(choice$effects[[arm]]$value)) {
      effects[[arm]] <- c(effects[[arm]], here[[arm]]$value)
      put_estimate(paste0("optional_sections.multiverse.", i - 1, ".specifications.", j - 1, ".effects.", arm), here[[arm]],
                   if (choice$model == "odds, mixed model") "laplace" else "search")
    }
  }
  for (a in seq_along(curve$arms)) {
    x <- effects[[curve$arms[[a]]$arm]]
    if (length(x)) put_estimate(paste0("optional_sections.multiverse.", i - 1, ".arms.", a - 1),
                                list(median = median(x), least = min(x), most = max(x)), "laplace")
  }
}
skip("^data_checks\\.findings", "a check of the data decides about no outcome; its p is a bound, corrected for all columns, items and arms")
skip("^optional_sections\\.map_quality\\.", "it needs the maps' evaluation, which is not in the folder")
