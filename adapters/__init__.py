"""Chat platforms, one module each. They get finished messages and know nothing of papers."""
