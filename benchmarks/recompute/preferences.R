# Preferences between two maps: Bradley and Terry's model with Davidson's ties and an effect of the first place. Data that do
# not record the places have no such effect, and their first method is the first by name.

comparisons_of <- function(outcome) { # one row per answered comparison of two methods
  rows <- trials
  for (column in names(outcome$where)) rows <- rows[rows[[column]] %in% outcome$where[[column]], ]
  rows <- rows[!is.na(rows$map_methods) & !is.na(rows$preferred_map), ]
  places <- strsplit(as.character(rows$map_methods), ";", fixed = TRUE)
  rows$first <- sapply(places, `[`, 1); rows$second <- sapply(places, `[`, 2)
  rows$share <- c("1" = 1, "2" = 0, "0" = .5)[as.character(rows$preferred_map)]
  inside <- people$participant[members(outcome$population) & people$arm %in% arms_of(outcome)]
  rows[rows$first != rows$second & rows$participant %in% inside, ]
}
has_places <- function(found) is.null(found$first_place$reason)
preference_fit <- function(rows, placed) {
  methods <- sort(unique(c(rows$first, rows$second)), method = "radix")
  k <- length(methods); tied <- any(rows$share == .5)
  a <- match(rows$first, methods); b <- match(rows$second, methods)
  log_likelihoods <- function(theta) {
    worth <- c(0, theta[seq_len(k - 1)])
    half <- (worth[a] - worth[b] + if (placed) theta[k] else 0) / 2
    tie <- if (tied) rep(theta[k + placed], length(half)) else rep(-Inf, length(half))
    ifelse(rows$share == 1, half, ifelse(rows$share == 0, -half, tie)) - log(exp(half) + exp(-half) + exp(tie))
  }
  negative <- function(theta) -sum(log_likelihoods(theta))
  theta <- rep(0, k - 1 + placed + tied)
  for (again in 1:3) theta <- optim(theta, negative, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))$par
  bread <- solve(numDeriv::hessian(negative, theta))
  scores <- rowsum(numDeriv::jacobian(log_likelihoods, theta), rows$participant)
  g <- nrow(scores)
  turn <- matrix(0, k + placed + tied, k - 1 + placed + tied)
  turn[1:k, seq_len(k - 1)] <- (diag(k) - 1 / k)[, -1]
  turn[-(1:k), -seq_len(k - 1)] <- diag(1, placed + tied)
  list(methods = methods, values = drop(turn %*% theta), people = g, tied = tied,
       covariance = turn %*% bread %*% (crossprod(scores) * g / (g - 1)) %*% bread %*% t(turn))
}
put_preferences <- function(path, found, outcome) {
  rows <- comparisons_of(outcome)
  placed <- has_places(found)
  fit <- preference_fit(rows, placed)
  k <- length(fit$methods); df <- fit$people - 1
  quantile <- qt((1 + level) / 2, df)
  error <- function(weights) sqrt(drop(weights %*% fit$covariance %*% weights))
  unit <- function(place) replace(rep(0, length(fit$values)), place, 1)
  put(paste0(path, ".comparisons"), nrow(rows))
  won <- function(method, other = fit$methods) {
    own <- c(rows$share[rows$first == method & rows$second %in% other], 1 - rows$share[rows$second == method & rows$first %in% other])
    c(won = sum(own == 1), tied = sum(own == .5), lost = sum(own == 0))
  }
  put_arms(paste0(path, ".arms"), lapply(fit$methods, function(method) {
    own <- ifelse(rows$first == method, rows$share, 1 - rows$share)[rows$first == method | rows$second == method]
    unname(tapply(own, rows$participant[rows$first == method | rows$second == method], mean))
  }))
  pi <- exp(fit$values[1:k]) / sum(exp(fit$values[1:k]))
  for (i in seq_len(k)) {
    here <- paste0(path, ".worths.", i - 1)
    for (name in names(won(fit$methods[i]))) put(paste0(here, ".", name), won(fit$methods[i])[[name]])
    slopes <- rep(0, length(fit$values)); slopes[1:k] <- -pi / (1 - pi[i]); slopes[i] <- 1
    ends <- plogis(qlogis(pi[i]) + c(-1, 1) * quantile * error(slopes))
    put_estimate(paste0(here, ".worth"), list(value = pi[i], low = ends[1], high = ends[2]), "laplace")
    put_estimate(paste0(here, ".log_worth"), t_estimate(fit$values[i], error(unit(i)), df), "laplace")
  }
  p_values <- c()
  pairs <- combn(k, 2)
  for (j in seq_len(ncol(pairs))) {
    here <- paste0(path, ".pairs.", j - 1)
    counts <- won(fit$methods[pairs[1, j]], fit$methods[pairs[2, j]])
    for (name in names(counts)) put(paste0(here, ".", name), counts[[name]])
    weights <- unit(pairs[1, j]) - unit(pairs[2, j])
    e <- t_estimate(sum(weights * fit$values), error(weights), df)
    put_estimate(paste0(here, ".difference"), e, "laplace")
    put_estimate(paste0(here, ".odds"), list(value = exp(e$value), low = exp(e$low), high = exp(e$high)), "laplace")
    p_values[here] <- e$p
  }
  put_adjusted(p_values, how = "laplace")
  if (placed) {
    e <- t_estimate(fit$values[k + 1], error(unit(k + 1)), df)
    for (name in c("value", "low", "high")) e[[name]] <- exp(e[[name]])
    put_estimate(paste0(path, ".first_place"), e, "laplace")
  }
  if (fit$tied) {
    middle <- fit$values[k + placed + 1] - log(2); half <- quantile * error(unit(k + placed + 1))
    put_estimate(paste0(path, ".ties"), list(value = plogis(middle), low = plogis(middle - half), high = plogis(middle + half)), "laplace")
  }
  contrasts <- cbind(-1, diag(k - 1), matrix(0, k - 1, length(fit$values) - k))
  d <- contrasts %*% fit$values
  t2 <- drop(t(d) %*% solve(contrasts %*% fit$covariance %*% t(contrasts)) %*% d)
  q <- k - 1; ends <- c(q, fit$people - q)
  f <- ends[2] / (q * df) * t2
  put_test(paste0(path, ".test"), f, ends, pf(f, ends[1], ends[2], lower.tail = FALSE), "laplace")
  if (!is.null(found$personal$no_differences)) put_personal(paste0(path, ".personal"), rows, fit$values, placed)
}
# Worths of each participant's own: normal deviations with one standard deviation, integrated by Laplace's method.
personal_fit <- function(rows, start, placed) {
  methods <- sort(unique(c(rows$first, rows$second)), method = "radix")
  k <- length(methods); tied <- any(rows$share == .5)
  people_rows <- split(seq_len(nrow(rows)), rows$participant)
  a <- match(rows$first, methods); b <- match(rows$second, methods)
  joint <- function(u, theta, i) { # minus the log of likelihood times density, without 2 pi
    worth <- c(0, theta[seq_len(k - 1)]) + exp(theta[length(theta)]) * u
    half <- (worth[a[i]] - worth[b[i]] + if (placed) theta[k] else 0) / 2
    tie <- if (tied) rep(theta[k + placed], length(i)) else rep(-Inf, length(i))
    -sum(ifelse(rows$share[i] == 1, half, ifelse(rows$share[i] == 0, -half, tie)) - log(exp(half) + exp(-half) + exp(tie))) + sum(u^2) / 2
  }
  curvature <- function(u, theta, i) { # minus the second derivatives by u
    s <- exp(theta[length(theta)])
    worth <- c(0, theta[seq_len(k - 1)]) + s * u
    half <- (worth[a[i]] - worth[b[i]] + if (placed) theta[k] else 0) / 2
    tie <- if (tied) exp(theta[k + placed]) else 0
    total <- exp(half) + exp(-half) + tie
    mean <- (exp(half) - exp(-half)) / total
    variance <- ((exp(half) + exp(-half)) / total - mean^2) / 4 # of half the difference of worths
    x <- matrix(0, length(i), k); x[cbind(seq_along(i), a[i])] <- 1; x[cbind(seq_along(i), b[i])] <- x[cbind(seq_along(i), b[i])] - 1
    slope <- colSums(x * (ifelse(rows$share[i] == 1, 1, ifelse(rows$share[i] == 0, -1, 0)) - mean) / 2) * s - u
    list(H = diag(k) + s^2 * t(x) %*% (x * variance), slope = slope)
  }
  modes <- lapply(people_rows, function(i) rep(0, k))
  deviance <- function(theta) {
    # A wide step of optim leads to where the curvature is singular; it goes back from there.
    if (max(abs(theta[-length(theta)])) > 30 || theta[length(theta)] > log(30)) return(1e10)
    total <- 0
    for (j in seq_along(people_rows)) {
      i <- people_rows[[j]]; u <- modes[[j]] # the last mode is near
      for (again in 1:100) { # Newton's method, without wide steps
        d <- curvature(u, theta, i); step <- solve(d$H, d$slope)
        u <- u + step * min(1, 1 / max(abs(step)))
        if (max(abs(step)) < 1e-8) break
      }
      modes[[j]] <<- u
      total <- total + 2 * joint(u, theta, i) + determinant(d$H)$modulus
    }
    as.numeric(total)
  }
  best <- optim(c(start, log(0.7)), deviance, method = "BFGS", control = list(reltol = 1e-12, maxit = 500))
  information <- numDeriv::hessian(deviance, best$par) / 2
  without <- deviance(c(start, -30))
  list(theta = best$par, covariance = solve(information), deviance = best$value, without = without, k = k)
}
put_personal <- function(path, rows, values, placed) {
  k <- length(unique(c(rows$first, rows$second)))
  fit <- personal_fit(rows, c(values[2:k] - values[1], values[-(1:k)]), placed)
  n <- length(fit$theta); quantile <- qnorm((1 + level) / 2)
  put_z <- function(here, weights) {
    value <- sum(weights * fit$theta); error <- sqrt(drop(weights %*% fit$covariance %*% weights))
    put_estimate(here, list(value = value, low = value - quantile * error, high = value + quantile * error, statistic = value / error,
                            p = 2 * pnorm(-abs(value / error))), "laplace")
  }
  unit <- function(i) replace(rep(0, n), i - 1, 1 * (i > 1)) # the first method's log worth is 0
  mean_of_all <- Reduce(`+`, lapply(seq_len(k), unit)) / k
  for (i in seq_len(k)) put_z(paste0(path, ".log_worths.", i - 1), unit(i) - mean_of_all)
  pairs <- combn(k, 2)
  for (j in seq_len(ncol(pairs))) put_z(paste0(path, ".differences.", j - 1), unit(pairs[1, j]) - unit(pairs[2, j]))
  half <- quantile * sqrt(fit$covariance[n, n])
  put_estimate(paste0(path, ".sd"), list(value = exp(fit$theta[n]), low = exp(fit$theta[n] - half), high = exp(fit$theta[n] + half)), "laplace")
  ratio <- fit$without - fit$deviance
  put_test(paste0(path, ".no_differences"), ratio, c(0, 1), pchisq(ratio, 1, lower.tail = FALSE) / 2, "laplace")
}
put_preference_assumption <- function(path, node, outcome, placed) {
  rows <- comparisons_of(outcome)
  if (node$key == "preference_people") put(paste0(path, ".values.people"), length(unique(rows$participant)))
  if (node$key == "places") {
    methods <- unique(c(rows$first, rows$second))
    shares <- sapply(methods, function(method) sum(rows$first == method) / sum(rows$first == method | rows$second == method))
    put(paste0(path, ".values.least"), min(shares)); put(paste0(path, ".values.most"), max(shares))
  }
  if (node$key == "worths") {
    fit <- preference_fit(rows, placed)
    a <- match(rows$first, fit$methods); b <- match(rows$second, fit$methods)
    half <- (fit$values[a] - fit$values[b] + if (placed) fit$values[length(fit$methods) + 1] else 0) / 2
    tie <- if (fit$tied) exp(fit$values[length(fit$values)]) else 0
    expected <- (exp(half) + tie / 2) / (exp(half) + exp(-half) + tie)
    pair <- paste(pmin(a, b), pmax(a, b)); turned <- a > b
    gap <- tapply(ifelse(turned, -1, 1) * (rows$share - expected), pair, mean)
    put(paste0(path, ".values.largest"), max(abs(gap)), "laplace"); put(paste0(path, ".values.pairs"), length(gap))
  }
}
