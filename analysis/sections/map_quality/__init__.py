"""The measured quality of maps next to participants' outcomes."""
