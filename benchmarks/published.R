# Numbers of the published studies of studies/published, in base R, lme4 and emmeans: nothing of this project computes here.
#   Rscript benchmarks/published.R ALIENZOO_FOLDER > numbers.txt    (lines "name value")
# With a second folder, that of visual-correspondence/tables, and a third, nesl/tables, their main numbers as well.
folders <- commandArgs(TRUE)
put <- function(name, value) cat(name, format(as.numeric(value), digits = 12), "\n")
rank_test <- function(a, b) wilcox.test(a, b, exact = FALSE) # R's U is that of its first argument

alienzoo <- function(folder) {
  tables <- lapply(c(perf = "performance", rt = "reactionTime", att = "attentionCheck", answers = "survey", demo = "demographics"),
                   function(name) unique(read.csv(file.path(folder, paste0(name, ".csv"))))) # the server logged some rows twice
  perf <- tables$perf; rt <- tables$rt; att <- tables$att; demo <- tables$demo[tables$demo$checked == 1, ]
  answers <- tables$answers[tables$answers$checked == 1 & tables$answers$itemNo >= 2, ]
  with_rows <- function(table, n) names(which(table(table$userId) == n))
  everyone <- Reduce(intersect, list(with_rows(perf, 12), with_rows(rt, 12), names(which(table(att$userId) >= 2)), with_rows(answers, 8), demo$userId))
  everyone <- setdiff(everyone, "294e3a70357d4b72ab1ca3cc968bb62b") # could not be paid
  by_person <- function(rows, flag) names(which(tapply(flag, rows$userId, sum) > 0))
  flat_blocks <- function(rows) sum(sapply(split(rows, rows$blockNo), function(block)
    nrow(block) > 1 && nrow(unique(block[c(paste0("plant", 1:5), "shubNoNew")])) == 1))
  alike <- function(values) all(values %in% 1:2) || all(values %in% 4:5) || all(values %in% c(3, 6))
  rated <- answers[answers$itemNo != 6, ]
  out <- list(
    names(which(tapply(rt$timeStableUntilFeeding < 2000, rt$userId, sum) >= 4)),
    names(which(tapply(att$userInput != att$shubNo, att$userId, sum) >= 2)),
    answers$userId[answers$itemNo == 6 & answers$responseNo != 6],
    names(which(sapply(split(perf, perf$userId), flat_blocks) >= 3)),
    names(which(tapply(rated$responseNo, rated$userId, alike))))
  kept <- Reduce(setdiff, out, everyone)
  put("alienzoo_analysed", length(kept))
  group <- tapply(perf$group, perf$userId, unique) # 1 closest, 0 plausible
  for (item in c("age", "gender")) for (set in c("all", "kept")) {
    rows <- demo[demo$item == item & demo$responseNo != 7 & demo$userId %in% list(all = everyone, kept = kept)[[set]], ]
    test <- rank_test(rows$responseNo[group[rows$userId] == 0], rows$responseNo[group[rows$userId] == 1])
    put(paste(item, set, "u", sep = "_"), test$statistic); put(paste(item, set, "p", sep = "_"), test$p.value)
  }
  # The authors' script orders by the first five characters of the id, and picks the answers to item 5, of which one
  # is missing, by the rows of item 3.
  of_item <- function(number) { rows <- answers[answers$itemNo == number & answers$userId %in% kept & answers$responseNo != 6, ]
    rows[order(substr(rows$userId, 1, 5)), ] }
  item3 <- of_item(2); item5 <- of_item(4)
  put("item3_without_slip_u", rank_test(item3$responseNo[group[item3$userId] == 0], item3$responseNo[group[item3$userId] == 1])$statistic)
  slip <- rank_test(item3$responseNo[group[item3$userId] == 0], item5$responseNo[group[item3$userId] == 1])
  put("item3_slip_u", slip$statistic); put("item3_slip_p", slip$p.value); put("item3_slip_r", qnorm(slip$p.value / 2, lower.tail = FALSE) / sqrt(nrow(item3)))
  suppressMessages({ library(lmerTest); library(emmeans) })
  effects <- function(model, terms) as.data.frame(eff_size(emmeans(model, terms), sigma = sigma(model), edf = Inf))
  games <- transform(perf[perf$userId %in% kept, ], trial = factor(trialNo), group = factor(group))
  model <- lmer(shubNoNew ~ trial * group + (1 | userId), games)
  contrasts <- as.data.frame(emmeans(model, pairwise ~ group | trial)$contrasts); sizes <- effects(model, ~ group | trial)
  for (trial in c("11", "12")) {
    row <- contrasts[contrasts$trial == trial, ]
    put(paste0("aliens_trial", trial, "_t"), abs(row$t.ratio)); put(paste0("aliens_trial", trial, "_df"), row$df)
    put(paste0("aliens_trial", trial, "_d"), abs(sizes$effect.size[sizes$trial == trial]))
  }
  times <- transform(rt[rt$userId %in% kept, ], trial = factor(TrialNr), group = factor(group))
  model <- lmer(timeStableUntilFeeding ~ group * trial + (1 | userId), times)
  pairs <- as.data.frame(emmeans(model, pairwise ~ trial, adjust = "bonferroni")$contrasts); sizes <- effects(model, ~ trial)
  first <- grepl("^trial1 - ", pairs$contrast)
  put("time_least_t", min(abs(pairs$t.ratio[first]))); put("time_least_d", min(abs(sizes$effect.size[first])))
  for (pair in list(c(3, 4), c(4, 5))) {
    row <- which(pairs$contrast == paste0("trial", pair[1], " - trial", pair[2])); name <- paste0("time_", pair[1], "_", pair[2])
    put(paste0(name, "_t"), abs(pairs$t.ratio[row])); put(paste0(name, "_p"), pairs$p.value[row]); put(paste0(name, "_d"), abs(sizes$effect.size[row]))
  }
}

