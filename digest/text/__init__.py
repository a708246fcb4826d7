"""Text as such: what it may hold."""
