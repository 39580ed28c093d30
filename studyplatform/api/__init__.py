"""The read-only API, with which scripts follow a study and read its tables and reports."""
