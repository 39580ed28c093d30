# Mixed models of trials: lme4 and lmerTest, pbkrtest for Kenward and Roger, and the cumulative model by Laplace's method.

sum_to_zero <- function(k) rbind(diag(k - 1), rep(-1, k - 1))
satterthwaite <- function(l, parts) { # slopes: list of dV by the variance parameters; spread: their covariance
  if (!is.null(parts$kenward_roger)) return(parts$kenward_roger(l))
  variance <- drop(l %*% parts$V %*% l)
  g <- sapply(parts$slopes, function(s) drop(l %*% s %*% l))
  list(value = sum(l * parts$beta), error = sqrt(variance), df = 2 * variance^2 / drop(g %*% parts$spread %*% g))
}
fai_cornelius <- function(L, X, parts) {
  if (!is.null(parts$kenward_roger_f)) return(parts$kenward_roger_f(L))
  q <- nrow(L)
  L <- solve(t(chol(L %*% solve(crossprod(X)) %*% t(L))), L)
  e <- eigen(L %*% parts$V %*% t(L), symmetric = TRUE)
  L <- t(e$vectors) %*% L
  f <- sum(drop(L %*% parts$beta)^2 / e$values) / q
  dfs <- apply(L, 1, function(l) satterthwaite(l, parts)$df)
  excess <- sum(2 / (dfs - 2))
  df <- if (max(dfs) - min(dfs) < 1e-8) mean(dfs) else if (min(dfs) <= 2) 2 else 2 * (q + excess) / excess
  list(statistic = f, df = c(q, df), p = pf(f, q, df, lower.tail = FALSE))
}
information_slopes <- function(theta, Lambda, place, Zt, H_bb, H_bz, W, V) {
  # Derivatives of the covariance by θ, in the model linearised at its mode: the rows' second derivatives are fixed.
  information <- function(theta) {
    Lambda@x <- theta[place]
    A <- Lambda %*% Zt
    M <- A %*% (W * Matrix::t(A))
    Matrix::diag(M) <- Matrix::diag(M) + 1
    B <- Lambda %*% Matrix::t(H_bz)
    as.matrix(H_bb - Matrix::crossprod(B, Matrix::solve(M, B)))
  }
  lapply(seq_along(theta), function(i) {
    h <- 1e-4 * max(1, abs(theta[i]))
    up <- down <- theta; up[i] <- up[i] + h; down[i] <- down[i] - h
    -(V %*% ((information(up) - information(down)) / (2 * h)) %*% V)
  })
}
glmer_parts <- function(fit, deviance) { # covariance from the Hessian over all parameters
  theta <- getME(fit, "theta"); beta <- fixef(fit)
  spread <- 2 * solve(numDeriv::hessian(deviance, c(theta, beta)))
  k <- seq_along(theta)
  X <- getME(fit, "X"); W <- fit@resp$sqrtWrkWt()^2; Zt <- getME(fit, "Zt")
  V <- spread[-k, -k, drop = FALSE]
  slopes <- information_slopes(theta, getME(fit, "Lambdat"), getME(fit, "Lind"), Zt, crossprod(X, W * X),
                               t(W * X) %*% Matrix::t(Zt), W, V)
  list(beta = beta, V = V, slopes = slopes, spread = spread[k, k, drop = FALSE])
}
lmer_parts <- function(fit, method) {
  if (identical(method, "kenward_roger")) {
    V <- pbkrtest::vcovAdj(fit); beta <- fixef(fit)
    return(list(
      kenward_roger = function(l) list(value = sum(l * beta), error = sqrt(drop(l %*% as.matrix(V) %*% l)),
                                       df = pbkrtest::Lb_ddf(l, vcov(fit), V)),
      kenward_roger_f = function(L) {
        test <- pbkrtest::KRmodcomp(fit, L)$test["Ftest", ]
        list(statistic = test$stat, df = c(test$ndf, test$ddf), p = test$p.value)
      }))
  }
  list(beta = fixef(fit), V = as.matrix(vcov(fit)), slopes = fit@Jac_list, spread = fit@vcov_varpar)
}

