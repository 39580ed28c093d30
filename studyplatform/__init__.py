"""The roof: settings, security, the researchers' panel, commands that need more than one app."""
