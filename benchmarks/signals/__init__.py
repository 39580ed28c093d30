"""Walks of programs and walks like a person's through a study that counts signs of programs."""