# ---- The cumulative logit model, of which the logistic is the one with two answers -----------------------------------
laplace <- function(rows, formula, X) { # logit P(answer ≤ j) = threshold_j - Xβ - Zb; functions of (thresholds, β, θ)
  y <- match(rows$value, sort(unique(rows$value)))
  k <- max(y) - 1; p <- ncol(X)
  terms <- if (length(lme4::findbars(formula))) lme4::glFormula(formula, rows, family = gaussian())$reTrms
  Lambda <- terms$Lambdat; Zt <- terms$Zt
  u <- rep(0, if (is.null(Zt)) 0 else nrow(Zt))
  state <- function(alpha, eta) {
    s1 <- c(plogis(alpha[pmin(y, k)] - eta)); s1[y == k + 1] <- 1
    s0 <- c(plogis(alpha[pmax(y - 1, 1)] - eta)); s0[y == 1] <- 0
    # Differences of upper tails keep their digits where both are near 1.
    prob <- ifelse(s0 > .5, plogis(eta - alpha[pmax(y - 1, 1)]) - ifelse(y == k + 1, 0, plogis(eta - alpha[pmin(y, k)])), s1 - s0)
    d1 <- s1 * (1 - s1); d0 <- s0 * (1 - s0)
    list(p = pmax(prob, 1e-300), d1 = d1, d0 = d0, dd1 = d1 * (1 - 2 * s1), dd0 = d0 * (1 - 2 * s0))
  }
  eta_of <- function(beta, b, offset) drop(X %*% beta) + offset + if (length(b)) as.vector(Matrix::crossprod(Zt, b)) else 0
  mode <- function(par, offset = 0) {
    alpha <- par[seq_len(k)]; beta <- par[k + seq_len(p)]; theta <- par[-seq_len(k + p)]
    if (!length(u)) {
      eta <- eta_of(beta, c(), offset); s <- state(alpha, eta)
      return(list(eta = eta, s = s, deviance = -2 * sum(log(s$p))))
    }
    Lambda@x <- theta[terms$Lind]
    A <- Lambda %*% Zt
    objective <- function(v) { s <- state(alpha, eta_of(beta, Matrix::crossprod(Lambda, v), offset)); -2 * sum(log(s$p)) + sum(v^2) }
    now <- objective(u)
    for (step in 1:200) {
      s <- state(alpha, eta <- eta_of(beta, Matrix::crossprod(Lambda, u), offset))
      W <- ((s$d1 - s$d0) / s$p)^2 - (s$dd1 - s$dd0) / s$p
      M <- Matrix::forceSymmetric(A %*% (W * Matrix::t(A)) + Matrix::Diagonal(length(u)))
      root <- Matrix::Cholesky(M, LDL = FALSE)
      delta <- as.vector(Matrix::solve(root, A %*% (-(s$d1 - s$d0) / s$p) - u))
      scale <- 1
      while ((then <- objective(u + scale * delta)) > now + 1e-12 && scale > 1e-8) scale <- scale / 2
      u <<- u + scale * delta
      if (max(abs(delta)) * scale < 1e-11) break
      now <- then
    }
    s <- state(alpha, eta <- eta_of(beta, Matrix::crossprod(Lambda, u), offset))
    W <- ((s$d1 - s$d0) / s$p)^2 - (s$dd1 - s$dd0) / s$p
    M <- Matrix::forceSymmetric(A %*% (W * Matrix::t(A)) + Matrix::Diagonal(length(u)))
    log_det <- 2 * as.numeric(Matrix::determinant(Matrix::Cholesky(M, LDL = FALSE), sqrt = TRUE)$modulus)
    list(eta = eta, s = s, W = W, deviance = -2 * sum(log(s$p)) + sum(u^2) + log_det, b = as.vector(Matrix::crossprod(Lambda, u)))
  }
  lower_theta <- if (is.null(terms)) c() else ifelse(terms$lower == 0, 0, -25)
  start <- c(qlogis(cumsum(table(y))[seq_len(k)] / length(y)), rep(0, p), if (is.null(terms)) c() else terms$theta)
  # The thresholds are searched as the first and the logs of the gaps, which keeps their order.
  inside <- function(par) { if (k > 1) par[2:k] <- par[1] + cumsum(exp(par[2:k])); par }
  outside <- function(par) { if (k > 1) par[2:k] <- log(diff(par[seq_len(k)])); par }
  minimise <- function(from = start, offset = 0) {
    u <<- u * 0
    end <- nlminb(outside(from), function(par) mode(inside(par), offset)$deviance,
                  lower = c(rep(-40, k + p), lower_theta), upper = c(40, rep(6, k - 1), rep(40, p), rep(25, length(lower_theta))),
                  control = list(rel.tol = 1e-12, x.tol = 1e-9, eval.max = 3000, iter.max = 1000))
    list(par = inside(end$par), deviance = end$objective)
  }
  list(minimise = minimise, mode = mode, k = k, p = p, y = y, X = X, terms = terms)
}
cumulative_parts <- function(model, par) {
  k <- model$k; p <- model$p; fixed <- seq_len(k + p)
  spread <- 2 * solve(numDeriv::hessian(function(x) model$mode(x)$deviance, par))
  at <- model$mode(par); s <- at$s; y <- model$y
  upper <- sapply(seq_len(k), function(j) as.numeric(y == j)); lower <- sapply(seq_len(k), function(j) as.numeric(y == j + 1))
  # Second derivatives of minus the rows' log likelihood by (upper threshold, lower threshold, η).
  aa <- (s$d1 / s$p)^2 - s$dd1 / s$p; bb <- (s$d0 / s$p)^2 + s$dd0 / s$p; ab <- -s$d1 * s$d0 / s$p^2
  ae <- s$dd1 / s$p - s$d1 * (s$d1 - s$d0) / s$p^2; be <- -s$dd0 / s$p + s$d0 * (s$d1 - s$d0) / s$p^2
  cross <- crossprod(upper, ab * lower)
  by_both <- ae * upper + be * lower # by threshold and η
  H_bb <- rbind(cbind(crossprod(upper, aa * upper) + crossprod(lower, bb * lower) + cross + t(cross), crossprod(by_both, model$X)),
                cbind(crossprod(model$X, by_both), crossprod(model$X, at$W * model$X)))
  H_bz <- rbind(t(by_both) %*% Matrix::t(model$terms$Zt), t(at$W * model$X) %*% Matrix::t(model$terms$Zt))
  V <- spread[fixed, fixed]
  slopes <- information_slopes(par[-fixed], model$terms$Lambdat, model$terms$Lind, model$terms$Zt, H_bb, H_bz, at$W, V)
  beta <- k + seq_len(p)
  list(beta = par[beta], V = V[beta, beta, drop = FALSE], slopes = lapply(slopes, function(s) s[beta, beta, drop = FALSE]),
       spread = spread[-fixed, -fixed, drop = FALSE], alpha = par[seq_len(k)], alpha_variance = diag(V)[seq_len(k)])
}

