# Preferences between two maps: Bradley and Terry's model with Davidson's ties and an effect of the first place.

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
preference_fit <- function(rows) {
  methods <- sort(unique(c(rows$first, rows$second)), method = "radix")
  k <- length(methods); tied <- any(rows$share == .5)
  a <- match(rows$first, methods); b <- match(rows$second, methods)
  log_likelihoods <- function(theta) {
    worth <- c(0, theta[seq_len(k - 1)])
    half <- (worth[a] - worth[b] + theta[k]) / 2
    tie <- if (tied) rep(theta[k + 1], length(half)) else rep(-Inf, length(half))
    ifelse(rows$share == 1, half, ifelse(rows$share == 0, -half, tie)) - log(exp(half) + exp(-half) + exp(tie))
  }
  negative <- function(theta) -sum(log_likelihoods(theta))
  theta <- rep(0, k + tied)
  for (again in 1:3) theta <- optim(theta, negative, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000))$par
  bread <- solve(numDeriv::hessian(negative, theta))
  scores <- rowsum(numDeriv::jacobian(log_likelihoods, theta), rows$participant)
  g <- nrow(scores)
  turn <- matrix(0, k + 1 + tied, k + tied)
  turn[1:k, seq_len(k - 1)] <- (diag(k) - 1 / k)[, -1]
  turn[-(1:k), -seq_len(k - 1)] <- diag(1 + tied)
  list(methods = methods, values = drop(turn %*% theta), people = g, tied = tied,
       covariance = turn %*% bread %*% (crossprod(scores) * g / (g - 1)) %*% bread %*% t(turn))
}
put_preferences <- function(path, found, outcome) {
  rows <- comparisons_of(outcome)
  fit <- preference_fit(rows)
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
  e <- t_estimate(fit$values[k + 1], error(unit(k + 1)), df)
  for (name in c("value", "low", "high")) e[[name]] <- exp(e[[name]])
  put_estimate(paste0(path, ".first_place"), e, "laplace")
  if (fit$tied) {
    middle <- fit$values[k + 2] - log(2); half <- quantile * error(unit(k + 2))
    put_estimate(paste0(path, ".ties"), list(value = plogis(middle), low = plogis(middle - half), high = plogis(middle + half)), "laplace")
  }
  contrasts <- cbind(-1, diag(k - 1), matrix(0, k - 1, length(fit$values) - k))
  d <- contrasts %*% fit$values
  t2 <- drop(t(d) %*% solve(contrasts %*% fit$covariance %*% t(contrasts)) %*% d)
  q <- k - 1; ends <- c(q, fit$people - q)
  f <- ends[2] / (q * df) * t2
  put_test(paste0(path, ".test"), f, ends, pf(f, ends[1], ends[2], lower.tail = FALSE), "laplace")
}
put_preference_assumption <- function(path, node, outcome) {
  rows <- comparisons_of(outcome)
  if (node$key == "preference_people") put(paste0(path, ".values.people"), length(unique(rows$participant)))
  if (node$key == "places") {
    methods <- unique(c(rows$first, rows$second))
    shares <- sapply(methods, function(method) sum(rows$first == method) / sum(rows$first == method | rows$second == method))
    put(paste0(path, ".values.least"), min(shares)); put(paste0(path, ".values.most"), max(shares))
  }
  if (node$key == "worths") {
    fit <- preference_fit(rows)
    a <- match(rows$first, fit$methods); b <- match(rows$second, fit$methods)
    half <- (fit$values[a] - fit$values[b] + fit$values[length(fit$methods) + 1]) / 2
    tie <- if (fit$tied) exp(fit$values[length(fit$values)]) else 0
    expected <- (exp(half) + tie / 2) / (exp(half) + exp(-half) + tie)
    pair <- paste(pmin(a, b), pmax(a, b)); turned <- a > b
    gap <- tapply(ifelse(turned, -1, 1) * (rows$share - expected), pair, mean)
    put(paste0(path, ".values.largest"), max(abs(gap)), "laplace"); put(paste0(path, ".values.pairs"), length(gap))
  }
}
