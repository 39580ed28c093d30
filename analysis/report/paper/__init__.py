"""Methods and Results as text, and the same with tables and figures as a Word document."""
