"""Data that can be given away: de-identified tables, their packaging, and the check of a folder."""
