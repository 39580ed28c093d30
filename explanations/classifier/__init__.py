"""The networks, their training, checkpoints and model cards."""
