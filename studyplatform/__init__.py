"""The project's top layer: settings, security, the researchers' panel, commands that use several
apps."""
