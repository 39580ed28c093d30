"""What each analysis assumes, checked against the data."""
