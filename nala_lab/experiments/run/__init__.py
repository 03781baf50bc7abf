"""One training run, and many."""
