# Fits one model with lme4 and prints its processor seconds and deviance.
# Rscript mixed_models_lme4.R insteval|TRIALS.csv
suppressMessages(library(lme4))
data <- commandArgs(TRUE)[1]
if (data == "insteval") {
  before <- proc.time()
  fit <- lmer(y ~ service + (1 | s) + (1 | d), InstEval)
} else {
  trials <- subset(read.csv(data), left_out_by_authors == 0)
  before <- proc.time()
  fit <- glmer(accepted ~ method + (1 | participant) + (1 | image), trials, binomial)
}
spent <- proc.time() - before
cat(sum(spent[c("user.self", "sys.self")]), format(-2 * as.numeric(logLik(fit)), digits = 12), "\n")
