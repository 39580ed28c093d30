"""Drawing of maps as pictures."""
