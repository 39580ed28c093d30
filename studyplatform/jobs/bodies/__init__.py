"""What each kind of job does. Only workers import these modules, because they load torch."""
