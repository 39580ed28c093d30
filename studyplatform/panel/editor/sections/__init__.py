"""The sections of the editor, and what several of them share."""