PRECISE <- lmerControl(optimizer = "bobyqa", calc.derivs = FALSE, check.conv.singular = "ignore", optCtrl = list(rhoend = 1e-9, maxfun = 1e5))

# ---- A fit of the report, in R ----------------------------------------------------------------------------------------
formula_of <- function(model) { # unconstrained covariances as SDs of the cells: (1 + a * b | f) is (0 + a:b | f)
  while (grepl("(1 + ", model, fixed = TRUE)) {
    inner <- regmatches(model, regexpr("\\(1 \\+ [^|]*", model))
    model <- sub(inner, sub("(1 + ", "(0 + ", gsub(" * ", ":", inner, fixed = TRUE), fixed = TRUE), model, fixed = TRUE)
  }
  update(as.formula(model), value ~ .)
}
rows_of <- function(outcome, model) {
  rows <- trials_in(outcome)
  for (name in setdiff(all.vars(as.formula(model))[-1], "value")) {
    rows[[name]] <- factor(rows[[name]], sort(unique(as.character(rows[[name]])), method = "radix"))
    if (name %in% c("arm", outcome$within) && nlevels(rows[[name]]) > 1) contrasts(rows[[name]]) <- sum_to_zero(nlevels(rows[[name]]))
  }
  rows[complete.cases(rows[intersect(all.vars(as.formula(model)), names(rows))]), ]
}
fixed_matrix <- function(rows, formula) model.matrix(lme4::nobars(formula), rows)
fit_trials <- function(outcome, model) {
  rows <- rows_of(outcome, model)
  formula <- formula_of(model)
  X <- fixed_matrix(rows, formula)
  labels <- attr(terms(lme4::nobars(formula)), "term.labels"); assign <- attr(X, "assign")
  if (outcome$analysis == "ordinal_trials") {
    keep <- assign > 0
    model <- laplace(rows, formula, X[, keep, drop = FALSE])
    end <- model$minimise()
    parts <- cumulative_parts(model, end$par)
    theta <- end$par[-seq_len(model$k + model$p)]
    terms <- model$terms
    spreads <- cell_spreads(terms, theta, 1)
    at <- model$mode(end$par)
    return(list(kind = "ordinal", rows = rows, X = X[, keep, drop = FALSE], metric = X, assign = assign[keep], labels = labels,
                parts = parts, spreads = spreads, effects = effects_of(terms, at$b), how = "laplace"))
  }
  linear <- outcome$analysis == "linear_trials"
  precise <- glmerControl(optimizer = "bobyqa", optCtrl = list(maxfun = 1e5, rhoend = 1e-8), tolPwrss = 1e-13, calc.derivs = FALSE,
                          check.conv.singular = "ignore")
  fit <- if (linear) lmerTest::lmer(formula, rows, control = PRECISE) else glmer(formula, rows, binomial, control = precise)
  structure <- list(Lambdat = getME(fit, "Lambdat"), Lind = getME(fit, "Lind"), cnms = getME(fit, "cnms"),
                    flist = getME(fit, "flist"), Gp = getME(fit, "Gp"))
  list(kind = if (linear) "linear" else "logistic", fit = fit, rows = rows, X = X, metric = X, assign = assign, labels = labels,
       parts = if (linear) lmer_parts(fit, outcome$degrees_of_freedom) else
         glmer_parts(fit, glmer(formula, rows, binomial, control = precise, devFunOnly = TRUE)), sigma = sigma(fit),
       spreads = cell_spreads(structure, getME(fit, "theta"), sigma(fit)),
       effects = effects_of(structure, as.vector(getME(fit, "b"))), how = if (linear) "reml" else "laplace")
}
cell_spreads <- function(terms, theta, sigma) { # SDs by term and column
  covariance <- function(i) {
    q <- length(terms$cnms[[i]])
    first <- terms$Gp[i] + seq_len(q)
    Lambda <- terms$Lambdat; Lambda@x <- theta[terms$Lind]
    L <- as.matrix(Matrix::t(Lambda[first, first]))
    setNames(sqrt(diag(L %*% t(L))) * sigma, terms$cnms[[i]])
  }
  setNames(lapply(seq_along(terms$cnms), covariance), names(terms$cnms))
}
effects_of <- function(terms, b) setNames(lapply(seq_along(terms$cnms), function(i) {
  t(matrix(b[(terms$Gp[i] + 1):terms$Gp[i + 1]], nrow = length(terms$cnms[[i]])))
}), names(terms$cnms))
level_weights <- function(fit, term, level, reference) { # a level of a sum-coded term against another, averaged over the others
  codes <- sum_to_zero(nlevels(fit$rows[[term]])); rownames(codes) <- levels(fit$rows[[term]])
  l <- rep(0, ncol(fit$X))
  l[fit$assign == match(term, fit$labels)] <- codes[level, ] - codes[reference, ]
  l
}
known_fits <- new.env() # the rows and the model decide, so that nothing is fitted twice
fitted_trials <- function(outcome, model) {
  key <- paste(outcome$analysis, outcome$degrees_of_freedom, model, digest(trials_in(outcome)), sep = "\n")
  if (is.null(known_fits[[key]])) assign(key, fit_trials(outcome, model), envir = known_fits)
  known_fits[[key]]
}
digest <- function(rows) paste(nrow(rows), sum(rows$value), paste(range(match(rows$participant, people$participant)), collapse = " "),
                               sum(match(rows$participant, people$participant) * rows$value))
