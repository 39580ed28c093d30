"""HTTP for participants: addresses, views, signed links, cookies, rate limit."""
