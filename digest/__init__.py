"""The core: from a day's list to stored reports. Knows nothing of any platform."""
