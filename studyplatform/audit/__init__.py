"""Who did what to which study, and when: written with each act, and never changed."""