put_trials <- function(path, found, outcome, brief = FALSE) {
  groups <- groups_of(outcome)
  put_arms(paste0(path, ".arms"), groups)
  if (is.null(found$test$p)) return(invisible())
  model <- if (isFALSE(brief)) found$model else fitting_model(brief, found$test$p, outcome)
  fit <- fitted_trials(outcome, model)
  how <- fit$how; parts <- fit$parts
  tested <- if (length(groups) > 1) "arm" else outcome$within
  for (term in seq_along(fit$labels)) {
    test <- fai_cornelius(diag(ncol(fit$X))[fit$assign == term, , drop = FALSE], fit_metric(fit), parts)
    put_test(paste0(path, ".terms.", fit$labels[term]), test$statistic, test$df, test$p, how)
    if (fit$labels[term] == tested) put_test(paste0(path, ".test"), test$statistic, test$df, test$p, how)
    if (!is.null(found$sizes[[fit$labels[term]]])) put_eta(paste0(path, ".sizes.", fit$labels[term]), test$statistic, test$df, how)
  }
  if (!isFALSE(brief)) return(invisible())
  if (!is.null(found$residual_sd)) put(paste0(path, ".residual_sd"), fit$sigma, how)
  for (i in seq_along(found$spreads)) {
    spread <- found$spreads[[i]]
    sds <- unlist(unname(fit$spreads[names(fit$spreads) == spread$factor]))
    put(paste0(path, ".spreads.", i - 1, ".sd"), if (spread$at == "") sds[1] else sds[cell_name(spread$at)], how)
  }
  for (name in names(found$thresholds)) {
    i <- match(name, names(found$thresholds))
    order <- sort(unique(fit$rows$value))
    place <- match(as.numeric(strsplit(name, "|", fixed = TRUE)[[1]][1]), order)
    half <- qnorm((1 + level) / 2) * sqrt(parts$alpha_variance[place])
    z <- parts$alpha[place] / sqrt(parts$alpha_variance[place])
    put_estimate(paste0(path, ".thresholds.", name), list(value = parts$alpha[place], low = parts$alpha[place] - half,
      high = parts$alpha[place] + half, statistic = z, p = 2 * pnorm(-abs(z))), how)
  }
  reference <- if (tested == "arm") plan$control else levels(fit$rows[[tested]])[1]
  p_values <- equivalence <- c()
  for (i in seq_along(found$contrasts)) {
    here <- paste0(path, ".contrasts.", i - 1)
    compared <- found$contrasts[[i]]$arm
    e <- satterthwaite(level_weights(fit, tested, compared, reference), parts)
    estimate <- t_estimate(e$value, e$error, e$df)
    p_values[here] <- estimate$p
    if (fit$kind != "linear") for (name in c("value", "low", "high")) estimate[[name]] <- exp(estimate[[name]])
    put_estimate(paste0(here, ".estimate"), estimate, how)
    tested_difference <- e
    if (!is.null(found$contrasts[[i]]$marginal$value)) { # g-computation over normal random effects
      codes <- sum_to_zero(nlevels(fit$rows[[tested]])); rownames(codes) <- levels(fit$rows[[tested]])
      chance <- function(name) {
        row <- c(1, codes[name, ])
        variance <- sum(sapply(fit$spreads, function(sds) { own <- sds[paste0(tested, name)]; if (is.na(own)) sds[1]^2 else own^2 }))
        density <- function(f) integrate(function(z) f(plogis(sum(row * parts$beta) + sqrt(variance) * z)) * dnorm(z),
                                         -9, 9, rel.tol = 1e-10)$value
        list(value = density(identity), slope = density(function(p) p * (1 - p)) * row)
      }
      a <- chance(compared); b <- chance(reference)
      tested_difference <- satterthwaite(a$slope - b$slope, parts)
      tested_difference$value <- a$value - b$value
      marginal <- t_estimate(tested_difference$value, tested_difference$error, tested_difference$df)
      marginal$low <- max(-1, marginal$low); marginal$high <- min(1, marginal$high)
      put_estimate(paste0(here, ".marginal"), marginal, how)
    }
    if (!is.null(found$contrasts[[i]]$equivalence$p))
      equivalence[here] <- put_equivalence(paste0(here, ".equivalence"), tested_difference$value, tested_difference$error,
                                           tested_difference$df, outcome$smallest_effect, how)
  }
  put_adjusted(p_values, how = how)
  put_adjusted(equivalence, "p_equivalence", how)
  if (length(found$aligned_ranks)) put_aligned(path, fit$rows, outcome, formula_of(found$model))
}
fitting_model <- function(model, p, outcome) {
  # The report does not name the model of a sensitivity analysis, which steps down by itself: it is one of the ladder's.
  tested <- if (length(arms_of(outcome)) > 1) "arm" else outcome$within
  slopes <- c(if (length(outcome$slopes)) paste0("(1 | ", unlist(outcome$slopes), ":arm)"),
              if (!is.null(outcome$within)) paste0("(1 | ", unlist(outcome$random), ":", outcome$within, ")"))
  for (more in c("", paste(" +", slopes[nzchar(slopes)]))) {
    if (more != "" && (more == " +" || grepl(sub(" + ", "", more, fixed = TRUE), model, fixed = TRUE))) next
    candidate <- paste0(model, more)
    fit <- fitted_trials(outcome, candidate)
    test <- fai_cornelius(diag(ncol(fit$X))[fit$assign == match(tested, fit$labels), , drop = FALSE], fit_metric(fit), fit$parts)
    if (abs(test$p - p) <= TOLERANCE[[fit$how]]) return(candidate)
  }
  model
}
fit_metric <- function(fit) if (fit$kind == "ordinal") fit$X else fit$X
cell_name <- function(at) gsub("\\[([^]]*)\\]", "\\1", at) # arm[lime]:correct[0] is armlime:correct0 in R
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
    again <- lmerTest::lmer(update(formula, value_of_effect ~ .), rows, control = PRECISE)
    X <- getME(again, "X")
    term <- match(effect, attr(terms(again), "term.labels"))
    test <- fai_cornelius(diag(ncol(X))[attr(X, "assign") == term, , drop = FALSE], X, lmer_parts(again, outcome$degrees_of_freedom))
    put_test(paste0(path, ".aligned_ranks.", effect), test$statistic, test$df, test$p, "reml")
  }
}

