"""Signs of programs: how many participants each rule flags, and the results without them."""
