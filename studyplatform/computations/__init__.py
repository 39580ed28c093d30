"""What commands and jobs of the panel compute alike: maps, analyses and sample sizes."""
