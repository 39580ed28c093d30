"""The participants' HTTP: addresses, views, signed links, cookies, rate limit."""
