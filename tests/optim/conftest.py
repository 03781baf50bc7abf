"""What the tests of the torch twin share."""

# Importing it loads torch's own tests, which freeze flags of the whole process: only a child process may.
collect_ignore = ["database.py"]
