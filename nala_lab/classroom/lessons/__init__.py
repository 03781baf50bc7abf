"""The exercises, one file for each lesson; ``l03.py`` holds 03.1, 03.2, ..."""