# ---- Likelihood ratios, also where an arm's answers are all alike ------------------------------------------------------
put_likelihood_ratio <- function(path, found, outcome, brief = FALSE) {
  groups <- groups_of(outcome)
  put_arms(paste0(path, ".arms"), groups)
  if (is.null(found$test$p)) return(invisible())
  name <- if (isFALSE(brief)) found$model else brief
  rows <- rows_of(outcome, name)
  formula <- formula_of(name)
  whole <- fixed_matrix(rows, formula)
  assign <- attr(whole, "assign"); labels <- attr(terms(lme4::nobars(formula)), "term.labels")
  tested <- if (length(groups) > 1) "arm" else outcome$within
  X <- whole[, assign > 0, drop = FALSE]; assign <- assign[assign > 0]
  model <- laplace(rows, formula, X)
  full <- model$minimise()
  fixed <- model$k + seq_len(model$p)
  without <- function(matrix, offset = 0, from = NULL) { # the lowest deviance with fewer columns, near a known optimum
    part <- laplace(rows, formula, matrix)
    if (!is.null(from)) return(part$minimise(from, offset))
    near <- c(full$par[seq_len(model$k)], rep(0, ncol(matrix)), full$par[-seq_len(model$k + model$p)])
    ends <- list(part$minimise(near, offset), part$minimise(offset = offset))
    ends[[which.min(sapply(ends, `[[`, "deviance"))]]
  }
  ratio <- max(0, without(X[, assign != match(tested, labels), drop = FALSE])$deviance - full$deviance)
  df <- sum(assign == match(tested, labels))
  put_test(paste0(path, ".test"), ratio, df, pchisq(ratio, df, lower.tail = FALSE), "profile")
  if (!isFALSE(brief)) return(invisible())
  fit <- list(rows = rows, X = X, assign = assign, labels = labels)
  shares <- lapply(split(rows, rows$arm), clustered)
  p_values <- c()
  for (i in seq_along(found$contrasts)) {
    here <- paste0(path, ".contrasts.", i - 1)
    arm <- found$contrasts[[i]]$arm
    node <- found$contrasts[[i]]$odds_ratio
    if (!is.null(found$contrasts[[i]]$risk_difference$value)) {
      e <- risk_difference(shares[[arm]], shares[[plan$control]])
      put_estimate(paste0(here, ".risk_difference"), e[setdiff(names(e), "error")])
    }
    if (is.null(node$p)) next
    l <- level_weights(fit, "arm", arm, plan$control)
    free <- X %*% MASS::Null(l)
    direction <- drop(X %*% (l / sum(l^2)))
    value <- sum(l * full$par[fixed])
    zero <- without(free)
    at_zero <- max(0, zero$deviance - full$deviance)
    last <- zero$par # each search starts where the last ended
    rise <- function(value) {
      end <- without(free, direction * value, last)
      last <<- end$par
      end$deviance - full$deviance - qchisq(level, 1)
    }
    p <- 2 * pnorm(-sqrt(at_zero))
    put(paste0(here, ".odds_ratio.statistic"), sign(value) * sqrt(at_zero), "profile")
    put(paste0(here, ".odds_ratio.p"), p, "profile")
    p_values[here] <- p
    crossing <- function(from, to, direction) exp(uniroot(rise, c(from, to), extendInt = direction, tol = 1e-4)$root)
    if (!is.null(node$limit)) { # the odds ratio is infinite or 0, and its interval has one limit
      put(paste0(here, ".odds_ratio.limit"), if (value > 0) crossing(0, 2, "downX") else crossing(-2, 0, "upX"), "profile")
    } else {
      put(paste0(here, ".odds_ratio.value"), exp(value), "profile")
      last <- zero$par
      put(paste0(here, ".odds_ratio.low"), crossing(value - 1, value, "downX"), "profile")
      last <- zero$par
      put(paste0(here, ".odds_ratio.high"), crossing(value, value + 1, "upX"), "profile")
    }
  }
  put_adjusted(p_values, how = "profile", m = length(found$contrasts))
}
