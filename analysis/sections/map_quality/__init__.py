"""Quality of the maps compared with participants' outcomes."""
