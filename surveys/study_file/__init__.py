"""What a study declares, and the declaration of a stored study."""
