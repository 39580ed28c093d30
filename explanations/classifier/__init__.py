"""Networks, their training, checkpoints and model cards."""
