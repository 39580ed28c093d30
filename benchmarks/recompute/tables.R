# The report's tidy tables, the plan's exclusions, and the sets of participants.

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
if (file.exists(more <- file.path(tables, "block_answers.csv"))) { # answers asked in each block of a within-subjects design
  more <- read.csv(more, colClasses = "character", encoding = "UTF-8")
  for (column in setdiff(names(more), names(answers))) answers[[column]] <- rep("", nrow(answers))
  for (column in setdiff(names(answers), names(more))) more[[column]] <- rep("", nrow(more))
  answers <- rbind(answers, more[names(answers)])
}
if (!is.null(answers$page)) { # an older export has no parts; a page of a block is called part@block
  part <- sub("@\\d+$", "", answers$page)
  answers$part <- if (is.null(answers$part)) part else ifelse(answers$part == "", part, answers$part)
}
book <- read.csv(file.path(tables, "codebook.csv"), na.strings = "", colClasses = "character", encoding = "UTF-8")
items <- book[!is.na(book$item), ]
for (name in c("minimum", "maximum", "reversed")) items[[name]] <- as.numeric(items[[name]])
alike <- function(first, second) if (is.null(trials[[first]])) NA else as.numeric(as.character(trials[[first]]) == as.character(trials[[second]]))
first_known <- function(...) { x <- rep(NA_real_, nrow(trials)); for (y in list(...)) x <- ifelse(is.na(x), y, x); x }
foreign <- !is.null(plan$source) # columns of another study may mean something else
rated <- if (is.null(trials$rated_right) || foreign) NA else as.numeric((trials$rated_right >= 3) == trials$prediction_correct)
trials$decision_correct <- first_known(alike("agreed", "prediction_correct"), if (foreign) NA else alike("final_answer", "true_class"),
  if (foreign) NA else alike("guessed_answer", "predicted_class"), if (foreign) NA else alike("chosen_map", "predicted_map"), rated)
trials$advice_followed <- first_known(if (is.null(trials$agreed)) NA else as.numeric(trials$agreed),
                                      if (foreign) NA else alike("final_answer", "predicted_class"))
decided <- !is.null(trials$decision_correct) && any(!is.na(trials$decision_correct))
labels <- unlist(results$labels)
states_known <- !identical(results$study_flow$completion, "unknown")

# The time of an answer is its page, or else its part and block; "" where nobody was asked an item twice.
time_of <- function(rows) {
  cell <- function(column) if (is.null(rows[[column]])) rep("", nrow(rows)) else rows[[column]]
  asked_again <- any(duplicated(answers[c("participant", "questionnaire", "item")]))
  if (!asked_again) rep("", nrow(rows)) else ifelse(cell("page") != "", cell("page"), cell("part"))
}

flagged <- function(rule) {
  enough <- function(who, hit) {
    hit[is.na(hit)] <- FALSE
    counts <- tapply(hit, who, sum)
    people$participant %in% names(counts)[counts >= rule$at_least]
  }
  meets <- function(value) {
    number <- suppressWarnings(as.numeric(value))
    hit <- if (!is.null(rule$below)) number < rule$below
      else if (!is.null(rule$above)) number > rule$above
      else if (!is.null(rule$equals)) as.character(value) == as.character(rule$equals)
      else as.character(value) != as.character(rule$other_than)
    hit & !is.na(hit)
  }
  switch(rule$rule,
    not_completed = people$state != "completed",
    listed = people$participant %in% unlist(rule$participants),
    participant = meets(people[[rule$column]]),
    trials = {
      column <- trials[[rule$column]]
      enough(trials$participant, if (is.null(rule$differs_from)) meets(column) else column != trials[[rule$differs_from]])
    },
    answer = {
      own <- answers[answers$item == rule$item & !answers$value %in% MISSING, ]
      people$participant %in% own$participant[meets(own$value)]
    },
    same_answers = { # at any time; answers in a list of `alike` count as the same
      own <- answers[answers$item %in% unlist(rule$items) & !answers$value %in% setdiff(MISSING, "does_not_apply"), ]
      for (alike in rule$alike) own$value[own$value %in% as.character(unlist(alike))] <- as.character(alike[[1]])
      same <- tapply(own$value, list(own$participant, time_of(own)), function(x) length(x) > 1 && length(unique(x)) == 1)
      people$participant %in% rownames(same)[rowSums(same, na.rm = TRUE) > 0]
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
sets_without <- function(left_out = "") { # of one rule of the plan
  out_of_all <- out_of_protocol <- rep(FALSE, nrow(people))
  for (rule in plan$exclusions) {
    if (rule$key == left_out) next
    hit <- flagged(rule) & !out_of_all & !out_of_protocol
    if (rule$scope == "all") out_of_all <- out_of_all | hit else out_of_protocol <- out_of_protocol | hit
  }
  completed <- !out_of_all & (people$state == "completed" | !states_known)
  list(randomised = !out_of_all, completed = completed, per_protocol = completed & !out_of_protocol)
}
sets <- sets_without()
members <- function(population) sets[[population]]
