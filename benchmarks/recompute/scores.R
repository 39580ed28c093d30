# Scores of the outcomes from the raw answers and trials.

at_time <- function(rows, where) { # the answers of a time; its columns are texts
  for (column in names(where)) rows <- rows[rows[[column]] %in% as.character(where[[column]]), ]
  rows
}
answers_to <- function(rows, reverse = TRUE, where = list(), asked = answers) { # (participants, items)
  asked <- at_time(asked, where)
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
measured <- function(outcome, where, asked = answers) { # a scale or an item at one time
  if (outcome$kind == "item") return(unname(answers_to(items[items$item == outcome$item, ], where = where, asked = asked)[, 1]))
  rows <- items[items$scale %in% outcome$scale, ]
  stated <- if (is.null(rows$minimum_answered)) NA else as.numeric(rows$minimum_answered[1])
  share <- if (!is.null(outcome$min_answered)) outcome$min_answered else if (is.na(stated)) 0.8 else stated
  score <- unname(score_of(answers_to(rows, where = where, asked = asked), share))
  if (length(rows$score) && all(rows$score %in% "sum")) score * nrow(rows) else score
}
trials_of <- function(outcome) {
  rows <- trials
  if (decided) rows <- rows[!is.na(rows$decision_correct), ]
  for (column in names(outcome$where)) rows <- rows[rows[[column]] %in% outcome$where[[column]], ]
  rows$value <- rows[[outcome$column]]
  rows$value[rows$value %in% MISSING] <- NA
  rows$value <- as.numeric(rows$value)
  if (identical(outcome$transform, "log")) rows$value <- log(ifelse(rows$value > 0, rows$value, NA))
  if (identical(outcome$transform, "log1p")) rows$value <- log1p(ifelse(rows$value >= 0, rows$value, NA))
  rows[!is.na(rows$value), ]
}
by_person <- function(values, who) as.numeric(tapply(values, who, mean)[people$participant])
TIMES <- c("repeated", "paired", "mixed_anova", "factorial_within", "permutation_within") # analyses that compare times or conditions
conditions_of <- function(outcome) { # (participants, times or conditions), NA where a participant has none
  if (outcome$kind %in% c("scale", "item")) {
    if (is.null(outcome$within)) {
      wide <- cbind(measured(outcome, outcome$before), measured(outcome, outcome$where))
      colnames(wide) <- c(paste(unlist(outcome$before), collapse = " "), paste(unlist(outcome$where), collapse = " "))
      return(wide)
    }
    asked <- at_time(answers, outcome$where)
    rows <- if (outcome$kind == "item") items[items$item == outcome$item, ] else items[items$scale %in% outcome$scale, ]
    values <- asked[[outcome$within]][asked$questionnaire %in% rows$questionnaire & asked$item %in% rows$item]
    values <- unique(values[values != ""])
    if (!outcome$within %in% c("part", "page")) values <- sort(values, method = "radix")
    wide <- sapply(values, function(value) measured(outcome, setNames(list(value), outcome$within), asked))
    return(wide)
  }
  rows <- trials_of(outcome)
  wide <- tapply(rows$value, list(factor(rows$participant, people$participant), rows[[outcome$within]]), mean)
  wide[, order(colnames(wide), method = "radix"), drop = FALSE]
}
raw_scores <- function(outcome) {
  if (outcome$analysis %in% TIMES && outcome$kind %in% c("scale", "item")) {
    wide <- conditions_of(outcome)
    if (!length(outcome$factors)) return(unname(rowMeans(wide))) # of participants with all times
    asked <- apply(!is.na(wide), 2, function(there) ave(there, people$arm, FUN = any)) == 1 # arms may ask other conditions
    return(unname(ifelse(rowSums(is.na(wide) & asked) == 0, rowMeans(wide, na.rm = TRUE), NA)))
  }
  switch(outcome$kind,
    scale = , item = {
      score <- measured(outcome, outcome$where)
      if (length(outcome$before) && outcome$analysis != "ancova") round(score - measured(outcome, outcome$before), 12) else score
    },
    trial_mean = { rows <- trials_of(outcome); by_person(rows$value, rows$participant) },
    preference = { rows <- comparisons_of(outcome); by_person(rows$share, rows$participant) },
    behaviour = { # of the outcome's trials
      chosen <- rep(TRUE, nrow(trials))
      for (column in names(outcome$where)) chosen <- chosen & trials[[column]] %in% outcome$where[[column]]
      unname(measure_of(outcome$measure, behaviour_trials[chosen, ])$value[people$participant])
    },
    stop("The kind of outcome ", outcome$kind, " is not known to this script."))
}
arms_of <- function(outcome) if (length(outcome$asked_in)) intersect(arms, unlist(outcome$asked_in)) else arms
groups_of <- function(outcome, inside = members(outcome$population)) {
  score <- raw_scores(outcome)
  inside <- inside & !is.na(score)
  score <- round(score, 12) # equal means of decimal numbers may differ in their last digits
  setNames(lapply(arms_of(outcome), function(arm) unname(score[inside & people$arm == arm])), arms_of(outcome))
}
complete_conditions <- function(outcome) { # of the outcome's population and arms, with every condition
  wide <- conditions_of(outcome)
  keep <- members(outcome$population) & people$arm %in% arms_of(outcome) & stats::complete.cases(wide)
  list(values = round(wide[keep, , drop = FALSE], 12), arm = people$arm[keep])
}

# ---- Behaviour: who was right, who followed the advice, how confident ------------------------------------------------
column_of <- function(name) if (is.null(name)) rep(NA, nrow(trials)) else trials[[name]]
same_as <- function(first, second) as.numeric(as.character(column_of(first)) == as.character(column_of(second)))
number_of <- function(name) suppressWarnings(as.numeric(column_of(name)))
named <- if (is.null(plan$behaviour)) list(advice = "predicted_class", truth = "true_class", accepted = "agreed",
  confidence = "sureness", response_time = "response_time_ms") else plan$behaviour
behaviour_trials <- local({
  frame <- data.frame(participant = trials$participant, arm = trials$arm)
  frame$advice_right <- same_as(named$advice, named$truth)
  frame$first_right <- same_as(named$first, named$truth)
  frame$first_agreed <- same_as(named$first, named$advice)
  if (!is.null(named$accepted)) {
    frame$accepted <- number_of(named$accepted)
    frame$final_right <- as.numeric(frame$accepted == frame$advice_right)
  } else {
    frame$accepted <- same_as(named$final, named$advice)
    frame$final_right <- same_as(named$final, named$truth)
  }
  frame$confidence <- number_of(named$confidence)
  ends <- unlist(named$confidence_range); chances <- unlist(named$probability_range)
  frame$probability <- if (length(ends) == 2 && length(chances) == 2)
    chances[1] + (frame$confidence - ends[1]) / diff(ends) * diff(chances) else NA
  first <- number_of(named$estimate_first); gap <- number_of(named$estimate_advice) - first
  far <- abs(gap) >= max(c(named$smallest_gap, 1e-12))
  frame$weight_of_advice <- (number_of(named$estimate_final) - first) / ifelse(far, gap, NA)
  frame$guess_right <- same_as(named$guess, named$advice)
  frame$guess_above_chance <- if (is.null(named$chance)) NA else (frame$guess_right - named$chance) / (1 - named$chance)
  time <- number_of(named$response_time)
  frame$response_time <- ifelse(time > 0 & time >= max(c(named$shortest_time, 0)), time, NA)
  frame
})
RATIOS <- list( # counted column, its value, and the columns that select trials
  agreement = list("accepted", 1), switching = list("accepted", 1, first_agreed = 0), accuracy_before = list("first_right", 1),
  accuracy = list("final_right", 1), accuracy_disagreeing = list("final_right", 1, first_agreed = 0),
  over_reliance = list("accepted", 1, advice_right = 0), under_reliance = list("accepted", 0, advice_right = 1),
  over_reliance_first_right = list("accepted", 1, advice_right = 0, first_right = 1),
  under_reliance_first_wrong = list("accepted", 0, advice_right = 1, first_right = 0),
  rair = list("final_right", 1, first_right = 0, advice_right = 1), rsr = list("final_right", 1, first_right = 1, advice_right = 0),
  simulation = list("guess_right", 1))
measure_of <- function(key, rows) { # value by participant, and the counts of a ratio
  if (!is.null(ratio <- RATIOS[[key]])) {
    keep <- !is.na(rows[[ratio[[1]]]])
    for (column in names(ratio)[-(1:2)]) keep <- keep & rows[[column]] %in% ratio[[column]]
    hit <- rows[[ratio[[1]]]][keep] == ratio[[2]]
    return(list(value = tapply(hit, rows$participant[keep], mean), top = sum(hit), bottom = sum(keep)))
  }
  means <- function(x, f = mean) list(value = tapply(x[!is.na(x)], rows$participant[!is.na(x)], f))
  if (key %in% c("d_prime", "criterion")) {
    rate <- function(right) {
      own <- rows[rows$advice_right %in% right & !is.na(rows$accepted), ]
      (tapply(own$accepted, own$participant, sum) + .5) / (tapply(own$accepted, own$participant, length) + 1)
    }
    hit <- rate(1); false <- rate(0)
    both <- intersect(names(hit), names(false))
    z <- cbind(qnorm(hit[both]), qnorm(false[both]))
    return(list(value = setNames(if (key == "d_prime") z[, 1] - z[, 2] else -(z[, 1] + z[, 2]) / 2, both)))
  }
  switch(key,
    woa = means(rows$weight_of_advice, median), woa_clipped = means(pmin(pmax(rows$weight_of_advice, 0), 1)),
    brier = means((rows$probability - rows$final_right)^2), overconfidence = means(rows$probability - rows$final_right),
    simulation_above_chance = means(rows$guess_above_chance), response_time = means(log(rows$response_time)),
    stop("The measure ", key, " is not known to this script."))
}
page_of <- function(rows) { # the most precise name of a time: the page, or else part and block
  cell <- function(column) if (is.null(rows[[column]])) rep("", nrow(rows)) else ifelse(is.na(rows[[column]]), "", rows[[column]])
  ifelse(cell("page") != "", cell("page"), gsub("^@+|@+$", "", paste(cell("part"), cell("block"), sep = "@")))
}
