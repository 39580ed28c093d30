"""HTTP for participants: URLs, views, signed links, cookies, rate limit."""
