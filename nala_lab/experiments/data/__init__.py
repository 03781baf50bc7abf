"""Data sets: found, fetched, checked, read."""
