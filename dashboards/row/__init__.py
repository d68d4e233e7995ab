"""The rows of a model dashboard, one a file: each gives a `Section`, or None where the monitor has nothing to show."""
