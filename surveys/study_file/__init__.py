"""The declaration of a study: its classes, and the declaration of a stored study."""
