"""What the bot does: the commands and the place where everything is put together."""

__version__ = "0.1.0"