visual_correspondence <- function(folder) {
  rows <- read.csv(file.path(folder, "trials.csv")); rows <- rows[rows$left_out_by_authors == 0, ]
  sets <- list(right = rows, rejected = rows[rows$classifier_correct == 0, ], accepted = rows[rows$classifier_correct == 1, ])
  for (name in names(sets)) {
    scores <- aggregate(correct ~ participant + method, sets[[name]], mean)
    for (method in unique(scores$method)) {
      own <- scores$correct[scores$method == method]
      put(paste(name, method, "mean", sep = "|"), mean(own)); put(paste(name, method, "sd", sep = "|"), sd(own)); put(paste(name, method, "n", sep = "|"), length(own))
    }
    put(paste0(name, "_kruskal"), kruskal.test(correct ~ factor(method), scores)$statistic)
    put(paste0(name, "_welch"), oneway.test(correct ~ factor(method), scores)$statistic)
  }
}

nesl <- function(folder) for (domain in c("image", "text", "audio", "ecg")) {
  rows <- read.csv(file.path(folder, paste0(domain, ".csv")))
  methods <- sort(unique(c(rows$winner, rows$loser)))
  for (method in methods) put(paste(domain, method, "share", sep = "|"), sum(rows$winner == method) / sum(rows$winner == method | rows$loser == method))
  # Bradley and Terry as a logistic regression without intercept: the winner's column is 1, the loser's -1.
  x <- sapply(methods[-1], function(method) (rows$winner == method) - (rows$loser == method))
  fit <- glm(rep(1, nrow(rows)) ~ x - 1, family = binomial) # the response is always 1: the winner won
  log_worths <- c(0, coef(fit)); worths <- exp(log_worths) / sum(exp(log_worths))
  for (i in seq_along(methods)) put(paste(domain, methods[i], "worth", sep = "|"), worths[i])
}

alienzoo(folders[1])
if (length(folders) > 1) visual_correspondence(folders[2])
if (length(folders) > 2) nesl(folders[3])
