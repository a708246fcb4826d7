"""Where a day's list of papers comes from, one module each."""
