"""Measures of drift: pure functions on counts, one a file; the same numbers as the recording rules give."""
