"""Training records: read, compared, judged, tabulated; loads no torch."""
