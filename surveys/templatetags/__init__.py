"""Template filters of the participants' pages."""
