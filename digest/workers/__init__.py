"""Paperboy's child processes, which handle the texts of strangers."""
