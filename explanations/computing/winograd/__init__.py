"""Winograd convolutions in machine code, for fast explanations on a CPU."""
