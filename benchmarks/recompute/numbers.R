# Numbers of R by their path in results.json, and their comparison with the report's.

# Tolerances by the way a number is computed: relative, and absolute below 1, so that p near 0 count as equal.
TOLERANCE <- c(
  closed = 1e-6,       # formulas, and distributions that R computes to full precision
  search = 1e-5,       # limits found by a search, the studentised range
  integral = 2e-4,     # Dunnett's distribution by Monte Carlo integration in mvtnorm
  reml = 1e-4,         # linear mixed models: two optimisers
  laplace = 5e-4,      # generalised mixed models: two optimisers, and numerical Hessians
  profile = 2e-3,      # limits of a profile likelihood: two searches over two optimisers
  permutation = 0.015, # p from random permutations in both programs (times the number of tests, if adjusted)
  chance = 0.08,       # percentiles of 2,000 random assignments in both programs, relative to the percentile
  bootstrap = 0.1      # percentiles of random bootstrap samples in both programs, relative to the interval's width
)

computed <- new.env()
reasons <- c() # why numbers at paths that match a pattern are not recomputed

put <- function(path, value, how = "closed", unit = NULL) { # `unit` replaces the number's size in the tolerance
  for (i in seq_along(value)) {
    key <- if (length(value) > 1 || is.list(value)) paste0(path, ".", i - 1) else path
    assign(key, list(value = as.numeric(value[[i]]), how = how, unit = unit), envir = computed)
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
copy <- function(from, to) { # numbers that the report repeats at another path
  for (name in ls(computed)) if (startsWith(name, paste0(from, ".")))
    assign(paste0(to, substring(name, nchar(from) + 1)), get(name, envir = computed), envir = computed)
}
skip <- function(pattern, reason) reasons[pattern] <<- reason
value_at <- function(path) get(path, envir = computed)$value

leaves <- function(node, path = "") {
  if (is.list(node)) {
    keys <- if (is.null(names(node))) seq_along(node) - 1 else names(node)
    found <- Map(function(child, key) leaves(child, if (path == "") key else paste0(path, ".", key)), node, keys)
    return(unlist(unname(found), recursive = FALSE))
  }
  if (is.numeric(node)) setNames(list(node), path) else list()
}

# Every number of the report counts, except the plan's own settings, identifiers, and what only counts rows.
SECTIONS <- c("outcomes", "instruments", "agreement", "behaviour", "baseline", "study_flow", "optional_sections", "sample",
              "data_checks")
NOT_RESULTS <- paste0(
  "\\.outcome\\.|\\.bound$|\\.smallest_effect$|\\.level$|\\.score_range\\.|optional_sections\\.mediation\\.(runs|seed)$|",
  "\\.factor\\.scale$|\\.planned\\.\\d+\\.weights\\.|^data_checks\\.(level|family_level|checks\\..*)$|\\.by_chance\\.(pairs|draws)$|^sample\\.(size|power|alpha|arms)$|",
  "^instruments\\.\\d+\\.(items|minimum|maximum|minimum_answered)$|",
  "\\.(n|rows|images|participants|missing|levels|incomplete|family_size|left_out|complete|steps|answers|least_n|tried|numerator|",
  "denominator|defined|undefined|trials|analysed_per_arm|flagged|undecided|estimated|above_zero|below_zero)$|",
  "\\.counts\\.|^study_flow\\.(steps|sets|stopped|left_silently|ended)|\\.cells\\.[^.]*$")

compare <- function(results) {
  stated <- leaves(results[intersect(SECTIONS, names(results))])
  stated <- stated[!grepl(NOT_RESULTS, names(stated), perl = TRUE)]
  agree <- differ <- 0
  rest <- character(0)
  worst <- c()
  for (name in names(stated)) {
    mine <- computed[[name]]
    if (is.null(mine)) { rest <- c(rest, name); next }
    theirs <- stated[[name]]
    size <- if (is.null(mine$unit)) max(1, abs(theirs)) else mine$unit
    distance <- abs(mine$value - theirs) / size
    worst[mine$how] <- max(worst[mine$how], distance, na.rm = TRUE)
    if (is.na(distance) || distance > TOLERANCE[[mine$how]]) {
      differ <- differ + 1
      cat(sprintf("DIFFERS  %-90s report %.10g, R %.10g (%s, tolerance %g)\n", name, theirs, mine$value, mine$how, TOLERANCE[[mine$how]]))
    } else agree <- agree + 1
  }
  for (how in names(worst)) cat(sprintf("largest difference, %-12s %.1e (tolerance %g)\n", how, worst[[how]], TOLERANCE[[how]]))
  unexplained <- rest
  for (pattern in names(reasons)) {
    these <- grepl(pattern, unexplained, perl = TRUE)
    if (any(these)) cat(sprintf("not recomputed: %d numbers at %s, because %s\n", sum(these), pattern, reasons[[pattern]]))
    unexplained <- unexplained[!these]
  }
  if (length(unexplained)) cat(sprintf("NOT RECOMPUTED, without a reason: %s\n", unexplained), sep = "")
  cat(sprintf("%d numbers agree, %d differ, %d were not recomputed for a stated reason, %d without one.\n",
              agree, differ, length(rest) - length(unexplained), length(unexplained)))
  differ + length(unexplained) == 0
}
