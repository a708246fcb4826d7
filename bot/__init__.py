"""What the bot does: the commands and the place where everything is put together."""
